"""Numbers in as few bits as is quick: what is 0 takes one bit, any other number the bits of the largest like it.

Rows of numbers, grouped (a group is what belongs to one firm), become a piece of bytes a group. Columns of numbers of a
kind (the months of a series, amounts, days) stand side by side and share a width within a piece: that of the largest of
them there, from a scale of 32. A piece has five bits a kind, its widths; a bitmap of the numbers that are not 0, whole
bytes a row; then these numbers, each as wide as its kind. A piece without rows is empty.

In memory a row has columns of zeros behind, to as many as its bitmap has bits, so that all takes a few passes over flat
arrays.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import places

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


class Plain(NamedTuple):
    """A part of each piece: bytes as they are, so many a group."""

    data: Bytes
    sizes: Counts


class Packed(NamedTuple):
    """A part of each piece: numbers, each of its width in bits, one group's after the other's."""

    numbers: Numbers
    widths: Counts
    counts: Counts
    """How many each group has."""
    offsets: Counts
    """Where each number begins, in bits, when no group is filled up to a whole byte."""
    begins: Counts
    """The same for each group."""
    sizes: Counts
    """How many bytes each group takes."""


Part = Plain | Packed


def padded(columns: int) -> int:
    """How many columns a row has in memory."""
    return -(-columns // 8) * 8


class Squeezer:
    """Squeezes rows of numbers, and spreads them again."""

    def __init__(self, kinds: Sequence[int]) -> None:
        """`kinds` says how many columns of each kind there are, in their order; at most MOST_KINDS."""
        assert len(kinds) <= MOST_KINDS, "the widths of all kinds go into one word"
        self.columns = padded(sum(kinds))
        self._firsts = np.cumsum([0, *kinds[:-1]])
        self._shifts = np.arange(len(kinds), dtype=np.uint64) * np.uint64(_PLACE_BITS)
        self._repeats = np.array([*kinds[:-1], kinds[-1] + self.columns - sum(kinds)])
        self._bitmap = self.columns // 8
        self._scale = -(-len(kinds) * _PLACE_BITS // 8)

    def squeeze(self, numbers: Numbers, counts: Counts) -> list[Part]:
        """The parts of a piece a group; `numbers` (rows, columns), `counts` (groups,) rows of which belong to each."""
        held = counts > 0
        scale = self._places(numbers, counts[held])
        used = numbers.reshape(-1) != 0
        bitmaps, at = np.packbits(used), used.nonzero()[0]
        widths = self._widths(scale, counts[held]).take(at).astype(np.int64)
        mapped = counts * self._bitmap
        return [
            Plain(self._scaled(scale), held * self._scale),
            Plain(bitmaps, mapped),
            _packed(numbers.reshape(-1).take(at), widths, _numbers_in(bitmaps, mapped)),
        ]

    def spread(self, data: Bytes, starts: Counts, counts: Counts) -> tuple[Numbers, Counts]:
        """The numbers of all groups, (rows, columns), and where the piece of each group ends.

        The piece of group i begins at `starts[i]` of `data`, which is `readable`, and has `counts[i]` rows.
        """
        held = counts > 0
        scaled = starts + held * self._scale
        scale = self._unscaled(cut_out(data, starts, scaled))
        mapped = scaled + counts * self._bitmap
        bitmaps = cut_out(data, scaled, mapped)
        at = np.unpackbits(bitmaps).nonzero()[0]
        widths = self._widths(scale, counts[held]).take(at).astype(np.int64)
        numbers = np.zeros((int(counts.sum()), self.columns), np.uint64)
        found = _packed(numbers[:0], widths, _numbers_in(bitmaps, mapped - scaled))
        offsets = found.offsets + (mapped * 8 - found.begins).repeat(found.counts)
        numbers.reshape(-1)[at] = _read(data, widths, offsets)
        return numbers, mapped + found.sizes

    def _places(self, numbers: Numbers, counts: Counts) -> NDArray[np.uint64]:
        """The width of each kind in each group of so many rows, as places in the scale, shape (groups, kinds)."""
        # Of numbers combined by or, the highest bit is that of the largest.
        if len(counts) < len(numbers):
            numbers = np.bitwise_or.reduceat(numbers, counts.cumsum() - counts, axis=0)
        largest = np.bitwise_or.reduceat(numbers, self._firsts, axis=1)
        return _PLACES.take(np.frexp(largest.astype(np.float64))[1])

    def _scaled(self, places: NDArray[np.uint64]) -> Bytes:
        """Places in the scale as bytes, one group's after the other's."""
        together = np.bitwise_or.reduce(places << self._shifts, axis=1)
        return together.astype("<u8").view(np.uint8).reshape(-1, 8)[:, : self._scale].reshape(-1)

    def _unscaled(self, scaled: Bytes) -> NDArray[np.uint64]:
        together = np.zeros((len(scaled) // self._scale, 8), np.uint8)
        together[:, : self._scale] = scaled.reshape(-1, self._scale)
        return together.view("<u8") >> self._shifts & np.uint64(len(_WIDTHS) - 1)

    def _widths(self, places: NDArray[np.uint64], counts: Counts) -> Bytes:
        """The width of each of the numbers, were it not 0, of groups of so many rows."""
        of_groups = _WIDTHS.take(places.view(np.int64)).repeat(self._repeats, axis=1)
        return of_groups.view("<u8").repeat(counts, axis=0).view(np.uint8).reshape(-1)


def _numbers_in(bitmaps: Bytes, sizes: Counts) -> Counts:
    """How many numbers each group has, whose bitmaps take so many bytes."""
    return by_group(np.bitwise_count(bitmaps), sizes.cumsum())


def _packed(numbers: Numbers, widths: Counts, counts: Counts) -> Packed:
    stops = sums(widths)
    ends = stops[counts.cumsum()]
    bits = between(ends)
    return Packed(numbers, widths, counts, stops[:-1], ends - bits, (bits + 7) >> 3)


class Sheet:
    """Bytes to be written, at first all 0."""

    def __init__(self, size: int) -> None:
        self._words = np.zeros(size // 8 + 2, "<u8")
        self._bytes = self._words.view(np.uint8)[:size]

    def put(self, data: Bytes, starts: Counts, sizes: Counts) -> None:
        """Write data piece by piece, so many bytes from each start on."""
        self._bytes[places(starts, sizes)] = data

    def put_numbers(self, numbers: Numbers, widths: Counts, offsets: Counts) -> None:
        """Write numbers, each of so many bits, from these offsets on, in bits; no two of them overlap."""
        word, bit = offsets >> 6, offsets & 63
        shift = bit.view(np.uint64)
        # Where no bit is written twice, adding is setting, and quicker.
        np.add.at(self._words, word, numbers << shift)
        over = (bit + widths > _WORD).nonzero()[0]
        np.add.at(self._words, word[over] + 1, numbers[over] >> (np.uint64(_WORD) - shift[over]))

    def cut(self, ends: Counts) -> list[bytes]:
        """The bytes up to each end."""
        data, stops = self._bytes.tobytes(), [0, *ends.tolist()]
        return [data[start:stop] for start, stop in pairwise(stops)]


def pieces_of(parts: Sequence[Part]) -> list[bytes]:
    """A piece a group: its parts, one after the other."""
    sizes = np.stack([part.sizes for part in parts])
    stops = np.cumsum(sizes.T).reshape(-1, len(parts)).T
    sheet, starts = Sheet(int(stops[-1, -1])), stops - sizes
    plain = [(part.data, start, part.sizes) for part, start in zip(parts, starts, strict=True) if isinstance(part, Plain)]
    sheet.put(*map(np.concatenate, zip(*plain, strict=True)))
    packed = [
        (part.numbers, part.widths, part.offsets + (start * 8 - part.begins).repeat(part.counts))
        for part, start in zip(parts, starts, strict=True)
        if isinstance(part, Packed)
    ]
    sheet.put_numbers(*map(np.concatenate, zip(*packed, strict=True)))
    return sheet.cut(stops[-1])


def readable(pieces: Sequence[bytes]) -> Bytes:
    """Pieces one after the other, with room behind, so that they can be read by words."""
    size = sum(map(len, pieces))
    return np.frombuffer(b"".join([*pieces, bytes(16 + -size % 8)]), np.uint8)


def _read(data: Bytes, widths: Counts, offsets: Counts) -> Numbers:
    """The numbers, none of width 0, that stand at these offsets, in bits."""
    words = data.view("<u8")
    word, shift = offsets >> 6, (offsets & 63).view(np.uint64)
    # In two steps, since a word cannot be shifted by all of its bits.
    higher = (words[word + 1] << (np.uint64(_WORD - 1) - shift)) << np.uint64(1)
    return ((words[word] >> shift) | higher) & (_ALL >> (np.uint64(_WORD) - widths.view(np.uint64)))


def sums(numbers: NDArray[np.integer]) -> Counts:
    """The sum of the first 0, 1, 2... numbers."""
    found = np.zeros(len(numbers) + 1, np.int64)
    numbers.cumsum(dtype=np.int64, out=found[1:])
    return found


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
    return data.take(places(starts, ends - starts))
