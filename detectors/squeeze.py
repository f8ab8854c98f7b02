"""Numbers in as few bits as is quick: what is 0 takes one bit, any other number the bits of the largest like it.

Rows of numbers, grouped (a group is what belongs to one firm), become a piece of bytes a group. Columns of numbers of a
kind (the months of a series, amounts, days) stand side by side and share a width within a piece: that of the largest of
them there, from a scale of 32. A piece has five bits a kind, its widths; a bitmap of the numbers that are not 0, whole
bytes a row; then these numbers, each as wide as its kind. A piece without rows is empty. It takes a few passes over
columns.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Numbers = NDArray[np.uint64]
Counts = NDArray[np.int64]

_WORD = 64
_WIDTHS = np.array([*range(21), 22, 24, 26, 28, 30, 32, 36, 40, 48, 56, 64], np.uint8)
_PLACE_BITS = 5
"""Bits of a place in the scale of widths."""
_PLACES = np.append(np.searchsorted(_WIDTHS, np.arange(_WORD + 1)), len(_WIDTHS) - 1).astype(np.uint64)
"""The place of the least width for numbers of so many bits; 65 stands for 64 bits that were rounded up."""
MOST_KINDS = _WORD // _PLACE_BITS
_ALL = np.uint64(2**64 - 1)


class Squeezer:
    """Squeezes columns of numbers, and spreads them again."""

    def __init__(self, kinds: Sequence[int]) -> None:
        """`kinds` says how many columns of each kind there are, in their order; at most MOST_KINDS."""
        assert len(kinds) <= MOST_KINDS, "the widths of all kinds go into one word"
        self.columns = sum(kinds)
        self._edges = np.cumsum([0, *kinds]).tolist()
        self._shifts = np.arange(len(kinds), dtype=np.uint64)[:, None] * np.uint64(_PLACE_BITS)
        self._kind_of = np.repeat(np.arange(len(kinds)), kinds)
        self._bitmap = -(-self.columns // 8)
        self._scale = -(-len(kinds) * _PLACE_BITS // 8)

    def squeeze(self, numbers: Numbers, counts: Counts) -> "Part":
        """A piece a group; `numbers` (columns, rows), `counts` (groups,) rows of which belong to each."""
        rows = numbers.shape[1]
        if not rows:
            return Part(np.zeros(len(counts), np.int64), lambda _sheet, _starts: None)
        row_ends, held = np.cumsum(counts), counts > 0
        used = np.ascontiguousarray((numbers != 0).T)
        bitmaps = np.packbits(used, axis=1)
        row, column, ends = self._found(used, bitmaps)
        ends = ends[row_ends]
        places = self._places(numbers, (row_ends - counts)[held])
        widths = self._widths(places, row, column, counts[held])
        offsets, sizes = _laid(widths, ends)
        mapped = held * self._scale + counts * self._bitmap

        def write(sheet: Sheet, starts: Counts) -> None:
            sheet.put_rows(self._scaled(places), starts[held])
            before = starts + self._scale - (row_ends - counts) * self._bitmap
            sheet.put_rows(bitmaps, np.arange(rows) * self._bitmap + np.repeat(before, counts))
            sheet.put_numbers(numbers[column, row], widths, offsets + np.repeat((starts + mapped) * 8, between(ends)))

        return Part(mapped + sizes, write)

    def spread(self, data: Bytes, starts: Counts, counts: Counts) -> tuple[Numbers, Counts]:
        """The numbers of all groups, (columns, rows), and where the piece of each group ends.

        The piece of group i begins at `starts[i]` of `data`, which is `readable`, and has `counts[i]` rows.
        """
        held = counts > 0
        scaled = starts + held * self._scale
        places = self._unscaled(cut_out(data, starts, scaled).reshape(-1, self._scale))
        mapped = scaled + counts * self._bitmap
        bitmaps = cut_out(data, scaled, mapped).reshape(-1, self._bitmap)
        row, column, ends = self._found(np.unpackbits(bitmaps, axis=1, count=self.columns).view(bool), bitmaps)
        widths = self._widths(places, row, column, counts[held])
        ends = ends[np.cumsum(counts)]
        offsets, sizes = _laid(widths, ends)
        offsets += np.repeat(mapped * 8, between(ends))
        numbers = np.zeros((self.columns, len(bitmaps)), np.uint64)
        numbers[column, row] = _read(data, widths, offsets)
        return numbers, mapped + sizes

    def _found(self, used: NDArray[np.bool_], bitmaps: Bytes) -> tuple[Counts, Counts, Counts]:
        """Row and column of each number that is not 0, and how many of them there are in the first 0, 1, 2... rows."""
        each = np.bitwise_count(bitmaps).sum(axis=1, dtype=np.int64)
        row = np.repeat(np.arange(len(used)), each)
        return row, np.flatnonzero(used) - row * self.columns, sums(each)

    def _places(self, numbers: Numbers, starts: Counts) -> NDArray[np.uint64]:
        """The width of each kind in each group that has rows, as places in the scale, shape (kinds, groups)."""
        # Of numbers combined by or, the highest bit is that of the largest.
        largest = np.stack([np.bitwise_or.reduce(numbers[a:b]) for a, b in pairwise(self._edges)])
        if len(starts) < numbers.shape[1]:
            largest = np.bitwise_or.reduceat(largest, starts, axis=1)
        return _PLACES.take(np.frexp(largest.astype(np.float64))[1])

    def _scaled(self, places: NDArray[np.uint64]) -> Bytes:
        """Places in the scale as bytes, shape (groups, bytes)."""
        together = np.bitwise_or.reduce(places << self._shifts, axis=0)
        return together.astype("<u8").view(np.uint8).reshape(-1, 8)[:, : self._scale]

    def _unscaled(self, scaled: Bytes) -> NDArray[np.uint64]:
        together = np.zeros((len(scaled), 8), np.uint8)
        together[:, : self._scale] = scaled
        return together.view("<u8")[:, 0] >> self._shifts & np.uint64(len(_WIDTHS) - 1)

    def _widths(self, places: NDArray[np.uint64], row: Counts, column: Counts, counts: Counts) -> Bytes:
        """The width of each of the numbers that stand in these rows and columns."""
        of_rows = _WIDTHS.take(places.view(np.int64))
        if len(counts) < counts.sum():
            of_rows = np.repeat(of_rows, counts, axis=1)
        return of_rows.reshape(-1).take(self._kind_of.take(column) * of_rows.shape[1] + row)


class Sheet:
    """Bytes to be written, at first all 0."""

    def __init__(self, size: int) -> None:
        self._words = np.zeros(size // 8 + 2, "<u8")
        self._bytes = self._words.view(np.uint8)[:size]

    def put(self, data: Bytes, starts: Counts, sizes: Counts) -> None:
        """Write data piece by piece, so many bytes from each start on."""
        self._bytes[_places(starts, sizes)] = data

    def put_rows(self, rows: Bytes, starts: Counts) -> None:
        """Write rows of bytes, one from each start on."""
        self._bytes[starts[:, None] + np.arange(rows.shape[1])] = rows

    def put_numbers(self, numbers: Numbers, widths: Bytes, offsets: Counts) -> None:
        """Write numbers, each of so many bits, from these offsets on, in bits, ascending."""
        if not len(numbers):
            return
        word, shift = offsets >> 6, (offsets & 63).astype(np.uint64)
        first = np.flatnonzero(np.append(True, word[1:] != word[:-1]))
        self._words[word[first]] |= np.bitwise_or.reduceat(numbers << shift, first)
        over = np.flatnonzero(shift + widths > _WORD)
        # Only the last number of a word goes on into the next one.
        self._words[word[over] + 1] |= numbers[over] >> (np.uint64(_WORD) - shift[over])

    def cut(self, ends: Counts) -> list[bytes]:
        """The bytes up to each end."""
        data, stops = self._bytes.tobytes(), [0, *ends.tolist()]
        return [data[start:stop] for start, stop in pairwise(stops)]


class Part(NamedTuple):
    """A part of a piece for each group: its bytes, and what writes them from given starts on."""

    sizes: Counts
    write: Callable[[Sheet, Counts], None]


def plain(data: Bytes, sizes: Counts) -> Part:
    """Bytes as they are, so many a group."""
    return Part(sizes, lambda sheet, starts: sheet.put(data, starts, sizes))


def pieces_of(parts: Sequence[Part]) -> list[bytes]:
    """A piece a group: its parts, one after the other."""
    sizes = np.stack([part.sizes for part in parts])
    ends = np.cumsum(sizes.sum(axis=0))
    sheet = Sheet(int(ends[-1]))
    for part, behind in zip(parts, sizes[::-1].cumsum(axis=0)[::-1], strict=True):
        part.write(sheet, ends - behind)
    return sheet.cut(ends)


def readable(pieces: Sequence[bytes]) -> Bytes:
    """Pieces one after the other, with room behind, so that they can be read by words."""
    size = sum(map(len, pieces))
    return np.frombuffer(b"".join([*pieces, bytes(16 + -size % 8)]), np.uint8)


def _laid(widths: Bytes, ends: Counts) -> tuple[Counts, Counts]:
    """Where numbers stand, in bits from the beginning of their group, and how many bytes each group takes.

    Group i has the numbers up to `ends[i]`.
    """
    stops = sums(widths)
    group_stops = stops[ends]
    bits = between(group_stops)
    return stops[:-1] - np.repeat(group_stops - bits, between(ends)), (bits + 7) >> 3


def _read(data: Bytes, widths: Bytes, offsets: Counts) -> Numbers:
    """The numbers, none of width 0, that stand at these offsets, in bits."""
    words = data.view("<u8")
    word, shift = offsets >> 6, (offsets & 63).astype(np.uint64)
    # In two steps, since a word cannot be shifted by all of its bits.
    higher = (words[word + 1] << (np.uint64(_WORD - 1) - shift)) << np.uint64(1)
    return ((words[word] >> shift) | higher) & (_ALL >> (np.uint64(_WORD) - widths))


def sums(numbers: NDArray[np.integer]) -> Counts:
    """The sum of the first 0, 1, 2... numbers."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(numbers, dtype=np.int64)])


def by_group(numbers: NDArray[np.integer], ends: Counts) -> Counts:
    """The sum of each group of numbers, which stand one after the other up to `ends`."""
    return between(sums(numbers)[ends])


def between(stops: Counts) -> Counts:
    """From each stop to the next, the first from 0: `numpy.diff` takes several times longer for few."""
    steps = stops.copy()
    steps[1:] -= stops[:-1]
    return steps


def cut_out(data: Bytes, starts: Counts, ends: Counts) -> Bytes:
    """The bytes from each start to its end, one after the other."""
    return data.take(_places(starts, ends - starts))


def _places(starts: Counts, lengths: Counts) -> Counts:
    """So many places from each start on, one after the other."""
    stops = np.cumsum(lengths)
    return np.arange(stops[-1] if len(stops) else 0) + np.repeat(starts - (stops - lengths), lengths)
