"""State as records: what a changelog keeps, and what a restarted worker starts from.

A firm is one record, key its SIREN:

    byte        format (FORMAT)
    COUNTS      number of debts, accounts, requests, sites, schedules, squeezed (`squeeze`)
    FIRM        the panel's row, squeezed, without what follows from the accounts
    entries     ledger after ledger, in the order of their keys, squeezed
    rest        the name, UTF-8; nothing when unknown

A cohort waiting for its answers is cut into records of COHORT_ROWS firms, key `~cohort|month|part`; the partition's
time is one record, key `~clock`. A record is whole: the last one of a key is all there is to know. The layout of the
rows is `panel`'s: FORMAT changes when it does. Records of the formats in READ are still read: firms of format 2 have
plain counts and are squeezed by words alone (`squeeze_2`), all else was as it is.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.arrays import Array, narrow, stored
from detectors.chain import SOURCES, Chain
from detectors.errors import VigieError
from detectors.labels import Cohort
from detectors.panel import BLANK_FIRM, SUMS_OF_ACCOUNTS, Panel, Rows
from detectors.squeeze import Bytes, Squeezer, cut_out
from detectors.squeeze_2 import spread as spread_2

FORMAT = 3
READ = (2, 3)
COHORT_ROWS = 2_000
CLOCK_KEY = b"~clock"
COHORT_PREFIX = b"~cohort|"
Record = tuple[bytes, bytes | None]
"""Key and value; None takes the key away."""


Starts = NDArray[np.int64]
_Spread = Callable[[Bytes, Starts, NDArray[np.int64]], tuple[NDArray[np.void], Starts]]
"""Bytes, where in them each firm begins, and how many rows it has there, to rows and where they end."""

_LEDGERS = ("debts", "accounts", "requests", "sites", "schedules")
COUNTS = np.dtype([(name, "<u4") for name in _LEDGERS])
_MONTHS = ("paid_month", "heads_month", "unemployment_month", "debt_newest", "first_month", "first_swept")
_COUNTS = Squeezer(np.zeros(1, COUNTS)[0])
_FIRM = Squeezer(
    BLANK_FIRM,
    alike=tuple((name, "swept") for name in _MONTHS),
    steady=("employee_history", "employer_history", "heads_history"),
)
_ALIKE_IN: dict[str, tuple[tuple[str, str], ...]] = {"accounts": (("paid", "due"),)}
_ENTRIES = [
    Squeezer(ledger.blank, alike=_ALIKE_IN.get(name, ()))
    for name, ledger in zip(_LEDGERS, Panel().ledgers, strict=True)
]


class UnreadableState(VigieError):
    """A state record of a format that this version does not read."""


class _Clock(msgspec.Struct):
    format: int
    day: int
    swept: int
    known_to: dict[str, int]


def firm_records(panel: Panel, rows: Rows) -> Iterator[Record]:
    """The records of the firms at these rows, each once."""
    if not len(rows):
        return
    keys = [b"%09d" % siren for siren in panel.firms["siren"][rows].tolist()]
    counts, ones = np.zeros(len(rows), COUNTS), np.ones(len(rows), np.int64)
    firms = panel.firms.take(rows)
    for field in SUMS_OF_ACCOUNTS:
        firms[field] = 0
    pieces = [_FIRM.squeeze(firms, ones)]
    for name, ledger, squeezer in zip(_LEDGERS, panel.ledgers, _ENTRIES, strict=True):
        owners, slots = ledger.of_firms(rows)
        # By key within a firm: the same facts make the same bytes, in whatever order they came.
        by_key = np.argsort(ledger.entries["key"][slots])
        order = by_key[np.argsort(narrow(owners[by_key]), kind="stable")]
        counts[name] = held = np.bincount(owners, minlength=len(rows))
        pieces.append(squeezer.squeeze(ledger.entries.take(slots[order]), held))
    head = bytes([FORMAT])
    for key, row, *parts in zip(keys, rows.tolist(), _COUNTS.squeeze(counts, ones), *pieces, strict=True):
        known_as = panel.names[row]
        yield key, b"".join((head, *parts, known_as.encode() if known_as else b""))


def cohort_records(cohort: Cohort) -> Iterator[Record]:
    """The records of a cohort that waits for its answers."""
    for part, start in enumerate(range(0, len(cohort), COHORT_ROWS)):
        rows = cohort.rows(slice(start, start + COHORT_ROWS))
        arrays = (
            stored(rows.sirens, "<u4"),
            stored(rows.codes, "|u1"),
            stored(rows.members, "<f4"),
            stored(rows.logits, "<f8"),
        )
        yield _cohort_key(cohort.month, part), bytes([FORMAT]) + msgspec.msgpack.encode(arrays)


def answered_records(cohort: Cohort) -> Iterator[Record]:
    """The records that take an answered cohort away."""
    for part in range(-(-len(cohort) // COHORT_ROWS)):
        yield _cohort_key(cohort.month, part), None


def clock_record(chain: Chain) -> Record:
    """The record of a partition's time."""
    known_to = {s: int(d) for s, d in zip(SOURCES, chain.known_to, strict=True) if d}
    return CLOCK_KEY, msgspec.json.encode(_Clock(FORMAT, chain.day, int(chain.swept), known_to))


