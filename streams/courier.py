"""Carries records to the partitions of one topic, the sending itself in a thread of its own.

The thread that adds records also packs them into batches; the courier's own only sends whole batches, one at a time a
partition, and so the order within a partition is that of the adding.
"""

import asyncio
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from streams.cluster import Cluster
from streams.lane import Lane
from streams.loop_thread import LoopThread
from streams.packing import Batch
from streams.producer import connected
from streams.wire import Record

_LONGEST_REQUEST_S = 30.0
_LONGEST_STOP_S = 10.0

Placed = tuple[int, Record]
"""A record with the partition that it goes to."""


@dataclass(frozen=True)
class Terms:
    """How records travel; see `SendOptions`, which these come from."""

    batch_bytes: int
    compression: str | None
    linger_s: float
    most_unconfirmed: int
    timeout_s: float


class Undelivered(Exception):
    """Kafka did not take a batch: the first that failed, since no other is sent after it. Its cause says why."""

    def __init__(self, partition: int, batch: Batch | None) -> None:
        """Without a batch, something else than its sending broke down."""
        super().__init__(partition, batch)
        self.partition = partition
        self.batch = batch


class Courier:
    """A producer, and what is under way. All public methods are for one thread, that which made it."""

    def __init__(self, cluster: Cluster, topic: str, partitions: Sequence[int], terms: Terms) -> None:
        """Connect. Raises ClusterUnreachable or ClusterError."""
        self._topic = topic
        self._terms = terms
        self._changed = threading.Condition()
        """Guards the lanes and all that is named under it; told of every confirmation and of the failure."""
        self._unconfirmed = 0
        self._hurry = False
        """Somebody waits for confirmations, so that waiting for more records is time lost."""
        self._failure: Undelivered | None = None
        self.confirmed = 0
        """Records that Kafka has confirmed."""
        self._thread = LoopThread(f"send-{topic}")
        try:
            self._producer = self._thread.run(
                connected(
                    cluster,
                    "vigie-ingest",
                    batch_bytes=terms.batch_bytes,
                    request_timeout_s=min(_LONGEST_REQUEST_S, terms.timeout_s / 2),
                    compression=terms.compression,
                )
            )
        except BaseException:
            self._thread.close()
            raise
        self._lanes = {partition: Lane(partition, self._producer.create_batch) for partition in partitions}
        self._woken = {partition: asyncio.Event() for partition in partitions}
        self._carriers = [self._thread.begin(self._carry(lane)) for lane in self._lanes.values()]

    def add(self, records: Sequence[Placed]) -> None:
        """Take records, in order; wait first where too many are under way. Raises Undelivered for earlier ones."""
        with self._changed:
            self._wait_for_at_most(max(0, self._terms.most_unconfirmed - len(records)))
            self._unconfirmed += len(records)
            now = time.monotonic()
            lanes = self._lanes
            self._wake({partition for partition, record in records if lanes[partition].add(record, now)})

    def flush(self) -> None:
        """Wait until Kafka has confirmed all. Raises Undelivered where it did not."""
        with self._changed:
            self._wait_for_at_most(0)

    def close(self) -> None:
        """Disconnect, and drop what is not confirmed. May be called again."""
        for carrier in self._carriers:
            carrier.cancel()
        if self._carriers:
            self._carriers = []
            self._thread.run(self._stop())
        self._thread.close()

    def _wait_for_at_most(self, unconfirmed: int) -> None:
        """Wait until no more than that are under way; the lock is held, and let go of meanwhile."""
        if self._unconfirmed > unconfirmed and self._failure is None:
            self._hurry = True
            self._wake(set(self._lanes))
            self._changed.wait_for(lambda: self._unconfirmed <= unconfirmed or self._failure is not None)
            self._hurry = False
        if self._failure is not None:
            raise self._failure

    def _wake(self, partitions: set[int]) -> None:
        if partitions:
            self._thread.call(self._set_woken, partitions)

    # All below runs in the courier's own thread.

    def _set_woken(self, partitions: set[int]) -> None:
        for partition in partitions:
            self._woken[partition].set()

    async def _carry(self, lane: Lane) -> None:
        """Send a lane's batches one after the other, until one fails."""
        batch = None
        try:
            while True:
                batch = await self._next(lane)
                # The producer would try for ever: idempotence makes that harmless, not useful.
                async with asyncio.timeout(self._terms.timeout_s):
                    await (await self._producer.send_batch(batch.builder, self._topic, partition=lane.partition))
                self._confirm(batch.records)
                batch = None
        except Exception as error:
            self._fail(lane.partition, batch, error)

    async def _next(self, lane: Lane) -> Batch:
        """The lane's next batch, once it is full or has waited long enough for more."""
        woken = self._woken[lane.partition]
        while True:
            woken.clear()
            with self._changed:
                wait = None if self._failure else lane.wait(time.monotonic(), self._linger_s)
                if wait == 0:
                    return lane.take()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await woken.wait()

    @property
    def _linger_s(self) -> float:
        return 0.0 if self._hurry else self._terms.linger_s

    def _confirm(self, records: int) -> None:
        with self._changed:
            self._unconfirmed -= records
            self.confirmed += records
            self._changed.notify_all()

    def _fail(self, partition: int, batch: Batch | None, reason: Exception) -> None:
        failure = Undelivered(partition, batch)
        failure.__cause__ = reason
        with self._changed:
            self._failure = self._failure or failure
            self._changed.notify_all()

    async def _stop(self) -> None:
        # The producer's own `stop` waits for what is under way, for ever where no broker answers.
        with suppress(TimeoutError):
            async with asyncio.timeout(0 if self._unconfirmed else _LONGEST_STOP_S):
                await self._producer.stop()
        await self._producer.client.close()
