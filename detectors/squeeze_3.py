"""Squeezed rows as records of format 3 have them, to read what older versions of Vigie wrote.

Rows of a structured array, grouped (a group is what belongs to one firm), are a piece of bytes a group: only the bytes
that differ from what is expected of them. What is expected is a blank row; of a field that is mostly like another one,
that one; of a series that is mostly steady, the month beside. All is combined by exclusive or. A piece has, for each
row, a bitmap of its 8-byte words; for each word set in the bitmaps, a bitmap of its bytes; then the bytes set in those.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from detectors.rings import MONTHS
from detectors.squeeze import Bytes, by_group, cut_out

WORD = 8


class Spreader:
    """Spreads the rows of one record type."""

    def __init__(self, blank: np.void, alike: Sequence[tuple[str, str]] = (), steady: Sequence[str] = ()) -> None:
        """`alike` are pairs of fields of one size: the first is mostly like the second, which is no first of a pair.
        `steady` are fields of MONTHS values each, none of them in `alike`, that mostly stay from one to the next.
        """
        self._blank = blank
        self._alike = [(self._place(field), self._place(model)) for field, model in alike]
        self._steady = [self._place(field) for field in steady]
        self._words = -(-blank.dtype.itemsize // WORD)
        self._bitmap = -(-self._words // 8)

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
