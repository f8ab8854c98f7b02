"""A hash index from 64-bit keys to row numbers, looked up and filled a column at a time."""

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Rows = NDArray[np.intp]
Places = NDArray[np.intp]
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_EMPTY = np.int32(-1)


class KeyIndex:
    """Open addressing with linear probing: 12 bytes a place, at most 3/5 full (a Python dict takes over 100)."""

    def __init__(self, capacity: int = 1024) -> None:
        self._used = 0
        self._clear(max(4, (capacity - 1).bit_length()))

    def __len__(self) -> int:
        return self._used

    def find(self, keys: Keys) -> Rows:
        """The row of each key, -1 where it is unknown. Shape of `keys`."""
        place = self._home(keys)
        found = self._rows.take(place)
        others = self._others(found, place, keys)
        while len(others):
            place[others] = further = (place[others] + 1) & self._mask
            found[others] = rows = self._rows.take(further)
            others = others[self._others(rows, further, keys[others])]
        return found.astype(np.intp)

    def _others(self, rows: NDArray[np.int32], place: Places, keys: Keys) -> Places:
        """Which of these places, where `rows` are, have another key."""
        return ((rows != _EMPTY) & (self._keys.take(place) != keys)).nonzero()[0]

    def add(self, keys: Keys, rows: Rows) -> None:
        """Remember distinct keys that are not there yet."""
        while (self._used + len(keys)) * 5 > len(self._keys) * 3:
            self._grow()
        self._place(keys, rows)
        self._used += len(keys)

    def _home(self, keys: Keys) -> Places:
        return (keys * _SPREAD >> self._shift).astype(np.intp)

    def _place(self, keys: Keys, rows: Rows) -> None:
        place = self._home(keys)
        while len(keys):
            free = (self._rows.take(place) == _EMPTY).nonzero()[0]
            self._rows[place[free]] = rows[free]
            # Several keys may have claimed one free place: the last write won, the others go on.
            won = self._rows.take(place) == rows
            self._keys[place[won]] = keys[won]
            lost = (~won).nonzero()[0]
            keys, rows, place = keys[lost], rows[lost], (place[lost] + 1) & self._mask

    def _grow(self) -> None:
        taken = self._rows != _EMPTY
        keys, rows = self._keys[taken], self._rows[taken].astype(np.intp)
        self._clear(self._bits + 1)
        self._place(keys, rows)

    def _clear(self, bits: int) -> None:
        """Have 2^bits places, all of them empty."""
        self._bits, self._mask, self._shift = bits, (1 << bits) - 1, np.uint64(64 - bits)
        self._keys = np.zeros(1 << bits, np.uint64)
        self._rows = np.full(1 << bits, _EMPTY, np.int32)
