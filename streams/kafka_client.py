"""A kafka-python client, opened so that nothing of it stays open behind it.

kafka-python 3.0.12 leaves two things open. Its `close` ends the tasks that were connecting or sending and forgets their
sockets: a connection that was still being made stays open until garbage is collected. And a client whose making failed
cannot be closed at all, while its thread and its sockets live on.
"""

import selectors
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from kafka.net.compat import KafkaNetClient

from streams.cluster import Cluster, told

Client = TypeVar("Client")


class ClosingSelector(selectors.DefaultSelector):
    """Closes with itself every socket that it ever watched; to be given to a client as its `selector`."""

    def __init__(self) -> None:
        super().__init__()
        self._watched: list[socket.socket] = []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch a socket, and keep it: whoever opened it may forget it before it is closed."""
        key = super().register(fileobj, events, data)
        if not any(fileobj is kept for kept in self._watched):
            self._watched = [kept for kept in self._watched if kept.fileno() >= 0]
            self._watched.append(fileobj)
        return key

    def close(self) -> None:
        """Close the sockets that are still open, then the selector itself."""
        for kept in self._watched:
            kept.close()
        self._watched.clear()
        super().close()


@contextmanager
def opened(
    kind: Callable[..., Client], cluster: Cluster, doing: str = "connecting", **settings: Any
) -> Iterator[Client]:
    """A KafkaConsumer, KafkaProducer or KafkaAdminClient (`kind`), closed at the end, in whichever state it is.

    `doing` completes "while ..." in the errors of its making: ClusterUnreachable, NotAuthorised or ClusterError.
    """
    parts: list[KafkaNetClient] = []

    def part(**configs: Any) -> KafkaNetClient:
        parts.append(KafkaNetClient(**configs))
        return parts[-1]

    try:
        with told(cluster, doing):
            client = kind(**cluster.client(), **settings, selector=ClosingSelector, kafka_client=part)
        try:
            yield client
        finally:
            client.close()  # type: ignore[attr-defined] # published without types
    finally:
        for made in parts:
            with suppress(Exception):  # it may have lost its loop; there is nothing left to tell about it
                made.close()
