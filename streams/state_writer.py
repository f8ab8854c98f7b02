"""States of partitions to their changelog: what changed is written once between two commits, however often it changed.

A record of a row stands for all events behind it, so it is written only while all their other effects are confirmed:
between two batches of its partition. The commit waits for that, and commits nothing where it cannot be had.

What a month end changes, all rows of a partition, may be written behind it, a little at a time, while events go on: a
row that is about to change is written before, and nothing later of the partition until all of it is confirmed. So a
kill leaves rows of the month end and of before, never of after.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import with_room
from streams.errors import SendFailed
from streams.outbox import Outbox, Unconfirmed

SPREAD_ROWS = 500
"""Rows written behind a month end before others have a turn: some 5 ms."""
MANY_ROWS = 2_000
"""Rows whose records take so long to make that others should go on meanwhile: some 10 ms."""

State = TypeVar("State")
Record = tuple[bytes, bytes | None]
Rows = NDArray[Any]


@dataclass
class _Changes(Generic[State]):
    """Which rows of a partition's state are not written; `flags` may be shorter than the state has rows."""

    state: State
    flags: NDArray[np.bool_]

    def add(self, rows: Rows) -> None:
        self.flags = with_room(self.flags, int(rows.max()) + 1)
        self.flags[rows] = True


@dataclass
class _Behind(Generic[State]):
    """What is left to write of a month end."""

    state: State
    flags: NDArray[np.bool_]
    last: list[Record]
    """What says that all is written."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while rows go from here to Kafka's queue."""
    task: asyncio.Task[None] | None = None

    def taken(self, rows: Rows) -> Rows:
        """Those of the rows that are left, which are left no longer."""
        left = rows[self.flags[rows]]
        self.flags[left] = False
        return left


class StateWriter(Generic[State]):
    """Of the partitions of one worker. `records` gives the records of some rows of a state, `last` those behind them.

    `held` gives the state of a partition that is still this worker's: what is no longer its own is not written.
    """

    def __init__(
        self,
        outbox: Outbox,
        topic: str,
        *,
        records: Callable[[State, Rows], Iterable[Record]],
        held: Callable[[int], State | None],
        last: Callable[[State], Iterable[Record]] = lambda _state: (),
    ) -> None:
        self._outbox = outbox
        self._topic = topic
        self._records = records
        self._last = last
        self._held = held
        self._changes: dict[int, _Changes[State]] = {}
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._behind: dict[int, _Behind[State]] = {}
        self._failed: set[int] = set()
        self._queued = Unconfirmed(outbox, topic)

    @asynccontextmanager
    async def working(self, partition: int) -> AsyncIterator[None]:
        """While a batch of a partition is worked on. One that fails may have left its state ahead of its effects."""
        async with self._locks[partition]:
            try:
                yield
            except BaseException:
                self._failed.add(partition)
                raise

    def changed(self, partition: int, state: State, rows: Rows) -> None:
        """Note rows to be written before the next commit."""
        changes = self._changes.get(partition)
        if changes is None or changes.state is not state:
            changes = self._changes[partition] = _Changes(state, np.zeros(1024, bool))
        if len(rows):
            changes.add(rows)

    async def write(self, partition: int, *, many: bool = False) -> None:
        """Queue what changed of a partition, within `working` and with all effects behind it confirmed."""
        await self._caught_up(partition)
        changes = self._changes.pop(partition, None)
        if changes is not None and self._held(partition) is changes.state:
            rows = np.flatnonzero(changes.flags).astype(np.int32)
            records = chain(self._records(changes.state, rows), self._last(changes.state))
            await self.put(partition, records, many=many or len(rows) >= MANY_ROWS)

    async def write_behind(self, partition: int) -> None:
        """Begin to write what changed of a partition, as in `write`.

        From then on `before` goes before whatever changes the partition, and `write` before what changes all of it.
        """
        await self._caught_up(partition)
        changes = self._changes.pop(partition, None)
        if changes is not None and self._held(partition) is changes.state:
            behind = _Behind(changes.state, changes.flags, [*self._last(changes.state)])
            behind.task = asyncio.create_task(self._spread(partition, behind))
            self._behind[partition] = behind

    async def before(self, partition: int, rows: Callable[[State], Rows]) -> None:
        """Queue what is left to write of rows that are about to change, those that `rows` gives. Raises SendFailed."""
        behind = self._behind.get(partition)
        if behind is not None and behind.flags.any():
            about = np.unique(rows(behind.state))
            await self._write_some(partition, behind, about[(about >= 0) & (about < len(behind.flags))])

    async def _spread(self, partition: int, behind: _Behind[State]) -> None:
        while len(rows := np.flatnonzero(behind.flags)[:SPREAD_ROWS]):
            await self._write_some(partition, behind, rows)
            await asyncio.sleep(0)
        async with behind.lock:
            if self._held(partition) is behind.state:
                await self.put(partition, behind.last)
        await self.settled()

    async def _write_some(self, partition: int, behind: _Behind[State], rows: Rows) -> None:
        async with behind.lock:
            left = behind.taken(rows).astype(np.int32)
            if len(left) and self._held(partition) is behind.state:
                # All at once: while the queue is full, events may change them.
                await self.put(partition, list(self._records(behind.state, left)))

    async def _caught_up(self, partition: int) -> None:
        """Wait until all of a month end is written. Raises SendFailed where it could not be."""
        behind = self._behind.get(partition)
        if behind is not None and behind.task is not None:
            # Others may wait for it too.
            await asyncio.shield(behind.task)
            if self._behind.get(partition) is behind:
                del self._behind[partition]

    async def put(self, partition: int, records: Iterable[Record], *, many: bool = False) -> None:
        """Queue other records of a partition; a thread packs them where there are `many`. Raises SendFailed."""
        queued = await self._outbox.send_batches(self._topic, partition, records, many=many)
        self._queued.add(queued)

    async def settled(self) -> None:
        """Wait until Kafka has all that is queued. Raises SendFailed."""
        await self._queued.settled()

    async def confirmed(self) -> None:
        """Write all that changed, and wait until Kafka has it. Raises SendFailed.

        A partition that is being worked on is waited for, unless nothing of it is left to write.
        """
        for partition in list(self._behind):
            await self._caught_up(partition)
        for partition in list(self._changes):
            async with self._locks[partition]:
                if partition in self._failed:
                    raise SendFailed(
                        f"the state of partition {partition} is not written: a batch failed midway. A restarted worker "
                        "does again what was not committed"
                    )
                await self.write(partition)
        await self.settled()
