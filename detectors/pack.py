"""State as records: what a changelog keeps, and what a restarted worker starts from.

A firm is one record, key its SIREN (`firm_record`). A cohort waiting for its answers is in parts (`labels.cut`), a
record each, key `~cohort|month|part`; the partition's time is one record, key `~clock`. A record is whole: the last
one of a key is all there is to know. Firms and times have one format; parts of cohorts have their own
(`cohort_record`).
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec
import numpy as np

from detectors import cohort_record
from detectors.chain import Chain
from detectors.cohort_record import part_of, part_value, require_readable
from detectors.firm_record import FORMAT, UnreadableState, check_format, firm_records, put_back
from detectors.labels import Cohort, RecordedParts, cut
from detectors.outcome import Time
from detectors.reach import SOURCES

__all__ = [
    "CLOCK_KEY", "COHORT_PREFIX", "FORMAT", "Record", "UnreadableState",
    "answered_records", "clock_record", "cohort_records", "firm_records", "load", "part_of", "part_records",
    "part_value", "without",
]  # fmt: skip

CLOCK_KEY = b"~clock"
COHORT_PREFIX = b"~cohort|"
Record = tuple[bytes, bytes | None]
"""Key and value; None takes the key away."""


class _Clock(msgspec.Struct):
    format: int
    day: int
    swept: int
    known_to: dict[str, int]
    next_offset: int = 0


def cohort_records(cohort: Cohort) -> Iterator[Record]:
    """The records of a whole cohort that waits for its answers."""
    return part_records(cut(cohort))


def part_records(parts: Mapping[int, Cohort]) -> Iterator[Record]:
    """The records of parts of a cohort, by their numbers."""
    for number, part in parts.items():
        yield _cohort_key(part.month, number), part_value(part)


def answered_records(month: int, parts: Iterable[int]) -> Iterator[Record]:
    """The records that take the parts of an answered cohort away, by their numbers."""
    for number in parts:
        yield _cohort_key(month, number), None


def clock_record(time: Time) -> Record:
    """The record of a partition's time."""
    known_to = {s: int(d) for s, d in zip(SOURCES, time.known_to, strict=True) if d}
    return CLOCK_KEY, msgspec.json.encode(_Clock(FORMAT, time.day, time.swept, known_to, time.next_offset))


def without(key: bytes, value: bytes | None, siren: int) -> bytes | None:
    """A record's value without a firm: of a cohort's that holds it another one, else the very same.

    Raises UnreadableState on a cohort of another format.
    """
    if value is None or not key.startswith(COHORT_PREFIX):
        return value
    return cohort_record.without(key, value, siren)


def load(chain: Chain, records: Iterable[Record]) -> None:
    """Put records back, oldest first, into a chain that has seen no event yet or only older records.

    A firm never goes back: of two records the one that has seen more events and month ends counts, whatever their
    order. (A worker that lost its partition without noticing may still have written old records after new ones.) Where
    the chain has an archive they go there. Raises UnreadableState on a record of another format.
    """
    sirens, firms = list[bytes](), list[bytes]()
    for key, value in records:
        if key.startswith(COHORT_PREFIX):
            _load_cohort(chain, key, value)
        elif value is None:
            continue
        elif key == CLOCK_KEY:
            _load_clock(chain, value)
        else:
            check_format(key, value[0])
            sirens.append(key)
            firms.append(value)
    if chain.firms.archive is None:
        put_back(chain.panel, firms)
    else:
        chain.firms.take_back(np.array(sirens, "S9").astype(np.uint32), firms)


def _load_clock(chain: Chain, value: bytes) -> None:
    clock = msgspec.json.decode(value, type=_Clock)
    check_format(CLOCK_KEY, clock.format)
    chain.day, chain.swept = max(chain.day, clock.day), max(chain.swept, clock.swept)
    chain.next_offset = max(chain.next_offset, clock.next_offset)
    known_to = np.array([clock.known_to.get(s, 0) for s in SOURCES], np.int32)
    chain.known_to = np.maximum(chain.known_to, known_to)
    if chain.month_end is not None and chain.month_end.month <= chain.swept:
        # Another worker has done the rest, while the partition was its own.
        chain.month_end = None


def _load_cohort(chain: Chain, key: bytes, value: bytes | None) -> None:
    month, part = (int(x) for x in key[len(COHORT_PREFIX) :].split(b"|"))
    parts = chain.pending[month]
    if value is None:
        parts.pop(part, None)
        return
    require_readable(key, value)
    if isinstance(parts, RecordedParts):
        parts.put_back(part, value)
    else:
        parts[part] = part_of(month, value)


def _cohort_key(month: int, part: int) -> bytes:
    return COHORT_PREFIX + b"%d|%d" % (month, part)
