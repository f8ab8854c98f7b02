"""What lies in the dead letters, and putting it back on the events topic once its cause is mended.

Putting back may be done again and again: every event carries enough to be applied twice without effect, and a record
that would still be refused is not sent.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta
from typing import Any, Literal

import msgspec
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from detectors.events import AnyEvent, Clock, check_digits, early_date
from streams import wire
from streams.cluster import Cluster, ClusterError, told
from streams.dead_letters import DeadLetter, classify, decode, original_value
from streams.kafka_client import opened
from streams.reading import partitions_of, records
from streams.topics import DEAD_LETTERS, EVENTS

Outcome = Literal["sent", "would be sent", "still refused", "original gone", "not an event"]

_event_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


class Entry(msgspec.Struct, frozen=True):
    """A dead letter and where it lies in its topic."""

    partition: int
    offset: int
    letter: DeadLetter


class PutBack(msgspec.Struct, frozen=True):
    """What became of a dead letter: `why` says more where it was not sent."""

    entry: Entry
    outcome: Outcome
    why: str = ""


def entries(
    consumer: KafkaConsumer, cluster: Cluster, reasons: Collection[str] = (), limit: int | None = None
) -> list[Entry]:
    """The last `limit` dead letters, of some reasons (none named: of all), the oldest first.

    What is no dead letter in that topic is passed over. Without `limit`, all are held in memory. Raises ClusterError
    where there is no such topic.
    """
    found: deque[Entry] = deque(maxlen=limit)
    partitions = partitions_of(consumer, DEAD_LETTERS)
    if not partitions:
        raise ClusterError(
            f"the cluster at {cluster.kafka} has no topic {DEAD_LETTERS}, or hides it from user "
            f"{cluster.kafka_user or 'anonymous'}. Create it (vigie topics create), or have the right to READ granted."
        )
    for partition in partitions:
        with told(cluster, f"looking up the offsets of {DEAD_LETTERS}"):
            start = consumer.beginning_offsets([partition])[partition]
            end = consumer.end_offsets([partition])[partition]
        if limit is not None and not reasons:
            start = max(start, end - limit)
        found.extend(_decoded(records(consumer, cluster, partition, start, end), reasons))
    return list(found)


def put_back(
    consumer: KafkaConsumer, cluster: Cluster, chosen: Iterable[Entry], today: date, sent_ms: int, *, send: bool
) -> Iterator[PutBack]:
    """Send the chosen letters' original values to the events topic, with the SIREN found in them as key.

    Effects in order: each record is read again where it was cut, checked as the scorer would, sent; the outcomes come
    once the brokers have all of them. A kill in between leaves some sent: sending them again does no harm. Without
    `send`, only looks. `today` is the wall clock's day: an event known later than tomorrow is still refused.
    """
    checked = [_check(consumer, cluster, entry, today) for entry in chosen]
    sendable = [item for _, item in checked if item is not None]
    if send and sendable:
        _send(cluster, sendable, sent_ms)
    for result, item in checked:
        yield msgspec.structs.replace(result, outcome="sent") if send and item is not None else result


class _Sendable(msgspec.Struct, frozen=True):
    event: AnyEvent
    value: bytes
    partition: int
    came_from: str
    schema_version: int


def refusal(event: AnyEvent, today: date) -> str | None:
    """Why an event that decodes would be refused all the same, or None.

    >>> refusal(Clock(known_at=date(1970, 1, 1)), date(2026, 1, 1))
    'ancient-date: known_at lies before 1980'
    """
    early = early_date(event)
    if early is not None:
        return f"ancient-date: {early} lies before 1980"
    if event.known_at is not None and event.known_at > today + timedelta(days=1):
        return f"future-date: known_at {event.known_at} lies more than a day after {today}"
    return None


def _check(consumer: KafkaConsumer, cluster: Cluster, entry: Entry, today: date) -> tuple[PutBack, _Sendable | None]:
    letter = entry.letter
    if letter.topic != EVENTS:
        return PutBack(entry, "not an event", f"it was refused from {letter.topic}"), None
    if letter.schema_version > wire.EVENT_VERSION:
        needed = f"newer-version: it needs version {letter.schema_version} of the events' contract"
        return PutBack(
            entry, "still refused", f"{needed}, known here is up to {wire.EVENT_VERSION}: upgrade Vigie"
        ), None
    value = _original(consumer, cluster, letter)
    if value is None:
        return PutBack(entry, "original gone", f"{EVENTS}/{letter.partition}@{letter.offset} is no longer there"), None
    try:
        event = _event_decoder.decode(value)
        check_digits(event)
    except msgspec.DecodeError as error:
        return PutBack(entry, "still refused", f"{classify(error)}: {error}"), None
    why = refusal(event, today)
    if why is not None:
        return PutBack(entry, "still refused", why), None
    came_from = f"{DEAD_LETTERS}/{entry.partition}@{entry.offset}"
    return PutBack(entry, "would be sent"), _Sendable(event, value, letter.partition, came_from, letter.schema_version)


def _original(consumer: KafkaConsumer, cluster: Cluster, letter: DeadLetter) -> bytes | None:
    if not letter.truncated:
        return original_value(letter)
    partition = TopicPartition(letter.topic, letter.partition)
    if partition not in partitions_of(consumer, letter.topic):
        return None
    with told(cluster, f"looking up the offsets of {letter.topic}"):
        start = consumer.beginning_offsets([partition])[partition]
        end = consumer.end_offsets([partition])[partition]
    if not start <= letter.offset < end:
        return None
    for record in records(consumer, cluster, partition, letter.offset, letter.offset + 1):
        value: bytes = record.value
        # A topic made again has other records at the same offsets.
        return value if value.startswith(original_value(letter)) and len(value) == letter.size_bytes else None
    return None


def _send(cluster: Cluster, sendable: Iterable[_Sendable], sent_ms: int) -> None:
    doing = f"putting records back on {EVENTS}"
    with opened(KafkaProducer, cluster, doing, acks="all") as producer, told(cluster, doing):
        futures = [_send_one(producer, item, sent_ms) for item in sendable]
        producer.flush()
        for future in futures:
            future.get()


def _send_one(producer: KafkaProducer, item: _Sendable, sent_ms: int) -> Any:
    record = wire.record(item.event, sent_ms)
    headers = [*record.headers, ("put_back_from", item.came_from.encode())]
    if item.schema_version > 1:
        headers.append((wire.VERSION_HEADER, b"%d" % item.schema_version))
    # A clock has no key: it goes back to its own partition, the one whose time it tells.
    partition = item.partition if isinstance(item.event, Clock) else None
    return producer.send(EVENTS, item.value, record.key, headers, partition, record.timestamp_ms)


def _decoded(found: Iterable[Any], reasons: Collection[str]) -> Iterator[Entry]:
    for record in found:
        try:
            letter = decode(record.value or b"")
        except msgspec.DecodeError:
            continue
        if not reasons or letter.reason in reasons:
            yield Entry(record.partition, record.offset, letter)
