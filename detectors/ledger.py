"""Facts that come in numbers per firm (debts, accounts, requests...), found by key, walked by firm."""

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import with_room
from detectors.index import KeyIndex

Rows = NDArray[np.int32]
_NONE = np.int32(-1)


def entry_type(*fields: tuple[str, str] | tuple[str, str, int]) -> np.dtype[np.void]:
    """The record type of a ledger: its key, then its own fields, packed."""
    return np.dtype([("key", "<u8"), *fields])


class Ledger:
    """Entries of one kind for the firms of a partition.

    `entries` is a structured array of shape (capacity,), of which the first `len(self)` are in use. The entries of a
    firm form a chain, so that those of a few firms are gathered without a look at the others.
    """

    def __init__(self, blank: np.void) -> None:
        """`blank` is an entry of which nothing is known yet; the entries are of its type."""
        self.entries = np.zeros(64, blank.dtype)
        self.firms = np.full(64, _NONE, np.int32)
        self.blank = blank
        self._next = np.full(64, _NONE, np.int32)
        self._heads = np.full(64, _NONE, np.int32)
        self._held = np.zeros(64, np.int32)
        self._index = KeyIndex()
        self._used = 0

    def __len__(self) -> int:
        return self._used

    def slots(self, keys: NDArray[np.uint64], firms: Rows) -> tuple[Rows, NDArray[np.bool_]]:
        """The slot of each key, made where there is none; and which were made. Keys may not repeat."""
        slots = self._index.find(keys)
        made = slots < 0
        if made.any():
            slots[made] = self._append(keys[made], firms[made])
        return slots, made

    def of_firms(self, firms: Rows) -> tuple[NDArray[np.intp], Rows]:
        """The entries of these firms: positions in `firms`, and slots, both of shape (entries found,)."""
        self._fit_heads(int(firms.max()) + 1 if len(firms) else 0)
        owners, slots = [], []
        owner, slot = np.arange(len(firms)), self._heads[firms]
        while True:
            there = slot >= 0
            owner, slot = owner[there], slot[there]
            if not len(slot):
                break
            owners.append(owner)
            slots.append(slot)
            slot = self._next[slot]
        if not slots:
            return np.zeros(0, np.intp), np.zeros(0, np.int32)
        return np.concatenate(owners), np.concatenate(slots)

    def by_firm(self, firms: Rows) -> tuple[Rows, NDArray[np.int64]]:
        """The slots of these firms' entries, one firm's after the other's; and how many each firm has."""
        self._fit_heads(int(firms.max()) + 1 if len(firms) else 0)
        held = self._held[firms].astype(np.int64)
        # Those with the longest chains first: so the others drop out at the end.
        order = np.argsort(-held, kind="stable")
        going = np.cumsum(np.bincount(held)[::-1])[::-1][1:]
        """Of how many firms there is a 1st, 2nd, 3rd... entry."""
        slot, rounds = self._heads[firms[order]], []
        for count in going.tolist():
            slot = slot[:count]
            rounds.append(slot)
            slot = self._next.take(slot)
        found = np.empty(int(held.sum()), np.int32)
        if rounds:
            before = np.cumsum(going) - going
            turn = np.repeat(np.arange(len(going)), going)
            starts = (np.cumsum(held) - held)[order]
            found[starts[np.arange(len(found)) - before[turn]] + turn] = np.concatenate(rounds)
        return found, held

    def _append(self, keys: NDArray[np.uint64], firms: Rows) -> Rows:
        start, self._used = self._used, self._used + len(keys)
        self._fit(self._used)
        self._fit_heads(int(firms.max()) + 1)
        slots = np.arange(start, self._used, dtype=np.int32)
        self.entries[start : self._used] = self.blank
        self.entries["key"][slots] = keys
        self.firms[slots] = firms
        np.add.at(self._held, firms, 1)
        self._index.add(keys, slots)
        self._chain(slots, firms)
        return slots

    def _chain(self, slots: Rows, firms: Rows) -> None:
        """Put new slots at the head of their firms' chains; a firm may have several of them."""
        order = np.argsort(firms, kind="stable")
        slots, firms = slots[order], firms[order]
        first = np.ones(len(firms), bool)
        np.not_equal(firms[1:], firms[:-1], out=first[1:])
        self._next[slots[1:]] = slots[:-1]
        self._next[slots[first]] = self._heads[firms[first]]
        last = np.append(first[1:], True)
        self._heads[firms[last]] = slots[last]

    def _fit(self, size: int) -> None:
        self.entries = with_room(self.entries, size)
        self.firms = with_room(self.firms, size, _NONE)
        self._next = with_room(self._next, size, _NONE)

    def _fit_heads(self, size: int) -> None:
        self._heads = with_room(self._heads, size, _NONE)
        self._held = with_room(self._held, size)
