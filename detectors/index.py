"""A hash index from 64-bit keys to row numbers, looked up and filled a column at a time."""

import numpy as np
from numpy.typing import NDArray

_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_EMPTY = np.int32(-1)


class KeyIndex:
    """Open addressing with linear probing: 12 bytes a place, at most 3/5 full (a Python dict takes over 100)."""

    def __init__(self, capacity: int = 1024) -> None:
        self._bits = max(4, (capacity - 1).bit_length())
        self._keys = np.zeros(1 << self._bits, np.uint64)
        self._rows = np.full(1 << self._bits, _EMPTY, np.int32)
        self._used = 0

    def __len__(self) -> int:
        return self._used

    def find(self, keys: NDArray[np.uint64]) -> NDArray[np.int32]:
        """The row of each key, -1 where it is unknown. Shape of `keys`."""
        found = np.full(len(keys), _EMPTY, np.int32)
        pending = np.arange(len(keys))
        place = self._home(keys)
        mask = len(self._keys) - 1
        while len(pending):
            rows = self._rows[place]
            hit = (rows != _EMPTY) & (self._keys[place] == keys[pending])
            found[pending[hit]] = rows[hit]
            further = ~hit & (rows != _EMPTY)
            pending = pending[further]
            place = (place[further] + 1) & mask
        return found

    def add(self, keys: NDArray[np.uint64], rows: NDArray[np.int32]) -> None:
        """Remember distinct keys that are not there yet."""
        while (self._used + len(keys)) * 5 > len(self._keys) * 3:
            self._grow()
        self._place(keys, rows)
        self._used += len(keys)

    def _home(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        return ((keys * _SPREAD) >> np.uint64(64 - self._bits)).astype(np.int64)

    def _place(self, keys: NDArray[np.uint64], rows: NDArray[np.int32]) -> None:
        place = self._home(keys)
        mask = len(self._keys) - 1
        while len(keys):
            free = self._rows[place] == _EMPTY
            self._rows[place[free]] = rows[free]
            # Several keys may have claimed one free place: the last write won, the others go on.
            won = free & (self._rows[place] == rows)
            self._keys[place[won]] = keys[won]
            keys, rows = keys[~won], rows[~won]
            place = (place[~won] + 1) & mask

    def _grow(self) -> None:
        taken = self._rows != _EMPTY
        keys, rows = self._keys[taken], self._rows[taken]
        self._bits += 1
        self._keys = np.zeros(1 << self._bits, np.uint64)
        self._rows = np.full(1 << self._bits, _EMPTY, np.int32)
        self._place(keys, rows)
