"""Squeezed rows as records of format 2 have them, to read what older versions of Vigie wrote.

For each row of a group a bitmap of its 8-byte words, then the words set in the bitmaps, each combined by exclusive or
with the blank's.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

WORD = 8


def spread(
    values: Sequence[bytes], starts: NDArray[np.int64], counts: NDArray[np.int64], blank: np.void
) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """The rows of all groups, in order, and where in each value its piece ends.

    The piece of group i begins at `starts[i]` of `values[i]` and has `counts[i]` rows; the rows are of `blank`'s type.
    """
    dtype = blank.dtype
    per_row = -(-dtype.itemsize // WORD)
    bitmap = -(-per_row // 8)
    middles = starts + counts * bitmap
    bits = b"".join([v[a:b] for v, a, b in zip(values, starts.tolist(), middles.tolist(), strict=True)])
    used = np.unpackbits(np.frombuffer(bits, np.uint8).reshape(-1, bitmap), axis=1, count=per_row).astype(bool)
    row_ends = np.concatenate([[0], np.cumsum(used.sum(axis=1))])
    group_ends = np.concatenate([[0], np.cumsum(counts)])
    ends = middles + (row_ends[group_ends[1:]] - row_ends[group_ends[:-1]]) * WORD
    kept = b"".join([v[a:b] for v, a, b in zip(values, middles.tolist(), ends.tolist(), strict=True)])
    words = np.zeros(used.shape, "<u8")
    words[used] = np.frombuffer(kept, "<u8")
    words ^= _words(np.array([blank], dtype))
    plain = words.view(np.uint8).reshape(len(words), per_row * WORD)[:, : dtype.itemsize]
    return np.frombuffer(plain.tobytes(), dtype), ends


def _words(rows: NDArray[np.void]) -> NDArray[np.uint64]:
    """Rows as 8-byte words, the last one filled with zeros: shape (n, words)."""
    size = rows.dtype.itemsize
    padded = np.zeros((len(rows), -(-size // WORD) * WORD), np.uint8)
    padded[:, :size] = np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), size)
    return padded.view("<u8")
