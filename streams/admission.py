"""Records to events: what is let in, and what is refused with its reason.

The same rule serves the live worker and replay, so that both see the same events.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import msgspec
import numpy as np

from detectors.batch import Batch, batch_of
from detectors.events import AnyEvent, Clock, early_date
from streams.dead_letters import Reason, classify
from streams.partitioner import partitions_of

_decode = msgspec.json.Decoder(AnyEvent).decode


class ReceivedRecord(Protocol):
    """What is read of a Kafka record, whichever client received it."""

    @property
    def key(self) -> bytes | None: ...  # noqa: D102 - Kafka's own names
    @property
    def value(self) -> bytes | None: ...  # noqa: D102
    @property
    def offset(self) -> int: ...  # noqa: D102


class Refusal(NamedTuple):
    """Why a record (by its position among those received) is no event."""

    position: int
    reason: Reason
    detail: str


@dataclass(frozen=True)
class Admitted:
    """The events among some records, and the refusals; `positions[i]` is the record of event i."""

    batch: Batch
    positions: Sequence[int]
    refusals: list[Refusal] = field(default_factory=list)


def admit(records: Sequence[ReceivedRecord], partition: int, partitions: int, latest_day: int) -> Admitted:
    """Decode and check the records of a partition; a `known_at` after `latest_day` (ordinal) lies in the future."""
    refusals: list[Refusal] = []
    events: list[AnyEvent] = []
    positions: list[int] = []
    for position, record in enumerate(records):
        try:
            event = _decode(record.value or b"")
        except (ValueError, RecursionError) as error:
            refusals.append(Refusal(position, classify(error), _one_line(error)))
            continue
        refusal = refuse(event, record.key, latest_day)
        if refusal is None:
            events.append(event)
            positions.append(position)
        else:
            refusals.append(Refusal(position, *refusal))
    return _on_its_partition(records, events, positions, refusals, partition, partitions)


def refuse(event: AnyEvent, key: bytes | None, latest_day: int) -> tuple[Reason, str] | None:
    """Why a decoded event is not let in, or None."""
    if not isinstance(event, Clock) and key != event.siren.encode():
        return "key-mismatch", f"the record's key {_shown(key)} is not the event's SIREN {event.siren}"
    known_at = event.known_at
    if known_at is not None and known_at.toordinal() > latest_day:
        return "future-date", f"known_at {known_at} lies more than a day in the future"
    early = early_date(event)
    if early is not None:
        return "ancient-date", f"{early} {getattr(event, early)} lies before 1980"
    return None


def _on_its_partition(
    records: Sequence[ReceivedRecord],
    events: list[AnyEvent],
    positions: list[int],
    refusals: list[Refusal],
    partition: int,
    partitions: int,
) -> Admitted:
    """Refuse events that another client put on a partition which is not their key's: a firm has one order."""
    sirens = np.array([0 if isinstance(e, Clock) else int(e.siren) for e in events], np.uint32)
    right = partitions_of(sirens, partitions) == partition
    strays = [i for i in np.flatnonzero(~right).tolist() if not isinstance(events[i], Clock)]
    if strays:
        detail = f"on partition {partition}, where its key does not belong: use Kafka's default partitioner"
        refusals += [Refusal(positions[i], "wrong-partition", detail) for i in strays]
        refusals.sort()
        gone = set(strays)
        events = [e for i, e in enumerate(events) if i not in gone]
        positions = [p for i, p in enumerate(positions) if i not in gone]
    offsets = np.array([records[p].offset for p in positions], np.int64)
    return Admitted(batch_of(events, offsets), positions, refusals)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:500]


def _shown(key: bytes | None) -> str:
    return "(none)" if key is None else repr(key[:32])
