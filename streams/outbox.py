"""Everything a worker writes to Kafka goes through one idempotent producer, and is waited for.

`send` returns once Kafka has taken the records. `send_batches` writes whole producer batches, each atomic in the log,
and returns futures: a changelog is awaited when offsets are committed, not for each batch.

The producer itself sends again for ever, since idempotence makes that harmless. How long a worker waits is said here.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from aiokafka.errors import KafkaError, KafkaTimeoutError

from streams.cluster import Cluster
from streams.errors import SendFailed
from streams.packing import Batch, Header, Packing
from streams.partitioner import partitions_of_keys
from streams.producer import connected

if TYPE_CHECKING:
    from streams.traces import Traces

BATCH_BYTES = 512 * 1024
TOGETHER = 100
"""Records sent before anybody else has a turn."""
WORTH_BATCHES = 8
"""For so many records a batch of their own, and finding its partition, costs less than each by itself."""
PACKED_TOGETHER = 4
"""Batches packed before they are sent: what a partition's whole state waits in."""
LONGEST_REQUEST_SECONDS = 30.0
"""How long an answer is waited for before the request is made again, on a new connection: the old one may be dead."""
LONGEST_STOP_SECONDS = 5.0
_NOTHING_LOST = "Nothing is lost: a restarted worker goes on from what was committed"


Keyed = tuple[bytes | None, bytes | None]
"""Key and value."""
Whole = tuple[bytes | None, bytes | None, int | None, list[Header]]
"""Key, value, timestamp in milliseconds (None: now) and headers."""
T = TypeVar("T")


class Outgoing(NamedTuple):
    """A record to be sent; without a partition its key decides."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[Header] = ()
    timestamp_ms: int | None = None
    partition: int | None = None


class Outbox:
    """The producer of one process. Start it in the loop that uses it."""

    def __init__(self, cluster: Cluster, timeout_seconds: float, traces: "Traces | None" = None) -> None:
        """`timeout_seconds` is how long a record may wait for a broker that is away."""
        self._traces = traces
        self._cluster = cluster
        self._timeout_seconds = timeout_seconds
        self._producer: Any = None

    async def start(self) -> None:
        """Connect. Raises ClusterUnreachable or ClusterError."""
        self._producer = await connected(
            self._cluster,
            "vigie-worker",
            batch_bytes=BATCH_BYTES,
            request_timeout_s=min(LONGEST_REQUEST_SECONDS, self._timeout_seconds / 2),
        )

    async def stop(self) -> None:
        """Flush and disconnect; without a flush where no broker answers."""
        if self._producer is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_STOP_SECONDS):
                    await self._producer.stop()
            await self._producer.client.close()

    async def partitions(self, topic: str) -> int:
        """How many partitions a topic has."""
        return len(await self._producer.partitions_for(topic))

    async def send(self, topic: str, records: Iterable[Outgoing]) -> None:
        """Write records in order and wait until Kafka has them all. Raises SendFailed."""
        futures = []
        for number, r in enumerate(self._marked(topic, records)):
            if number % TOGETHER == TOGETHER - 1:
                # The producer takes them without a pause; others have work too.
                await asyncio.sleep(0)
            send = partial(
                self._producer.send,
                topic,
                value=r.value,
                key=r.key,
                headers=list(r.headers),
                timestamp_ms=r.timestamp_ms,
                partition=r.partition,
            )
            futures.append(await self._queued(topic, send))
        await self.settled(topic, futures)

    async def send_by_siren(self, topic: str, records: Sequence[Outgoing]) -> None:
        """The same, many at less cost, for records whose keys are SIRENs and alone say the partition."""
        if len(records) < WORTH_BATCHES:
            await self.send(topic, records)
            return
        records = self._marked(topic, records)
        partitions = await self._queued(topic, partial(self.partitions, topic))
        of_partition: dict[int, list[Whole]] = defaultdict(list)
        for r, partition in zip(records, partitions_of_keys([r.key or b"" for r in records], partitions), strict=True):
            of_partition[partition].append((r.key, r.value, r.timestamp_ms, list(r.headers)))
        queued = [await self.send_batches(topic, partition, of) for partition, of in of_partition.items()]
        await self.settled(topic, [*chain.from_iterable(queued)])

    async def spread_batches(self, topic: str, number: int, records: Iterable[Keyed]) -> list[asyncio.Future[Any]]:
        """The same as `send_batches` where a record's partition does not matter: `number` modulo how many there are."""
        partitions = await self._queued(topic, partial(self.partitions, topic))
        return await self.send_batches(topic, number % partitions, records)

    async def send_batches(
        self, topic: str, partition: int, records: Iterable[Keyed | Whole], *, many: bool = False
    ) -> list[asyncio.Future[Any]]:
        """Queue records for one partition as whole batches; the futures are done when Kafka has them.

        Where there are `many`, a thread makes and packs them: the event loop is free meanwhile. Raises SendFailed.
        """
        packing, remaining = Packing(self._producer.create_batch), iter(records)
        futures = []
        while True:
            packed = await asyncio.to_thread(_packed, packing, remaining) if many else _packed(packing, remaining)
            for batch in packed:
                send = partial(self._producer.send_batch, batch.builder, topic, partition=partition)
                futures.append(await self._queued(topic, send))
            if len(packed) < PACKED_TOGETHER:
                return futures

    async def settled(self, topic: str, futures: Sequence[asyncio.Future[Any]]) -> None:
        """Wait for writes. Raises SendFailed when Kafka did not take one of them, or not in time."""
        if not futures:
            return
        # The futures are others' too: none is cancelled when the time is over.
        done, late = await asyncio.wait(futures, timeout=self._timeout_seconds)
        for future in done:
            error = _failure(future)
            if error is not None:
                raise _not_taken(topic, error) from error
        if late:
            raise self._late(topic, TimeoutError())

    def _marked(self, topic: str, records: Iterable[Outgoing]) -> Sequence[Outgoing]:
        return list(records) if self._traces is None else self._traces.marked(topic, records)

    async def _queued(self, topic: str, send: Callable[[], Awaitable[T]]) -> T:
        """Hand something to the producer, which may have no room for it while no broker takes what it has."""
        deadline = asyncio.get_running_loop().time() + self._timeout_seconds
        while True:
            try:
                return await send()
            except KafkaError as error:
                # A record larger than any request is refused at once. Without a broker there is no room, or no telling
                # a topic that is not there from one that has not been heard of yet.
                if not (error.retriable or isinstance(error, KafkaTimeoutError)):
                    raise _not_taken(topic, error) from error
                if asyncio.get_running_loop().time() >= deadline:
                    raise self._late(topic, error) from error

    def _late(self, topic: str, error: BaseException) -> SendFailed:
        return SendFailed(
            f"no broker took a record for {topic} within {self._timeout_seconds:g} s, the time of "
            f"--write-timeout-seconds (VIGIE_WRITE_TIMEOUT_SECONDS): {error!r}. {_NOTHING_LOST}"
        )


