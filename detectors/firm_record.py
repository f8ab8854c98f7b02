"""A firm as a record: its facts and all that follows, whole.

    byte        format (FORMAT)
    COUNTS      number of debts, accounts, requests, sites, schedules, squeezed (`squeeze`)
    FIRM        the panel's row, squeezed, without what follows from the accounts
    entries     ledger after ledger, in the order of their keys, squeezed
    rest        the name, UTF-8; nothing when unknown

The key is the SIREN. The layout of the rows is `panel`'s: FORMAT changes when it does. Records of the formats in READ
are still read: those of format 2 have plain counts and are squeezed by words alone (`squeeze_2`).
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import narrow
from detectors.errors import VigieError
from detectors.panel import BLANK_FIRM, SUMS_OF_ACCOUNTS, Panel, Rows
from detectors.squeeze import Bytes, Squeezer, cut_out
from detectors.squeeze_2 import spread as spread_2

FORMAT = 4
READ = (2, 3, 4)
HEAD = np.dtype([("format", "u1"), ("offset", "<i8"), ("swept", "<i4")])
"""What begins a record."""

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


def firm_records(panel: Panel, rows: Rows) -> Iterator[tuple[bytes, bytes]]:
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
    heads = np.zeros(len(rows), HEAD)
    heads["format"], heads["offset"], heads["swept"] = FORMAT, firms["offset"], firms["swept"]
    of = heads.tobytes()
    size = HEAD.itemsize
    for i, (key, row, *parts) in enumerate(
        zip(keys, rows.tolist(), _COUNTS.squeeze(counts, ones), *pieces, strict=True)
    ):
        known_as = panel.names[row]
        yield key, b"".join((of[i * size : (i + 1) * size], *parts, known_as.encode() if known_as else b""))


def put_back(panel: Panel, values: list[bytes]) -> None:
    """Put the values of firms' records back, of any formats, the oldest first.

    A firm never goes back: of all its records, and what the panel holds, the one that has seen more events and month
    ends counts, whatever their order; of equal ones the last. The formats are in READ (`check_format`).
    """
    by_format: dict[int, list[bytes]] = {known: [] for known in READ}
    for value in values:
        by_format[value[0]].append(value)
    _put_back(panel, by_format[2], _plain_counts, partial(spread_2, blank=BLANK_FIRM), _entries_2(panel))
    for known, head in ((3, 1), (4, HEAD.itemsize)):
        _put_back(panel, by_format[known], _COUNTS.spread, _FIRM.spread, [s.spread for s in _ENTRIES], head)


def heads_of(values: Sequence[bytes]) -> NDArray[np.void]:
    """What begins the records of these firms, of type HEAD; all of FORMAT."""
    size = HEAD.itemsize
    return np.frombuffer(b"".join([value[:size] for value in values]), HEAD)


def check_format(key: bytes, found: int) -> None:
    """Raises UnreadableState where the record of this key has a format that is not read."""
    if found not in READ:
        raise UnreadableState(
            f"state record {key!r} has format {found}, this version of Vigie reads formats {READ}: upgrade Vigie, or "
            "delete the changelog topic and rebuild the state with `vigie replay --state-out`"
        )


def _plain_counts(data: Bytes, starts: Starts, _ones: NDArray[np.int64]) -> tuple[NDArray[np.void], Starts]:
    ends = starts + COUNTS.itemsize
    return cut_out(data, starts, ends).view(COUNTS), ends


def _entries_2(panel: Panel) -> list[_Spread]:
    return [partial(spread_2, blank=ledger.blank) for ledger in panel.ledgers]


def _put_back(
    panel: Panel,
    values: list[bytes],
    counts_of: _Spread,
    firms_of: _Spread,
    entries_of: Sequence[_Spread],
    head: int = 1,
) -> None:
    """Put the firms of records of one format back, each part read by what is given for it."""
    if not values:
        return
    whole, ones = b"".join(values), np.ones(len(values), np.int64)
    data, ends = np.frombuffer(whole, np.uint8), np.cumsum([len(value) for value in values])
    starts = np.append(0, ends[:-1]) + head
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
