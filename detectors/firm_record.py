"""A firm as a record: its facts and all that follows, whole.

    HEAD        format (FORMAT), offset, month end and SIREN, plain: which record is newer is seen without reading it
    FIRM        the panel's row, and how many debts, accounts, requests, sites and schedules there are, squeezed
    codes       those of the codes that are none of USUAL_CODES
    entries     ledger after ledger, in the order of their keys, squeezed
    rest        the name, UTF-8; nothing when unknown

What is squeezed (`squeeze`) is the difference from what is expected (`expectations`, `firm_fields`); what follows from
the accounts alone is left out. The key is the SIREN. The layout of the rows is `panel`'s: FORMAT changes when it does.
Records of the formats in READ are still read: those of format 3 have one byte before the rest and count in bytes
(`squeeze_3`), those of format 2 have plain counts and whole words (`squeeze_2`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import numpy as np
from numpy.lib.recfunctions import repack_fields
from numpy.typing import NDArray

from detectors.errors import VigieError
from detectors.firm_fields import (
    BEFORE,
    CODE_NUMBERS,
    ENTRIES,
    FIRM,
    LEDGERS,
    KnownOfEntries,
    known_of_firms,
    sums_of_entries,
)  # fmt: skip
from detectors.panel import BLANK_FIRM, Panel, Rows
from detectors.squeeze import Bytes, Counts, Numbers, Plain, Squeezed, Squeezer, cut_out, pieces_of, readable
from detectors.squeeze_2 import spread as spread_2
from detectors.squeeze_3 import Spreader

FORMAT = 4
READ = (2, 3, 4)
HEAD = np.dtype([("format", "u1"), ("offset", "<i8"), ("swept", "<i4"), ("siren", "<u4")])
"""What begins a record."""
USUAL_CODES = (0, 1, 128)
"""Of what is unknown, and of what is 0 on either sort of scale (`scales`)."""

TOGETHER = 1_024
"""Firms packed at once: what lies between a few passes stays in the nearest memories."""

_OTHER = len(USUAL_CODES)
_SORT_OF = np.full(256, _OTHER, np.uint8)
_SORT_OF[list(USUAL_CODES)] = range(_OTHER)
_FOUR_SORTS = (np.arange(256, dtype=np.uint8)[:, None] >> np.arange(0, 8, 2, dtype=np.uint8) & 3).view("<u4")[:, 0]
_CODE_OF = np.array([*USUAL_CODES, 0], np.uint8)
_SQUEEZED_FIRM = Squeezer([len(LEDGERS), CODE_NUMBERS, *FIRM.kinds])
_SQUEEZED_ENTRIES = [Squeezer(expectations.kinds) for expectations in ENTRIES]


class UnreadableState(VigieError):
    """A state record of a format that this version does not read."""


def firm_records(panel: Panel, rows: Rows) -> Iterator[tuple[bytes, bytes]]:
    """The records of the firms at these rows, each once."""
    for start in range(0, len(rows), TOGETHER):
        yield from _firm_records(panel, rows[start : start + TOGETHER])


def _firm_records(panel: Panel, rows: Rows) -> Iterator[tuple[bytes, bytes]]:
    firms = panel.firms.take(rows)
    heads = np.empty(len(rows), HEAD)
    heads["format"] = FORMAT
    for name in ("offset", "swept", "siren"):
        heads[name] = firms[name]
    of_firms = known_of_firms(heads)
    found = [ledger.by_key(rows) for ledger in panel.ledgers]
    entries = [expectations.integers(some) for expectations, (some, _) in zip(ENTRIES, found, strict=True)]
    held = [counts for _, counts in found]
    known = of_firms | sums_of_entries(entries, held, of_firms["own_site"])
    numbers = FIRM.numbers(FIRM.integers(firms), known)
    numbers[:, : len(LEDGERS)] = np.array(held).T
    sorts, codes = _sorted_codes(firms["codes"])
    numbers[:, len(LEDGERS) : BEFORE] = sorts
    parts: list[Plain | Squeezed] = [
        Plain(heads.view(np.uint8), np.full(len(rows), HEAD.itemsize)),
        Squeezed(_SQUEEZED_FIRM, numbers, np.ones(len(rows), np.int64)),
        codes,
    ]
    for values, counts, expectations, squeezer in zip(entries, held, ENTRIES, _SQUEEZED_ENTRIES, strict=True):
        if len(values):
            of_entries = expectations.numbers(values, KnownOfEntries(of_firms, counts))
            parts.append(Squeezed(squeezer, of_entries, counts))
    parts.append(_names(map(panel.names.__getitem__, rows.tolist())))
    keys = [b"%09d" % siren for siren in heads["siren"].tolist()]
    return zip(keys, pieces_of(parts), strict=True)


def put_back(panel: Panel, values: list[bytes]) -> None:
    """Put the values of firms' records back, of any formats, the oldest first.

    A firm never goes back: of all its records, and what the panel holds, the one that has seen more events and month
    ends counts, whatever their order; of equal ones the last. The formats are in READ (`check_format`).
    """
    by_format: dict[int, list[bytes]] = {known: [] for known in READ}
    for value in values:
        by_format[value[0]].append(value)
    _put_back_older(panel, by_format[2], _plain_counts, partial(spread_2, blank=_packed(BLANK_FIRM)), _entries_2(panel))
    _put_back_older(panel, by_format[3], _COUNTS_3.spread, _FIRM_3.spread, [of.spread for of in _ENTRIES_3])
    _put_back(panel, by_format[4])


def heads_of(values: Sequence[bytes]) -> NDArray[np.void]:
    """What begins the records of these firms, of type HEAD; all of FORMAT."""
    return np.frombuffer(b"".join([value[: HEAD.itemsize] for value in values]), HEAD)


def check_format(key: bytes, found: int) -> None:
    """Raises UnreadableState where the record of this key has a format that is not read."""
    if found not in READ:
        raise UnreadableState(
            f"state record {key!r} has format {found}, this version of Vigie reads formats {READ}: upgrade Vigie, or "
            "delete the changelog topic and rebuild the state with `vigie replay --state-out`"
        )


def _sorted_codes(codes: NDArray[np.uint8]) -> tuple[Numbers, Plain]:
    """Two bits a code, which of the usual ones it is, by rows as numbers; and the others of each row."""
    sorts = _SORT_OF.take(codes)
    # Each four bytes become one, two bits of each.
    four = sorts.view("<u4")
    four = (four | four >> 6 | four >> 12 | four >> 18).astype(np.uint8)
    numbers = four.view("<u2").astype(np.uint64)
    return numbers, Plain(codes.reshape(-1).compress(sorts.reshape(-1) == _OTHER), _others_of(numbers))


def _names(names: Iterable[str | None]) -> Plain:
    texts = [name.encode() if name else b"" for name in names]
    return Plain(np.frombuffer(b"".join(texts), np.uint8), np.fromiter(map(len, texts), np.int64, len(texts)))


def _codes_of(sorts: Numbers, data: Bytes, starts: Counts) -> tuple[NDArray[np.uint8], Counts]:
    """The codes, and where the others of each row end."""
    sort_of = _FOUR_SORTS.take(sorts.astype("<u2").view(np.uint8)).view(np.uint8)
    ends = starts + _others_of(sorts)
    codes = _CODE_OF.take(sort_of)
    codes[sort_of == _OTHER] = cut_out(data, starts, ends)
    return codes, ends


def _others_of(sorts: Numbers) -> Counts:
    """How many codes of each row are none of the usual ones: those with both bits set."""
    both = sorts & (sorts >> np.uint64(1)) & np.uint64(0x5555)
    return np.bitwise_count(both).sum(axis=1, dtype=np.int64)


def _put_back(panel: Panel, values: list[bytes]) -> None:
    """Put the firms of records of today's format back."""
    if not values:
        return
    data, ends = readable(values), np.cumsum([len(value) for value in values])
    starts = np.append(0, ends[:-1])
    heads = cut_out(data, starts, starts + HEAD.itemsize).view(HEAD)
    rows = panel.rows_of(heads["siren"])
    newest = _newest(heads, rows, panel)
    if not len(newest):
        return
    heads, rows, starts, ends = heads[newest], rows[newest], starts[newest], ends[newest]
    of_firms = known_of_firms(heads)
    numbers, starts = _SQUEEZED_FIRM.spread(data, starts + HEAD.itemsize, np.ones(len(rows), np.int64))
    codes, starts = _codes_of(numbers[:, len(LEDGERS) : BEFORE], data, starts)
    counts = [*np.ascontiguousarray(numbers[:, : len(LEDGERS)].T).view(np.int64)]
    entries = []
    for some, ledger, expectations, squeezer in zip(counts, panel.ledgers, ENTRIES, _SQUEEZED_ENTRIES, strict=True):
        of_entries, starts = squeezer.spread(data, starts, some)
        found = expectations.rows(
            of_entries, KnownOfEntries(of_firms, some), np.zeros(len(of_entries), ledger.blank.dtype)
        )
        slots, _ = ledger.slots(found["key"], np.repeat(rows, some))
        ledger.entries[_run(slots)] = found
        entries.append(found)
    here = _run(rows)
    firms = panel.firms[here]
    for name in ("offset", "swept", "siren"):
        firms[name] = heads[name]
    firms["codes"] = codes
    FIRM.rows(numbers, of_firms | sums_of_entries(entries, counts, of_firms["own_site"]), firms)
    if not isinstance(here, slice):
        panel.firms[here] = firms
    _finish(panel, rows, data, starts, ends)


