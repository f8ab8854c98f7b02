"""Records in as few bytes as is quick: only the bytes that differ from what is expected of them are kept.

Rows of a structured array, grouped (a group is what belongs to one firm), become a piece of bytes a group. What is
expected is a blank row; of a field that is mostly like another one (what was paid is mostly what was due), that one; of
a series that is mostly steady, the month beside. All is combined by exclusive or, so that nearly all bytes are zero.
A piece has, for each row, a bitmap of its 8-byte words; for each word set in the bitmaps, a bitmap of its bytes; then
the bytes set in those. It takes a few passes over columns.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from detectors.rings import MONTHS

WORD = 8
Bytes = NDArray[np.uint8]


class Squeezer:
    """Squeezes the rows of one record type, and spreads them again."""

    def __init__(self, blank: np.void, alike: Sequence[tuple[str, str]] = (), steady: Sequence[str] = ()) -> None:
        """`alike` are pairs of fields of one size: the first is mostly like the second, which is no first of a pair.
        `steady` are fields of MONTHS values each, none of them in `alike`, that mostly stay from one to the next.
        """
        self._blank = blank
        self._alike = [(self._place(field), self._place(model)) for field, model in alike]
        self._steady = [self._place(field) for field in steady]
        self._words = -(-blank.dtype.itemsize // WORD)
        self._bitmap = -(-self._words // 8)

    def squeeze(self, rows: NDArray[np.void], counts: NDArray[np.int64]) -> list[bytes]:
        """A piece a group; `counts` (groups,) says how many of the rows, in order, belong to each."""
        if not len(rows):
            return [b""] * len(counts)
        words = self._less_expected(rows).view("<u8")
        used = words != 0
        kept = words[used].view(np.uint8).reshape(-1, WORD)
        there = kept != 0
        bitmaps, masks = np.packbits(used, axis=1), np.packbits(there)
        row_ends = np.cumsum(counts)
        word_ends = _sums(np.bitwise_count(bitmaps).sum(axis=1))[row_ends]
        byte_ends = _sums(np.bitwise_count(masks))[word_ends]
        parts = (
            _cut(bitmaps.tobytes(), row_ends * self._bitmap),
            _cut(masks.tobytes(), word_ends),
            _cut(kept[there].tobytes(), byte_ends),
        )
        return [a + b + c for a, b, c in zip(*parts, strict=True)]

    def spread(
        self, data: Bytes, starts: NDArray[np.int64], counts: NDArray[np.int64]
    ) -> tuple[NDArray[np.void], NDArray[np.int64]]:
        """The rows of all groups, in order, and where the piece of each ends.

        The piece of group i begins at `starts[i]` of `data` and has `counts[i]` rows.
        """
        row_ends = np.cumsum(counts)
        middles = starts + counts * self._bitmap
        bitmaps = cut_out(data, starts, middles).reshape(-1, self._bitmap)
        word_counts = by_group(np.bitwise_count(bitmaps).sum(axis=1), row_ends)
        ends = middles + word_counts
        masks = cut_out(data, middles, ends)
        starts, ends = ends, ends + by_group(np.bitwise_count(masks), np.cumsum(word_counts))
        kept = np.zeros(len(masks) * WORD, np.uint8)
        kept[np.unpackbits(masks).view(bool)] = cut_out(data, starts, ends)
        words = np.zeros((len(bitmaps), self._words), "<u8")
        words[np.unpackbits(bitmaps, axis=1, count=self._words).view(bool)] = kept.view("<u8")
        return self._with_expected(words.view(np.uint8)), ends

    def _less_expected(self, rows: NDArray[np.void]) -> Bytes:
        """What differs from what is expected, whole words, shape (n, words x 8)."""
        size = rows.dtype.itemsize
        out = np.zeros((len(rows), self._words * WORD), np.uint8)
        out[:, :size] = np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), size)
        out ^= self._blank_bytes
        for field, model in self._alike:
            out[:, field] ^= out[:, model]
        for field in self._steady:
            months = _months(out[:, field])
            out[:, field] = np.concatenate([months[:, :1], months[:, 1:] ^ months[:, :-1]], axis=1).view(np.uint8)
        return out

    def _with_expected(self, found: Bytes) -> NDArray[np.void]:
        for field in self._steady:
            found[:, field] = np.bitwise_xor.accumulate(_months(found[:, field]), axis=1).view(np.uint8)
        for field, model in self._alike:
            found[:, field] ^= found[:, model]
        found ^= self._blank_bytes
        dtype = self._blank.dtype
        return np.frombuffer(found[:, : dtype.itemsize].tobytes(), dtype)

    @cached_property
    def _blank_bytes(self) -> Bytes:
        padded = np.zeros(self._words * WORD, np.uint8)
        padded[: self._blank.dtype.itemsize] = np.frombuffer(self._blank.tobytes(), np.uint8)
        return padded

    def _place(self, field: str) -> slice:
        fields = self._blank.dtype.fields
        assert fields is not None, "records have fields"
        dtype, start = fields[field][:2]
        return slice(start, start + dtype.itemsize)


def _months(series: Bytes) -> NDArray[np.uint64]:
    """Bytes of a series as one word a month, shape (n, MONTHS)."""
    return np.ascontiguousarray(series).view("<u8").reshape(-1, MONTHS)


def _sums(numbers: NDArray[np.integer]) -> NDArray[np.int64]:
    """The sum of the first 0, 1, 2... numbers."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(numbers, dtype=np.int64)])


def by_group(numbers: NDArray[np.integer], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """The sum of each group of numbers, which stand one after the other up to `ends`."""
    return np.diff(_sums(numbers)[ends], prepend=0)


def cut_out(data: Bytes, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Bytes:
    """The bytes from each start to its end, one after the other."""
    lengths = ends - starts
    stops = np.cumsum(lengths)
    places = np.arange(stops[-1] if len(stops) else 0)
    return data.take(places + np.repeat(starts - (stops - lengths), lengths))


def _cut(data: bytes, ends: NDArray[np.int64]) -> list[bytes]:
    stops = ends.tolist()
    return [data[a:b] for a, b in zip([0, *stops[:-1]], stops, strict=True)]
