"""States of partitions to their changelog: what changed is written once between two commits, however often it changed.

A record of a row stands for all events behind it, so it is written only while all their other effects are confirmed:
between two batches of its partition. The commit waits for that, and commits nothing where it cannot be had.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import with_room
from streams.errors import SendFailed
from streams.outbox import Outbox, Unconfirmed

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
        try:
            self.flags[rows] = True
        except IndexError:
            self.flags = with_room(self.flags, int(rows.max()) + 1)
            self.flags[rows] = True


@dataclass(frozen=True, slots=True)
class _Working:
    """For `async with`: at a third of the cost that contextlib's has, which is a part of a small batch's."""

    lock: asyncio.Lock
    failed: set[int]
    partition: int

    async def __aenter__(self) -> None:
        await self.lock.acquire()

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.failed.add(self.partition)
        self.lock.release()


class StateWriter(Generic[State]):
    """Of the partitions of one worker. `records` gives the records of some rows of a state, `last` those behind them.

    `held` gives the state of a partition that is still this worker's: what is no longer its own is not written. A state
    of which nothing is left to be written is told to `written`.
    """

    def __init__(
        self,
        outbox: Outbox,
        topic: str,
        *,
        records: Callable[[State, Rows], Iterable[Record]],
        held: Callable[[int], State | None],
        last: Callable[[State], Iterable[Record]] = lambda _state: (),
        written: Callable[[State], None] = lambda _state: None,
    ) -> None:
        self._outbox = outbox
        self._topic = topic
        self._records = records
        self._last = last
        self._held = held
        self._written = written
        self._changes: dict[int, _Changes[State]] = {}
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._failed: set[int] = set()
        self._queued = Unconfirmed(outbox, topic)

    def working(self, partition: int) -> "_Working":
        """While a batch of a partition is worked on. One that fails may have left its state ahead of its effects."""
        return _Working(self._locks[partition], self._failed, partition)

    def changed(self, partition: int, state: State, rows: Rows) -> None:
        """Note rows to be written before the next commit."""
        changes = self._changes.get(partition)
        if changes is None or changes.state is not state:
            changes = self._changes[partition] = _Changes(state, np.zeros(1024, bool))
        if len(rows):
            changes.add(rows)

    async def write(self, partition: int, *, many: bool = False) -> None:
        """Queue what changed of a partition, within `working` and with all effects behind it confirmed."""
        changes = self._changes.pop(partition, None)
        if changes is not None and self._held(partition) is changes.state:
            rows = changes.flags.nonzero()[0]
            records = chain(self._records(changes.state, rows), self._last(changes.state))
            try:
                await self.put(partition, records, many=many or len(rows) >= MANY_ROWS)
            except BaseException:
                # Also where whoever waits for it gives up: they are to be written still.
                self.changed(partition, changes.state, rows)
                raise
            self._written(changes.state)

    async def put(self, partition: int, records: Iterable[Record], *, many: bool = False) -> None:
        """Queue other records of a partition; a thread packs them where there are `many`. Raises SendFailed."""
        queued = await self._outbox.send_batches(self._topic, partition, records, many=many)
        self._queued.add(queued)

    async def settled(self) -> None:
        """Wait until Kafka has all that is queued. Raises SendFailed."""
        await self._queued.settled()

    async def confirmed(self, held_back: Callable[[int], bool] = lambda _: False) -> None:
        """Write all that changed but of partitions held back, and wait until Kafka has it. Raises SendFailed.

        A partition that is being worked on is waited for, unless nothing of it is left to write.
        """
        for partition in list(self._changes):
            if held_back(partition):
                continue
            async with self._locks[partition]:
                if partition in self._failed:
                    raise SendFailed(
                        f"the state of partition {partition} is not written: a batch failed midway. A restarted worker "
                        "does again what was not committed"
                    )
                # It may have come to be held back meanwhile.
                if not held_back(partition):
                    await self.write(partition)
        await self.settled()
