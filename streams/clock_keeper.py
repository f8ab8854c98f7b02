"""Live, months end by the wall clock even where nothing happens.

A clock event is written to Kafka, in order with everything else, for each partition at hand that has reached the month
before the wall clock's. It stands behind whatever is not read yet. A partition that replays history is years behind and
is left alone: the present must not drag it along.
"""

from typing import Any

from detectors.events import Clock
from detectors.months import first_day, month_of
from streams.firm_table import FirmTable
from streams.outbox import Outbox, Outgoing
from streams.scorer import Clocks
from streams.topics import EVENTS
from streams.wire import record

CHECK_SECONDS = 30.0


class ClockKeeper:
    """Call `tick` often; it acts when a month has ended."""

    def __init__(self, app: Any, table: FirmTable, outbox: Outbox, clocks: Clocks) -> None:
        self._app = app
        self._table = table
        self._outbox = outbox
        self._clocks = clocks
        self._next = 0.0
        self._told: dict[int, int] = {}

    async def tick(self) -> None:
        """Write the clock events that are due."""
        if self._clocks.monotonic() < self._next or self._app.rebalancing or self._app.in_recovery:
            return
        self._next = self._clocks.monotonic() + CHECK_SECONDS
        month = month_of(self._clocks.today())
        due = [p for p, chain in self._table.chains.items() if self._is_due(p, chain.day, chain.swept, month)]
        if due:
            event = record(Clock(known_at=first_day(month)))
            records = [Outgoing(None, event.value, event.headers, event.timestamp_ms, p) for p in due]
            await self._outbox.send(EVENTS, records)
            self._told.update(dict.fromkeys(due, month))

    def _is_due(self, partition: int, day: int, swept: int, month: int) -> bool:
        return bool(day) and swept == month - 2 and self._told.get(partition) != month