def _run(places: Rows) -> Rows | slice:
    """The places, as a slice where each follows on the one before: what is copied to a slice is copied whole."""
    if len(places) and places[-1] - places[0] == len(places) - 1 and (places[1:] > places[:-1]).all():
        return slice(int(places[0]), int(places[-1]) + 1)
    return places


def _finish(panel: Panel, rows: Rows, data: Bytes, starts: Counts, ends: Counts) -> None:
    """What is not in the firms' rows and their entries: names, and what follows from accounts."""
    panel.recount(rows)
    whole = data.tobytes()
    for row, start, end in zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True):
        panel.names[row] = whole[start:end].decode() or None


def _newest(firms: NDArray[np.void], rows: Rows, panel: Panel) -> NDArray[np.intp]:
    """Positions of each firm's newest record, where it is no older than what the panel holds.

    `firms` are rows or heads.
    """
    # Field by field: records are long.
    offsets, swept = np.ascontiguousarray(firms["offset"]), np.ascontiguousarray(firms["swept"])
    order = np.lexsort((np.arange(len(rows)), swept, offsets, rows))
    ordered = rows[order]
    newest = order[np.append(ordered[1:] != ordered[:-1], True)]
    new, new_swept = offsets[newest], swept[newest]
    old, old_swept = (panel.firms[field][rows[newest]] for field in ("offset", "swept"))
    return newest[(new > old) | ((new == old) & (new_swept >= old_swept))]


