"""Faust's manager of an app's tables, without the second that it lets pass before it reads any.

Faust waits for tables that an app's other parts may add as they start. Here all stand before the app does, and
`Conductor` subscribes once the agents have started, whenever that is.

Written against faust-streaming 0.15.3; tests/streams/test_batches.py fails when a newer one changes what is relied on.
"""

from faust.tables import TableManager


class Tables(TableManager):  # type: ignore[misc]  # Faust has no types
    """Its app has all its tables when it starts."""

    async def on_start(self) -> None:
        """As Faust's, at once."""
        await self._update_channels()
        await self.recovery.start()
