"""Records as a Kafka client gives them, made here."""

from dataclasses import dataclass

import numpy as np

from detectors.events import AnyEvent
from streams import wire
from streams.partitioner import partitions_of

Header = tuple[str, bytes]


@dataclass(frozen=True)
class Received:
    """What is read of a Kafka record."""

    key: bytes | None
    value: bytes | None
    offset: int = 0
    headers: tuple[Header, ...] = ()


def received(event: AnyEvent, offset: int = 0, sent_ms: int | None = None) -> Received:
    """The record of an event."""
    record = wire.record(event, sent_ms)
    return Received(record.key, record.value, offset, tuple(record.headers))


def home(siren: str, partitions: int) -> int:
    """The partition of a firm."""
    return int(partitions_of(np.array([int(siren)], np.uint32), partitions)[0])