def _packed(blank: np.void) -> np.void:
    """A row without gaps between its fields, as formats before 4 have it."""
    packed: np.void = repack_fields(np.array([blank]))[0]
    return packed


_Spread = Callable[[Bytes, Counts, Counts], tuple[NDArray[np.void], Counts]]
"""Bytes, where in them each firm begins, and how many rows it has there, to rows and where they end."""
_COUNTS = np.dtype([(name, "<u4") for name in LEDGERS])
_COUNTS_3 = Spreader(np.zeros(1, _COUNTS)[0])
_FIRM_3 = Spreader(
    _packed(BLANK_FIRM),
    alike=tuple(
        (name, "swept")
        for name in ("paid_month", "heads_month", "unemployment_month", "debt_newest", "first_month", "first_swept")
    ),
    steady=("employee_history", "employer_history", "heads_history"),
)
_ENTRIES_3 = [
    Spreader(_packed(ledger.blank), alike=(("paid", "due"),) if name == "accounts" else ())
    for name, ledger in zip(LEDGERS, Panel().ledgers, strict=True)
]


def _plain_counts(data: Bytes, starts: Counts, _ones: Counts) -> tuple[NDArray[np.void], Counts]:
    ends = starts + _COUNTS.itemsize
    return cut_out(data, starts, ends).view(_COUNTS), ends


def _entries_2(panel: Panel) -> list[_Spread]:
    return [partial(spread_2, blank=_packed(ledger.blank)) for ledger in panel.ledgers]


def _put_back_older(
    panel: Panel, values: list[bytes], counts_of: _Spread, firms_of: _Spread, entries_of: Sequence[_Spread]
) -> None:
    """Put the firms of records of one format back, each part read by what is given for it."""
    if not values:
        return
    data, ones = readable(values), np.ones(len(values), np.int64)
    ends = np.cumsum([len(value) for value in values])
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
    for name, ledger, spread in zip(LEDGERS, panel.ledgers, entries_of, strict=True):
        held = counts[name].astype(np.int64)
        entries, starts = spread(data, starts, held)
        slots, _ = ledger.slots(entries["key"], np.repeat(rows, held))
        ledger.entries[slots] = entries
    _finish(panel, rows, data, starts, ends)