class Unconfirmed:
    """Writes to a topic that are queued, and waited for later."""

    def __init__(self, outbox: Outbox, topic: str) -> None:
        self._outbox = outbox
        self._topic = topic
        self._futures: list[asyncio.Future[Any]] = []

    def add(self, futures: Iterable[asyncio.Future[Any]]) -> None:
        """Remember writes."""
        self._futures.extend(futures)

    async def settled(self) -> None:
        """Wait until Kafka has them all. Raises SendFailed."""
        # Each stays in the list until it is confirmed: several may wait for the same at once.
        if self._futures:
            await self._outbox.settled(self._topic, list(self._futures))
            self._futures = [future for future in self._futures if not _taken(future)]


def _packed(packing: Packing, records: Iterator[Keyed | Whole]) -> list[Batch]:
    """The next batches; fewer than PACKED_TOGETHER, the rest among them, once the records are at their end."""
    batches: list[Batch] = []
    for record in records:
        full = packing.add(*record)
        if full is not None:
            batches.append(full)
            if len(batches) == PACKED_TOGETHER:
                return batches
    rest = packing.rest()
    return batches if rest is None else [*batches, rest]


def _failure(future: asyncio.Future[Any]) -> BaseException | None:
    return asyncio.CancelledError() if future.cancelled() else future.exception()


def _taken(future: asyncio.Future[Any]) -> bool:
    return future.done() and _failure(future) is None


def _not_taken(topic: str, error: BaseException) -> SendFailed:
    return SendFailed(f"Kafka did not take a record for {topic}: {error!r}. {_NOTHING_LOST}")
