"""Records to events: what is let in, and what is refused with its reason.

The same rule serves the live worker and replay, so that both see the same events.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, compress
from operator import attrgetter
from typing import NamedTuple, Protocol

import msgspec
import numpy as np

from detectors.batch import Batch, columns_of
from detectors.events import EARLIEST, AnyEvent, Clock, check_digits, early_date, only_digits
from streams.dead_letters import Reason, classify
from streams.partitioner import partitions_of_text
from streams.wire import EVENT_VERSION, VERSION_HEADER, schema_version

_decode = msgspec.json.Decoder(AnyEvent).decode
_headers_of, _siren_of = attrgetter("headers"), attrgetter("siren")
_EARLIEST_DAY = EARLIEST.toordinal()


class ReceivedRecord(Protocol):
    """What is read of a Kafka record, whichever client received it."""

    @property
    def key(self) -> bytes | None: ...  # noqa: D102 - Kafka's own names
    @property
    def value(self) -> bytes | None: ...  # noqa: D102
    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...  # noqa: D102


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
    events, positions = _decoded(records, refusals)
    if not only_digits(events):
        events, positions = _of_digits(events, positions, refusals)
    columns = columns_of(events)
    received = [records[position] for position in positions] if refusals else records
    offsets = np.array([record.offset for record in received], np.int64)
    strangers = _strangers(events, [record.key for record in received], partition, partitions)
    suspect = (columns.rows["known"] > latest_day) | (columns.earliest < _EARLIEST_DAY)
    if strangers or suspect.any():
        suspect[strangers] = True
        for i in np.flatnonzero(suspect).tolist():
            reason, detail = _refusal(events[i], received[i].key, partition, latest_day)
            refusals.append(Refusal(positions[i], reason, detail))
        refusals.sort()
        columns = columns.only(~suspect)
        offsets = offsets[~suspect]
        kept = (~suspect).tolist()
        events, positions = [*compress(events, kept)], [*compress(positions, kept)]
    return Admitted(columns.batch(events, offsets), positions, refusals)


def _decoded(records: Sequence[ReceivedRecord], refusals: list[Refusal]) -> tuple[Sequence[AnyEvent], Sequence[int]]:
    """The records that are events, and their positions; the others are refused."""
    newer = _newer(records)
    if not newer:
        # Nearly always all are; where one is none, they are looked at one by one.
        with suppress(ValueError, RecursionError):
            return [_decode(record.value or b"") for record in records], range(len(records))
    events: list[AnyEvent] = []
    positions: list[int] = []
    for position, record in enumerate(records):
        if position in newer:
            refusals.append(Refusal(position, "newer-version", _too_new(newer[position])))
            continue
        try:
            events.append(_decode(record.value or b""))
        except (ValueError, RecursionError) as error:
            refusals.append(_undecoded(position, error))
        else:
            positions.append(position)
    return events, positions


def _of_digits(
    events: Sequence[AnyEvent], positions: Sequence[int], refusals: list[Refusal]
) -> tuple[list[AnyEvent], list[int]]:
    """The events whose SIREN and SIRET are digits, and their positions; the others are refused."""
    kept: list[tuple[AnyEvent, int]] = []
    for event, position in zip(events, positions, strict=True):
        try:
            check_digits(event)
        except ValueError as error:
            refusals.append(_undecoded(position, error))
        else:
            kept.append((event, position))
    refusals.sort()
    return [event for event, _ in kept], [position for _, position in kept]


def _undecoded(position: int, error: Exception) -> Refusal:
    return Refusal(position, classify(error), _one_line(error))


def _newer(records: Sequence[ReceivedRecord]) -> dict[int, int]:
    """The positions of records that need a later contract than is known here, with its version."""
    # The names of all headers at once: hardly any record has this one.
    if VERSION_HEADER not in dict(chain.from_iterable(map(_headers_of, records))):
        return {}
    versions = [schema_version(record.headers) for record in records]
    return {position: version for position, version in enumerate(versions) if version > EVENT_VERSION}


def _too_new(version: int) -> str:
    return (
        f"it needs version {version} of the events' contract, and this Vigie knows up to {EVENT_VERSION}: upgrade the "
        "workers, then vigie dead-letters replay --reason newer-version --send"
    )


def _strangers(events: Sequence[AnyEvent], keys: Sequence[bytes | None], partition: int, partitions: int) -> list[int]:
    """Which events of firms, all SIRENs nine digits, have another key than theirs, or one of another partition."""
    sirens = [_siren_of(event).encode() for event in events if type(event) is not Clock]
    places = partitions_of_text(b"".join(sirens), partitions)
    # Hardly ever is there one, and two whole lists tell that soonest.
    if keys == sirens and places == [partition] * len(places):
        return []
    firms = [i for i, event in enumerate(events) if type(event) is not Clock]
    return [i for i, siren, place in zip(firms, sirens, places, strict=True) if keys[i] != siren or place != partition]


def _refusal(event: AnyEvent, key: bytes | None, partition: int, latest_day: int) -> tuple[Reason, str]:
    """Why a decoded event is not let in: the first that applies."""
    if not isinstance(event, Clock) and key != event.siren.encode():
        return "key-mismatch", f"the record's key {_shown(key)} is not the event's SIREN {event.siren}"
    known_at = event.known_at
    if known_at is not None and known_at.toordinal() > latest_day:
        return "future-date", f"known_at {known_at} lies more than a day in the future"
    early = early_date(event)
    if early is not None:
        return "ancient-date", f"{early} {getattr(event, early)} lies before 1980"
    # A firm has one order of events.
    detail = f"on partition {partition}, where its key does not belong: use Kafka's default partitioner"
    return "wrong-partition", detail


def _one_line(error: Exception) -> str:
    # A client's own text is cited in it, and is shown in terminals.
    text = " ".join(str(error).split())[:500]
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _shown(key: bytes | None) -> str:
    return "(none)" if key is None else repr(key[:32])
