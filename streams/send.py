"""Events to Kafka: nothing is lost silently, and each firm's events keep their order."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from kafka import KafkaProducer
from kafka.errors import KafkaError
from kafka.partitioner.default import murmur2

from detectors.events import AnyEvent
from detectors.options import option
from streams import wire
from streams.cluster import Cluster, ClusterError, told
from streams.errors import SendFailed
from streams.reading import partitions_of, reader
from streams.topics import EVENTS

_LONGEST_REQUEST_S = 30.0


@dataclass(frozen=True)
class SendOptions:
    """How events are sent."""

    send_compression: Literal["none", "gzip"] = option(
        "none", "Compression of what is sent: gzip for a slow network; it costs processor time."
    )
    send_linger_ms: int = option(5, "How long an event may wait for others to be sent with.", unit="milliseconds")
    send_batch_bytes: int = option(131_072, "Largest batch a partition.", unit="bytes")
    send_unconfirmed: int = option(20_000, "Events under way that Kafka has not confirmed, at most.", unit="events")
    send_timeout_s: float = option(
        120.0, "How long Kafka may take to confirm an event, a broker's restart included.", unit="seconds"
    )


class _Pending(NamedTuple):
    partition: int
    key: bytes | None
    future: Any


class Sender:
    """Writes events to `topic`, keyed by SIREN (Kafka's own murmur2), a clock to every partition.

    Effects in order: `send` hands an event to the client, which sends it in the background, and looks at the answers
    that have come, waiting for the oldest where too many are out; `flush` waits for all. Idempotence keeps the order
    within a partition and makes the client's own retries harmless. After a kill some of the last
    events are there and some are not: ingest the same files again, every event may come twice.

    `now_ms` is the wall clock for the header `sent_ms`; without it there is no such header. Not safe between threads.
    """

    def __init__(
        self,
        cluster: Cluster,
        options: SendOptions | None = None,
        now_ms: Callable[[], int] | None = None,
        topic: str = EVENTS,
    ) -> None:
        """Connect. Raises ClusterUnreachable, NotAuthorised, or ClusterError where the topic does not exist."""
        chosen = options or SendOptions()
        self._cluster = cluster
        self._now_ms = now_ms
        self._topic = topic
        self._most_pending = chosen.send_unconfirmed
        self._timeout_s = chosen.send_timeout_s
        self._pending: deque[_Pending] = deque()
        self.confirmed = 0
        """Records that Kafka has confirmed; a clock counts once a partition."""
        self._partitions = _partitions(cluster, topic)
        with told(cluster, "connecting"):
            self._producer = KafkaProducer(
                **cluster.client(),
                acks="all",
                enable_idempotence=True,
                allow_auto_create_topics=False,
                delivery_timeout_ms=int(self._timeout_s * 1000),
                request_timeout_ms=int(min(_LONGEST_REQUEST_S, self._timeout_s / 2) * 1000),
                max_block_ms=int(cluster.kafka_timeout_s * 1000),
                linger_ms=chosen.send_linger_ms,
                batch_size=chosen.send_batch_bytes,
                compression_type=None if chosen.send_compression == "none" else chosen.send_compression,
            )

    def send(self, event: AnyEvent) -> None:
        """Send an event; a clock to every partition. Raises SendFailed for this or any earlier event."""
        record = wire.record(event, self._now_ms() if self._now_ms else None)
        for partition in self._partitions if record.key is None else [self.partition_of(record.key)]:
            self._hand_over(record, partition)
        while self._pending and (len(self._pending) > self._most_pending or self._pending[0].future.is_done):
            self._confirm(self._pending.popleft())

    def partition_of(self, key: bytes) -> int:
        """The partition that any Kafka client sends this key to by default."""
        return self._partitions[(murmur2(key) & 0x7FFFFFFF) % len(self._partitions)]

    def flush(self) -> None:
        """Wait until Kafka has confirmed every event. Raises SendFailed if it did not."""
        try:
            self._producer.flush(timeout=self._timeout_s + 1)
        except KafkaError as error:
            raise self._failed("the last events", error) from error
        while self._pending:
            self._confirm(self._pending.popleft())

    def close(self) -> None:
        """Close the connection without waiting for what is not confirmed: `flush` comes before, and tells."""
        if self._pending:
            # The client's own `close` waits for these first and, where no broker answers, gives up half-way with its
            # thread left running. Its inner part drops them at once; the version is pinned for such uses.
            self._producer._sender.force_close()
            self._producer._sender.join(_LONGEST_REQUEST_S)
            self._pending.clear()
        self._producer.close(timeout=_LONGEST_REQUEST_S)

    def _hand_over(self, record: wire.Record, partition: int) -> None:
        try:
            future = self._producer.send(
                self._topic,
                value=record.value,
                key=record.key,
                headers=record.headers,
                partition=partition,
                timestamp_ms=record.timestamp_ms,
            )
        except KafkaError as error:
            raise self._failed(self._place(partition, record.key), error) from error
        self._pending.append(_Pending(partition, record.key, future))

    def _confirm(self, pending: _Pending) -> None:
        try:
            pending.future.get(timeout=self._timeout_s + 1)
        except KafkaError as error:
            raise self._failed(self._place(pending.partition, pending.key), error) from error
        self.confirmed += 1

    def _place(self, partition: int, key: bytes | None) -> str:
        what = f"an event of firm {key.decode()}" if key else "a clock event"
        return f"{what} for topic {self._topic}, partition {partition}"

    def _failed(self, what: str, error: KafkaError) -> SendFailed:
        return SendFailed(
            f"Kafka at {self._cluster.kafka} did not confirm {what}: {error}. {self.confirmed} records were confirmed "
            "before. Look at the brokers' health and rights (VIGIE_KAFKA), then ingest the same files again: what is "
            "already there does no harm"
        )


def _partitions(cluster: Cluster, topic: str) -> list[int]:
    with reader(cluster) as consumer, told(cluster, f"looking up {topic}"):
        numbers = [place.partition for place in partitions_of(consumer, topic)]
    if not numbers:
        raise ClusterError(f"the cluster at {cluster.kafka} has no topic {topic}. Create it: vigie topics create")
    return numbers
