"""Events to Kafka: nothing is lost silently, and each firm's events keep their order."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal

from aiokafka.errors import MessageSizeTooLargeError
from kafka.partitioner.default import murmur2

from detectors.events import AnyEvent
from detectors.options import option
from streams import wire
from streams.cluster import Cluster, ClusterError, told
from streams.courier import Courier, Placed, Terms, Undelivered
from streams.errors import SendFailed
from streams.partitioner import partitions_of_keys
from streams.reading import partitions_of, reader
from streams.topics import EVENTS

if TYPE_CHECKING:
    from streams.traces import Traces

_CHUNK = 512


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


class Sender:
    """Writes events to `topic`, keyed by SIREN (Kafka's own murmur2), a clock to every partition.

    Effects in order: `send` and `send_many` pack events into a batch a partition, first waiting where too many are
    unconfirmed; a thread sends each batch once it is full or has waited long enough, one at a time a partition; `flush`
    waits for all. After a failure nothing more is sent. After a kill some of the last events are there and some are
    not: ingest the same files again, every event may come twice.

    Idempotence makes the client's own retries harmless, but for one case: Kafka forgets a producer a day after the time
    of its records, not of their writing, and looks when a broker starts. A batch of old events whose answer a broker's
    restart took away may so stand twice, at once one after the other, and changes nothing for who reads.

    `now_ms` is the wall clock for the header `sent_ms`; without it there is no such header. With `traces`, events sent
    together carry one span. Not safe between threads.
    """

    def __init__(
        self,
        cluster: Cluster,
        options: SendOptions | None = None,
        now_ms: Callable[[], int] | None = None,
        topic: str = EVENTS,
        traces: "Traces | None" = None,
    ) -> None:
        """Connect. Raises ClusterUnreachable, NotAuthorised, or ClusterError where the topic does not exist."""
        chosen = options or SendOptions()
        self._cluster = cluster
        self._now_ms = now_ms
        self._topic = topic
        self._traces = traces
        self._chunk = max(1, min(_CHUNK, chosen.send_unconfirmed))
        self._partitions = _partitions(cluster, topic)
        self._courier = Courier(cluster, topic, self._partitions, _terms(chosen))

    @property
    def confirmed(self) -> int:
        """Records that Kafka has confirmed; a clock counts once a partition."""
        return self._courier.confirmed

    def send(self, event: AnyEvent) -> None:
        """Send an event; a clock to every partition. Raises SendFailed for any earlier event."""
        record = wire.record(event, self._sent_ms(), self._trace(1))
        self._add([(p, record) for p in (self._partitions if record.key is None else [self.partition_of(record.key)])])

    def send_many(self, events: Iterable[AnyEvent]) -> int:
        """Send events, in order, some hundreds at a time; how many. Raises SendFailed for any earlier event.

        Several times faster than `send`, which is for events that come one by one. The header `sent_ms` is read once
        for events taken together.
        """
        iterator, count = iter(events), 0
        while chunk := list(islice(iterator, self._chunk)):
            sent_ms, trace = self._sent_ms(), self._trace(len(chunk))
            self._add(list(self._placed([wire.record(event, sent_ms, trace) for event in chunk])))
            count += len(chunk)
        return count

    def partition_of(self, key: bytes) -> int:
        """The partition that any Kafka client sends this key to by default."""
        return self._partitions[(murmur2(key) & 0x7FFFFFFF) % len(self._partitions)]

    def flush(self) -> None:
        """Wait until Kafka has confirmed every event. Raises SendFailed if it did not."""
        try:
            self._courier.flush()
        except Undelivered as error:
            raise self._failed(error) from error.__cause__

    def close(self) -> None:
        """Close the connection without waiting for what is not confirmed: `flush` comes before, and tells."""
        self._courier.close()

    def _sent_ms(self) -> int | None:
        return self._now_ms() if self._now_ms else None

    def _trace(self, events: int) -> bytes | None:
        return None if self._traces is None else self._traces.sent(self._topic, events)

    def _add(self, placed: Sequence[Placed]) -> None:
        try:
            self._courier.add(placed)
        except Undelivered as error:
            raise self._failed(error) from error.__cause__

    def _placed(self, records: Sequence[wire.Record]) -> Iterator[Placed]:
        keys = [record.key for record in records if record.key is not None]
        places = iter(partitions_of_keys(keys, len(self._partitions)))
        for record in records:
            if record.key is None:
                yield from ((partition, record) for partition in self._partitions)
            else:
                yield self._partitions[next(places)], record

    def _failed(self, failure: Undelivered) -> SendFailed:
        return SendFailed(
            f"Kafka at {self._cluster.kafka} did not confirm {_what(failure)} for topic {self._topic}, partition "
            f"{failure.partition}: {_why(failure)}. {self.confirmed} records were confirmed before. Look at the "
            "brokers' health and rights (VIGIE_KAFKA), then ingest the same files again: what is already there does no "
            "harm"
        )


def _what(failure: Undelivered) -> str:
    if failure.batch is None:
        return "events"
    key, count = failure.batch.first_key, failure.batch.records
    first = f"an event of firm {key.decode()}" if key else "a clock event"
    return first if count == 1 else f"{count} events that begin with {first}"


def _why(failure: Undelivered) -> str:
    reason = failure.__cause__
    if isinstance(reason, TimeoutError):
        return "it did not answer in the time of --send-timeout-s (VIGIE_SEND_TIMEOUT_S)"
    if isinstance(reason, MessageSizeTooLargeError):
        return (
            f"{reason}, give --send-batch-bytes (VIGIE_SEND_BATCH_BYTES) less than the topic's max.message.bytes, or "
            "that more"
        )
    return str(reason) or repr(reason)


def _terms(options: SendOptions) -> Terms:
    return Terms(
        batch_bytes=options.send_batch_bytes,
        compression=None if options.send_compression == "none" else options.send_compression,
        linger_s=options.send_linger_ms / 1000,
        most_unconfirmed=options.send_unconfirmed,
        timeout_s=options.send_timeout_s,
    )


def _partitions(cluster: Cluster, topic: str) -> list[int]:
    with reader(cluster) as consumer, told(cluster, f"looking up {topic}"):
        numbers = [place.partition for place in partitions_of(consumer, topic)]
    if not numbers:
        raise ClusterError(f"the cluster at {cluster.kafka} has no topic {topic}. Create it: vigie topics create")
    return numbers
