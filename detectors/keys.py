"""Text keys to 64-bit numbers, a whole column at once, the same in every process and on every machine.

A debt, an account or a request is found by such a number. Two of a million keys collide with probability 3e-8.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_LANE = 8
_GOLDEN = 0x9E3779B97F4A7C15
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
    width = -(-column.dtype.itemsize // _LANE) * _LANE
    lanes = column.astype(f"S{width}").view(np.uint64).reshape(len(keys), width // _LANE)
    total = np.zeros(len(keys), np.uint64)
    for i in range(lanes.shape[1]):
        lane = lanes[:, i]
        salt = np.uint64((i + 1) * _GOLDEN % 2**64)
        # A lane of zeros is padding: it must not count, or the longest key of a column would change all the others.
        total += np.where(lane == 0, np.uint64(0), mix(lane + salt))
    return mix(total)
