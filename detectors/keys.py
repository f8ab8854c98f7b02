"""Text keys to 64-bit numbers, a whole column at once, the same in every process and on every machine.

A debt, an account or a request is found by such a number. Two of a million keys collide with probability 3e-8.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LANE = 8
"""Bytes hashed at a time."""
_BLOCK = 8192
"""Keys hashed together: what stands in between stays in the processor's cache."""
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser (Steele, Lea and Flood, 2014): every input bit reaches every output bit."""
    x = (x ^ (x >> np.uint64(30))) * _MIX_1
    x = (x ^ (x >> np.uint64(27))) * _MIX_2
    return x ^ (x >> np.uint64(31))


def hash_keys(keys: Sequence[str]) -> NDArray[np.uint64]:
    """A number a key, shape (n,). It depends on the key alone, not on the others in the column."""
    if not keys:
        return np.zeros(0, np.uint64)
    column = np.array([key.encode() for key in keys])
    width = lanes_of(column.dtype.itemsize)
    return hash_lanes(column.astype(f"S{width * LANE}").view(np.uint64).reshape(len(keys), width))


def lanes_of(length_bytes: int) -> int:
    """How many lanes a text of that length takes."""
    return -(-length_bytes // LANE)


def hash_lanes(lanes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The numbers of texts, given as UTF-8 padded with zeros to one width: shape (n, lanes) to (n,)."""
    hashed = np.empty(len(lanes), np.uint64)
    for start in range(0, len(lanes), _BLOCK):
        hashed[start : start + _BLOCK] = _hash_block(lanes[start : start + _BLOCK])
    return hashed


def _hash_block(lanes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    salts = np.arange(1, lanes.shape[1] + 1, dtype=np.uint64) * _GOLDEN
    # A lane of zeros is padding: it must not count, or the longest key of a column would change all the others.
    hashed: NDArray[np.uint64] = (mix(lanes + salts) * (lanes != 0)).sum(axis=1)
    return mix(hashed)