def without(key: bytes, value: bytes | None, siren: int) -> bytes | None:
    """A record's value without a firm: of a cohort's that holds it another one, else the very same.

    Raises UnreadableState on a cohort of another format.
    """
    if value is None or not key.startswith(COHORT_PREFIX):
        return value
    _check(key, value[0])
    arrays = msgspec.msgpack.decode(value[1:], type=tuple[Array, Array, Array, Array])
    kept = arrays[0].open() != siren
    if kept.all():
        return value
    return value[:1] + msgspec.msgpack.encode(tuple(stored(array.open()[kept], array.dtype) for array in arrays))


def load(chain: Chain, records: Iterable[Record]) -> None:
    """Put records back, oldest first, into a chain that has seen no event yet or only older records.

    A firm never goes back: of two records the one that has seen more events and month ends counts, whatever their
    order. (A worker that lost its partition without noticing may still have written old records after new ones.)
    Raises UnreadableState on a record of another format.
    """
    firms: dict[int, list[bytes]] = {known: [] for known in READ}
    for key, value in records:
        if key.startswith(COHORT_PREFIX):
            _load_cohort(chain, key, value)
        elif value is None:
            continue
        elif key == CLOCK_KEY:
            _load_clock(chain, value)
        else:
            _check(key, value[0])
            firms[value[0]].append(value)
    _load_firms(chain.panel, firms[2], _plain_counts, partial(spread_2, blank=BLANK_FIRM), _entries_2(chain.panel))
    _load_firms(chain.panel, firms[3], _COUNTS.spread, _FIRM.spread, [squeezer.spread for squeezer in _ENTRIES])


def _plain_counts(data: Bytes, starts: Starts, _ones: NDArray[np.int64]) -> tuple[NDArray[np.void], Starts]:
    ends = starts + COUNTS.itemsize
    return cut_out(data, starts, ends).view(COUNTS), ends


def _entries_2(panel: Panel) -> list[_Spread]:
    return [partial(spread_2, blank=ledger.blank) for ledger in panel.ledgers]


def _load_firms(
    panel: Panel, values: list[bytes], counts_of: _Spread, firms_of: _Spread, entries_of: Sequence[_Spread]
) -> None:
    """Put the firms of records of one format back, each part read by what is given for it."""
    if not values:
        return
    whole, ones = b"".join(values), np.ones(len(values), np.int64)
    data, ends = np.frombuffer(whole, np.uint8), np.cumsum([len(value) for value in values])
    # A record's first byte is its format.
    starts = np.append(0, ends[:-1]) + 1
    counts, starts = counts_of(data, starts, ones)
    firms, starts = firms_of(data, starts, ones)
    rows = panel.rows_of(firms["siren"])
    newest = _newest(firms, rows, panel)
    if not len(newest):
        return
    if len(newest) < len(rows):
        firms, rows, starts, ends, counts = firms[newest], rows[newest], starts[newest], ends[newest], counts[newest]
    panel.firms[rows] = firms
    for name, ledger, spread in zip(_LEDGERS, panel.ledgers, entries_of, strict=True):
        held = counts[name].astype(np.int64)
        entries, starts = spread(data, starts, held)
        slots, _ = ledger.slots(entries["key"], np.repeat(rows, held))
        ledger.entries[slots] = entries
    panel.recount(rows)
    for row, start, end in zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True):
        panel.names[row] = whole[start:end].decode() or None


def _newest(firms: NDArray[np.void], rows: Rows, panel: Panel) -> NDArray[np.intp]:
    """Positions of each firm's newest record, where it is no older than what the panel holds."""
    # Field by field: records are long.
    offsets, swept = np.ascontiguousarray(firms["offset"]), np.ascontiguousarray(firms["swept"])
    order = np.lexsort((np.arange(len(rows)), swept, offsets, rows))
    ordered = rows[order]
    newest = order[np.append(ordered[1:] != ordered[:-1], True)]
    new, new_swept = offsets[newest], swept[newest]
    old, old_swept = (panel.firms[field][rows[newest]] for field in ("offset", "swept"))
    return np.sort(newest[(new > old) | ((new == old) & (new_swept >= old_swept))])


def _load_clock(chain: Chain, value: bytes) -> None:
    clock = msgspec.json.decode(value, type=_Clock)
    _check(CLOCK_KEY, clock.format)
    chain.day, chain.swept = max(chain.day, clock.day), max(chain.swept, clock.swept)
    known_to = np.array([clock.known_to.get(s, 0) for s in SOURCES], np.int32)
    chain.known_to = np.maximum(chain.known_to, known_to)


def _load_cohort(chain: Chain, key: bytes, value: bytes | None) -> None:
    month, part = (int(x) for x in key[len(COHORT_PREFIX) :].split(b"|"))
    parts = chain.pending.setdefault(month, {})
    if value is None:
        parts.pop(part, None)
        return
    _check(key, value[0])
    sirens, codes, members, logits = msgspec.msgpack.decode(value[1:], type=tuple[Array, Array, Array, Array])
    parts[part] = Cohort(month, sirens.open(), codes.open(), members.open(), logits.open())


def _cohort_key(month: int, part: int) -> bytes:
    return COHORT_PREFIX + b"%d|%d" % (month, part)


def _check(key: bytes, found: int) -> None:
    if found not in READ:
        raise UnreadableState(
            f"state record {key!r} has format {found}, this version of Vigie reads formats {READ}: upgrade Vigie, or "
            "delete the changelog topic and rebuild the state with `vigie replay --state-out`"
        )
