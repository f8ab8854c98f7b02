"""Everything a worker writes to Kafka goes through one idempotent producer, and is waited for.

`send` returns once Kafka has taken the records. `send_batches` writes whole producer batches, each atomic in the log,
and returns futures: a changelog is awaited when offsets are committed, not for each batch.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from aiokafka.errors import KafkaError

from streams.cluster import Cluster
from streams.errors import SendFailed
from streams.packing import Batch, Header, Packing
from streams.producer import connected

BATCH_BYTES = 512 * 1024
TOGETHER = 100
"""Records sent before anybody else has a turn."""
PACKED_TOGETHER = 4
"""Batches packed before they are sent: what a partition's whole state waits in."""


class Outgoing(NamedTuple):
    """A record to be sent; without a partition its key decides."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[Header] = ()
    timestamp_ms: int | None = None
    partition: int | None = None


class Outbox:
    """The producer of one process. Start it in the loop that uses it."""

    def __init__(self, cluster: Cluster, timeout_seconds: float) -> None:
        """`timeout_seconds` is how long a record may wait for a broker that is away."""
        self._cluster = cluster
        self._timeout_seconds = timeout_seconds
        self._producer: Any = None

    async def start(self) -> None:
        """Connect. Raises ClusterUnreachable or ClusterError."""
        self._producer = await connected(
            self._cluster, "vigie-worker", batch_bytes=BATCH_BYTES, request_timeout_s=self._timeout_seconds
        )

    async def stop(self) -> None:
        """Flush and disconnect."""
        if self._producer is not None:
            await self._producer.stop()

    async def partitions(self, topic: str) -> int:
        """How many partitions a topic has."""
        return len(await self._producer.partitions_for(topic))

    async def send(self, topic: str, records: Iterable[Outgoing]) -> None:
        """Write records in order and wait until Kafka has them all. Raises SendFailed."""
        try:
            futures = []
            for number, r in enumerate(records):
                if number % TOGETHER == TOGETHER - 1:
                    # The producer takes them without a pause; others have work too.
                    await asyncio.sleep(0)
                futures.append(
                    await self._producer.send(
                        topic,
                        value=r.value,
                        key=r.key,
                        headers=list(r.headers),
                        timestamp_ms=r.timestamp_ms,
                        partition=r.partition,
                    )
                )
        except KafkaError as error:
            # No such topic, or a record larger than any request: refused before it is sent.
            raise _not_taken(topic, error) from error
        await settled(topic, futures)

    async def send_batches(
        self, topic: str, partition: int, records: Iterable[tuple[bytes, bytes | None]], *, many: bool = False
    ) -> list[asyncio.Future[Any]]:
        """Queue keyed records for one partition as whole batches; the futures are done when Kafka has them.

        Where there are `many`, a thread makes and packs them: the event loop is free meanwhile.
        """
        packing, remaining = Packing(self._producer.create_batch), iter(records)
        futures = []
        while True:
            packed = await asyncio.to_thread(_packed, packing, remaining) if many else _packed(packing, remaining)
            for batch in packed:
                futures.append(await self._producer.send_batch(batch.builder, topic, partition=partition))
            if len(packed) < PACKED_TOGETHER:
                return futures


def _packed(packing: Packing, records: Iterator[tuple[bytes, bytes | None]]) -> list[Batch]:
    """The next batches; fewer than PACKED_TOGETHER, the rest among them, once the records are at their end."""
    batches: list[Batch] = []
    for key, value in records:
        full = packing.add(key, value)
        if full is not None:
            batches.append(full)
            if len(batches) == PACKED_TOGETHER:
                return batches
    rest = packing.rest()
    return batches if rest is None else [*batches, rest]


async def settled(topic: str, futures: Sequence[asyncio.Future[Any]]) -> None:
    """Wait for writes. Raises SendFailed when Kafka did not take one of them."""
    results = await asyncio.gather(*futures, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise _not_taken(topic, result) from result


def _not_taken(topic: str, error: BaseException) -> SendFailed:
    return SendFailed(
        f"Kafka did not take a record for {topic}: {error!r}. Nothing is lost: a restarted worker goes on from what "
        "was committed"
    )
