"""Batches worked on in order within a partition, and several partitions at a time.

Faust's agent takes batches one after the other. So that a partition's month end holds up no other partition, the agent
hands each batch on to its partition's own task. That takes all that waits at once: many small batches would cost more
than one, most of all where there is too much to do.

All share a loop with whoever reads Kafka and carries alerts on to Redis, which takes many turns of the loop: each would
last a whole batch, were one begun in every turn. So before a batch the loop has some turns without one, the more the
longer batches have held it, until in one of them nobody has anything to do. A small batch that comes to a free loop has
none: its alerts go before the request for what comes next, which a large one's work is to overlap with.

What is handed on counts as not done until its task says so; when the group rebalances or the worker stops, what has not
begun is forgotten, to be delivered again, and what has is finished.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

TURN_SECONDS = 0.00025
"""For so long that batches have held the loop there is one turn."""
LEAST_TURNS, MOST_TURNS = 4, 20
"""What is not worth the least counts with the next batch: small ones need not make way for others each."""
MANY_RECORDS = 100
"""A batch of so many makes way at least once."""
IDLE_SECONDS = 0.00002
"""A turn that is shorter has passed with nobody to do anything."""

Work = Callable[[Sequence[Any], Sequence[Any]], Awaitable[None]]


class PartitionTasks:
    """`work` is given messages of one partition and all their records, and `failed` the first exception it raises."""

    def __init__(
        self, work: Work, failed: Callable[[Exception], Awaitable[None]], closed: Callable[[], bool], most: int
    ) -> None:
        """While `closed` says so nothing new is taken. `most` records of a partition are worked on together, unless one
        message has more, and as many may wait, and one message more.
        """
        self._work = work
        self._failed = failed
        self._closed = closed
        self._most = most
        self._waiting: dict[int, deque[tuple[Any, Sequence[Any]]]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._moved = asyncio.Event()
        self._broken = False
        self._turns = _Turns()

    async def put(self, message: Any, records: Sequence[Any]) -> None:
        """Hand a batch on, once its partition has room for it."""
        while not self.offer(message, records):
            self._moved.clear()
            await self._moved.wait()

    def offer(self, message: Any, records: Sequence[Any]) -> bool:
        """Hand a batch on, unless its partition has no room for it: whether it was, or is not to be any more."""
        if self._refuses():
            return True
        partition = message.partition
        if self._records(partition) > self._most:
            return False
        self._waiting.setdefault(partition, deque()).append((message, records))
        if partition not in self._tasks:
            self._tasks[partition] = asyncio.create_task(self._run(partition))
        return True

    async def settle(self) -> None:
        """Forget what has not begun, and wait for what has."""
        self._waiting.clear()
        self._moved.set()
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    def _refuses(self) -> bool:
        return self._broken or self._closed()

    def _records(self, partition: int) -> int:
        return sum(len(records) for _, records in self._waiting.get(partition, ()))

    def _has_more(self, partition: int) -> bool:
        return not self._broken and bool(self._waiting.get(partition))

    def _together(self, partition: int) -> tuple[list[Any], list[Any]]:
        """The next messages of a partition that has some, and their records."""
        waiting = self._waiting[partition]
        message, of_first = waiting.popleft()
        messages, records = [message], [*of_first]
        while waiting and len(records) + len(waiting[0][1]) <= self._most:
            message, more = waiting.popleft()
            messages.append(message)
            records += more
        return messages, records

    async def _run(self, partition: int) -> None:
        try:
            while self._has_more(partition):
                await self._turns.pass_by(self._records(partition))
                if not self._has_more(partition):
                    break  # forgotten meanwhile
                messages, records = self._together(partition)
                self._moved.set()
                began = time.monotonic()
                await self._work(messages, records)
                self._turns.held(began)
        except Exception as error:
            # Going on would pass the batch over.
            self._broken = True
            self._moved.set()
            await self._failed(error)
        finally:
            del self._tasks[partition]


class _Turns:
    """Turns of the loop between the beginnings of two batches."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._seconds = 0.0
        """How long batches have held the loop since others had turns, their own waits among it."""
        self._since = time.monotonic()

    def held(self, began: float) -> None:
        """Note a batch that began then and has ended now."""
        self._since = time.monotonic()
        self._seconds += self._since - began

    async def pass_by(self, records: int) -> None:
        """Return when the next batch, of so many records, may be begun, whosever it is."""
        async with self._lock:
            # Not of the CPU's clock: to ask the system for it takes longer than a turn in which nobody does anything.
            now = time.monotonic()
            # Since the last one's end the loop was others'.
            self._seconds, self._since = max(0.0, self._seconds - (now - self._since)), now
            turns = int(self._seconds / TURN_SECONDS)
            if records >= MANY_RECORDS:
                turns = max(turns, LEAST_TURNS)
            if turns < LEAST_TURNS:
                return
            for _ in range(min(turns, MOST_TURNS)):
                before = now
                await asyncio.sleep(0)
                now = time.monotonic()
                if now - before < IDLE_SECONDS:
                    break
            self._seconds = 0.0
