"""Squeezed rows as records of format 2 have them, to read what older versions of Vigie wrote.

For each row of a group a bitmap of its 8-byte words, then the words set in the bitmaps, each combined by exclusive or
with the blank's.
"""

import numpy as np
from numpy.typing import NDArray

from detectors.squeeze import Bytes, by_group, cut_out
from detectors.squeeze_3 import WORD


def spread(
    data: Bytes, starts: NDArray[np.int64], counts: NDArray[np.int64], blank: np.void
) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """The rows of all groups, in order, and where the piece of each ends.

    The piece of group i begins at `starts[i]` of `data` and has `counts[i]` rows; the rows are of `blank`'s type.
    """
    dtype = blank.dtype
    per_row = -(-dtype.itemsize // WORD)
    bitmap = -(-per_row // 8)
    middles = starts + counts * bitmap
    bits = cut_out(data, starts, middles).reshape(-1, bitmap)
    used = np.unpackbits(bits, axis=1, count=per_row).view(bool)
    ends = middles + by_group(used.sum(axis=1), np.cumsum(counts)) * WORD
    words = np.zeros(used.shape, "<u8")
    words[used] = cut_out(data, middles, ends).view("<u8")
    plain = words.view(np.uint8)[:, : dtype.itemsize] ^ np.frombuffer(blank.tobytes(), np.uint8)
    return np.frombuffer(plain.tobytes(), dtype), ends
