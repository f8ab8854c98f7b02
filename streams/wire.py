"""Events as records: JSON values, the SIREN as key, event time as timestamp."""

import datetime
import functools
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from detectors.events import AnyEvent, Clock

SENT_HEADER = "sent_ms"
"""The header with the wall clock at which an event was sent, milliseconds in ASCII digits."""
TRACE_HEADER = "traceparent"
"""The header with the place in a trace, as W3C's Trace Context writes it."""
VERSION_HEADER = "schema_version"
"""The header with the version of the events' contract that a record needs, in ASCII digits; without it, the first."""
EVENT_VERSION = 1
"""The contract that this code knows. A later one is for changes that an older worker must not read past: what only adds
fields or types needs none."""
_MOST_SENT_DIGITS = 15
_MOST_VERSION_DIGITS = 9
_TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

_encoder = msgspec.json.Encoder()


class Record(NamedTuple):
    """What is sent for one event. `key` None and `timestamp_ms` None where the event has none."""

    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]]
    timestamp_ms: int | None


def encode(event: AnyEvent) -> bytes:
    """The event as one line of JSON."""
    return _encoder.encode(event)


def record(event: AnyEvent, sent_ms: int | None = None, trace: bytes | None = None) -> Record:
    """The Kafka record of an event; `sent_ms` (wall clock) travels in a header and gives the end-to-end latency.

    `trace` is its `traceparent`, where it has one.
    """
    key = None if isinstance(event, Clock) else event.siren.encode()
    headers = [_type_header(type(event))]
    if sent_ms is not None:
        headers.append((SENT_HEADER, b"%d" % sent_ms))
    if trace is not None:
        headers.append((TRACE_HEADER, trace))
    return Record(key, _encoder.encode(event), headers, _epoch_ms(event.known_at))


def sent_ms(headers: Iterable[tuple[str, bytes | None]]) -> int | None:
    """When the event behind a record was sent; None where no header says so.

    Any client may write headers: one that has no value, no digits or no end is passed over, not believed.
    """
    for name, value in headers:
        if name == SENT_HEADER and value is not None and len(value) <= _MOST_SENT_DIGITS and value.isdigit():
            return int(value)
    return None


def schema_version(headers: Iterable[tuple[str, bytes | None]]) -> int:
    """The version of the contract that a record says it needs; 1 where it says none, or no number."""
    for name, value in headers:
        if name == VERSION_HEADER and value is not None and len(value) <= _MOST_VERSION_DIGITS and value.isdigit():
            return int(value)
    return 1


def traceparent(headers: Iterable[tuple[str, bytes | None]]) -> str | None:
    """The place in a trace that a record carries; None where no header says so, or says it otherwise than W3C."""
    for name, value in headers:
        if name == TRACE_HEADER and value is not None and _TRACEPARENT.fullmatch(value):
            return value.decode()
    return None


def onward(headers: Sequence[tuple[str, bytes | None]]) -> list[tuple[str, bytes]]:
    """What an alert's record carries of its event's headers: when that was sent, and its place in a trace."""
    sent, trace = sent_ms(headers), traceparent(headers)
    found = [] if sent is None else [(SENT_HEADER, b"%d" % sent)]
    return found if trace is None else [*found, (TRACE_HEADER, trace.encode())]


@functools.cache
def _type_header(event_type: type[AnyEvent]) -> tuple[str, bytes]:
    return "type", str(event_type.__struct_config__.tag).encode()


# A day is that of thousands of events in a row.
@functools.lru_cache(maxsize=1024)
def _epoch_ms(day: datetime.date | None) -> int | None:
    if day is None:
        return None
    return (day.toordinal() - 719_163) * 86_400_000
