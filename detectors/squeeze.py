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
Places = NDArray[np.uint64]
"""In the scale of widths, shape (groups, kinds)."""

_WORD = 64
_WIDTHS = np.array([*range(21), 22, 24, 26, 28, 30, 32, 36, 40, 48, 56, 64])
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


class Squeezed(NamedTuple):
    """A part of each piece: numbers (rows, columns) of which so many rows belong to each group."""

    squeezer: "Squeezer"
    numbers: Numbers
    counts: Counts

    @property
    def sizes(self) -> Counts:
        """Bytes of each piece's scale; a piece without rows has none."""
        return (self.counts > 0) * self.squeezer.scale


def padded(columns: int) -> int:
    """How many columns a row has in memory."""
    return -(-columns // 8) * 8


class Squeezer:
    """How rows of numbers are squeezed, and spread again."""

    def __init__(self, kinds: Sequence[int]) -> None:
        """`kinds` says how many columns of each kind there are, in their order; at most MOST_KINDS."""
        assert len(kinds) <= MOST_KINDS, "the widths of all kinds go into one word"
        self.columns = padded(sum(kinds))
        self.bitmap = self.columns // 8
        """Bytes of a row's."""
        self.scale = -(-len(kinds) * _PLACE_BITS // 8)
        """Bytes of a piece's."""
        self.kinds = len(kinds)
        self.shifts = np.arange(len(kinds), dtype=np.uint64) * np.uint64(_PLACE_BITS)
        self._kind_of = np.zeros((1, self.columns), np.uint8)
        self._kind_of[:, : sum(kinds)] = np.arange(len(kinds)).repeat(kinds)

    def kinds_of(self, counts: Counts, firsts: Counts) -> tuple[Bytes, Counts]:
        """The kind of each number in its row; and for each byte of bitmaps its group's of `firsts` (groups,)."""
        return self._kind_of.repeat(counts.sum(), axis=0).reshape(-1), firsts.repeat(counts * self.bitmap)

    def spread(self, data: Bytes, starts: Counts, counts: Counts) -> tuple[Numbers, Counts]:
        """The numbers of all groups, (rows, columns), and where the piece of each group ends.

        The piece of group i begins at `starts[i]` of `data`, which is `readable`, and has `counts[i]` rows.
        """
        held = counts > 0
        mapped = starts + held * self.scale
        packed = mapped + counts * self.bitmap
        scales, bitmaps = cut_out(data, starts, mapped), cut_out(data, mapped, packed)
        at = np.unpackbits(bitmaps).nonzero()[0]
        places = self._places(scales)
        of_rows, of_groups = self.kinds_of(counts[held], np.arange(0, len(places), self.kinds))
        widths = _WIDTHS.take(places).take(of_groups.take(at >> 3) + of_rows.take(at))
        laid = _laid(widths, bitmaps, packed - mapped)
        numbers = np.zeros((int(counts.sum()), self.columns), np.uint64)
        numbers.reshape(-1)[at] = _read(data, widths, laid.offsets(packed))
        return numbers, packed + laid.sizes

    def _places(self, scales: Bytes) -> Counts:
        together = np.zeros((len(scales) // self.scale, 8), np.uint8)
        together[:, : self.scale] = scales.reshape(-1, self.scale)
        places = together.view("<u8") >> self.shifts & np.uint64(len(_WIDTHS) - 1)
        return places.view(np.int64).reshape(-1)


class _Laid(NamedTuple):
    """How numbers lie, group after group."""

    begins: Counts
    """In bits, of each number, when no group is filled up to whole bytes."""
    of_groups: Counts
    """The same of each group."""
    counts: Counts
    """How many numbers each group has."""
    sizes: Counts
    """Of each group, in bytes."""

    def offsets(self, starts: Counts) -> Counts:
        """Where in bits the numbers of groups begin that start at these bytes."""
        return self.begins + (starts * 8 - self.of_groups).repeat(self.counts)


def _laid(widths: Counts, bitmaps: Bytes, mapped: Counts) -> _Laid:
    """How numbers lie that have these widths, and whose bitmaps take so many bytes a group."""
    counts = by_group(np.bitwise_count(bitmaps), mapped.cumsum())
    stops = sums(widths)
    ends = stops[counts.cumsum()]
    bits = between(ends)
    return _Laid(stops[:-1], ends - bits, counts, (bits + 7) >> 3)


def pieces_of(parts: Sequence[Plain | Squeezed]) -> list[bytes]:
    """A piece a group: its parts, one after the other. What numbers are squeezed, all are at once."""
    at_parts = [i for i, part in enumerate(parts) if isinstance(part, Squeezed)]
    squeezed = [part for part in parts if isinstance(part, Squeezed)]
    numbers = np.concatenate([part.numbers.reshape(-1) for part in squeezed])
    used = numbers != 0
    bitmaps, at = np.packbits(used), used.nonzero()[0]
    numbers = numbers.take(at)
    scales, widths = _scales_and_widths(squeezed, numbers, at)
    mapped = np.array([part.counts * part.squeezer.bitmap for part in squeezed])
    laid = _laid(widths, bitmaps, mapped.reshape(-1))
    # A part is plain bytes or scales, bitmaps, numbers.
    sizes = np.zeros((len(parts), 3, mapped.shape[1]), np.int64)
    sizes[:, 0] = [part.sizes for part in parts]
    sizes[at_parts, 1], sizes[at_parts, 2] = mapped, laid.sizes.reshape(mapped.shape)
    stops = sizes.transpose(2, 0, 1).cumsum().reshape(-1, len(parts), 3).transpose(1, 2, 0)
    starts, sheet = stops - sizes, Sheet(int(stops[-1, -1, -1]))
    sheet.put(
        np.concatenate([*(part.data if isinstance(part, Plain) else scales.pop(0) for part in parts), bitmaps]),
        np.concatenate([starts[:, 0], starts[at_parts, 1]]).reshape(-1),
        np.concatenate([sizes[:, 0], mapped]).reshape(-1),
    )
    sheet.put_numbers(numbers, widths, laid.offsets(starts[at_parts, 2].reshape(-1)))
    return sheet.cut(stops[-1, -1])


def _scales_and_widths(parts: Sequence[Squeezed], numbers: Numbers, at: Counts) -> tuple[list[Bytes], Counts]:
    """The scales of the pieces of each part; and the width of each number that is not 0, which stand at these places.

    The kinds of all groups are numbered through, group after group.
    """
    groups, edges = len(parts[0].counts), sums(np.array([len(part.counts) * part.squeezer.kinds for part in parts]))
    firsts = [
        np.arange(start, end, part.squeezer.kinds) for part, (start, end) in zip(parts, pairwise(edges), strict=True)
    ]
    kinds_of = [part.squeezer.kinds_of(part.counts, first) for part, first in zip(parts, firsts, strict=True)]
    of_rows, of_groups = map(np.concatenate, zip(*kinds_of, strict=True))
    kinds = of_groups.take(at >> 3) + of_rows.take(at)
    largest = np.zeros(edges[-1], np.uint64)
    np.maximum.at(largest, kinds, numbers)
    places = _PLACES.take(np.frexp(largest.astype(np.float64))[1])
    shifts = np.concatenate([part.squeezer.shifts[None].repeat(groups, axis=0).reshape(-1) for part in parts])
    together = np.add.reduceat(places << shifts, np.concatenate(firsts)).astype("<u8", copy=False).view(np.uint8)
    scales = [
        some[part.counts > 0, : part.squeezer.scale].reshape(-1)
        for part, some in zip(parts, together.reshape(len(parts), -1, 8), strict=True)
    ]
    return scales, _WIDTHS.take(places.view(np.int64)).take(kinds)


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
