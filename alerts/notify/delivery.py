"""What sends a message, and how it says that it could not."""

from typing import Protocol

from alerts.notify.message import Message


class Undelivered(Exception):
    """An endpoint did not take a message: why, without secrets and data of firms. The same may be tried again."""


class Outlet(Protocol):
    """An endpoint."""

    def send(self, message: Message) -> None:
        """Send once. Raises Undelivered."""
