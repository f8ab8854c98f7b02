"""Facts that come in numbers per firm (debts, accounts, requests...), found by key, walked by firm."""

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import begins, places, with_room
from detectors.index import KeyIndex

Rows = NDArray[np.intp]
Counts = NDArray[np.int64]
Places = NDArray[np.intp]
_NONE = np.int32(-1)


def entry_type(*fields: tuple[str, str] | tuple[str, str, int]) -> np.dtype[np.void]:
    """The record type of a ledger: its key, then its own fields, aligned: others take twice the time."""
    return np.dtype([("key", "<u8"), *fields], align=True)


_LIST = np.dtype([("start", "<i4"), ("held", "<i4"), ("room", "<i4")])
"""Where a firm's slots stand in the lists, how many it holds, and how many there is room for."""


class Ledger:
    """Entries of one kind for the firms of a partition.

    `entries` is a structured array of shape (capacity,), of which the first `len(self)` are in use. The slots of a firm
    stand side by side in a list with room for more, so that those of a few firms are gathered without a look at the
    others.
    """

    def __init__(self, blank: np.void) -> None:
        """`blank` is an entry of which nothing is known yet; the entries are of its type."""
        self.entries = np.zeros(64, blank.dtype)
        self.firms = np.full(64, _NONE, np.int32)
        self.blank = blank
        self._lists = np.zeros(64, np.int32)
        self._end = 0
        """Behind the last list."""
        self._list_of = np.zeros(64, _LIST)
        """By the row of its firm."""
        self._index = KeyIndex()
        self._used = 0

    def __len__(self) -> int:
        return self._used

    def slots(self, keys: NDArray[np.uint64], firms: Rows) -> tuple[Rows, NDArray[np.bool_]]:
        """The slot of each key, made where there is none; and which were made. Keys may not repeat."""
        slots = self._index.find(keys)
        made = slots < 0
        new = made.nonzero()[0]
        if len(new):
            slots[new] = self._append(keys[new], firms[new])
        return slots, made

    def of_firms(self, firms: Rows) -> tuple[Places, Rows]:
        """The entries of these firms, one firm's after the other's: positions in `firms`, and slots."""
        here, held = self._listed(firms)
        return np.arange(len(firms)).repeat(held), self._lists.take(here).astype(np.intp)

    def by_key(self, firms: Rows) -> tuple[NDArray[np.void], Counts]:
        """Copies of the entries of these firms, at most 2^16, by key within a firm; and how many each has.

        Each firm is given once.
        """
        here, held = self._listed(firms)
        slots = self._lists.take(here)
        entries, owners = self.entries.take(slots), np.arange(len(firms), dtype=np.uint64).repeat(held)
        keys = np.ascontiguousarray(entries["key"])
        sort = owners << np.uint64(48) | keys >> np.uint64(16)
        if (sort[1:] > sort[:-1]).all():
            return entries, held
        order = sort.argsort(kind="stable")
        sort = sort[order]
        if (sort[1:] == sort[:-1]).any():
            order = np.lexsort((keys, owners))
        # Next time they stand in this order already, but for new ones.
        self._lists[here] = slots[order]
        return entries.take(order), held

    def _append(self, keys: NDArray[np.uint64], firms: Rows) -> Rows:
        start, self._used = self._used, self._used + len(keys)
        self.entries = with_room(self.entries, self._used)
        self.firms = with_room(self.firms, self._used, _NONE)
        self.entries[start : self._used] = self.blank
        self.entries["key"][start : self._used] = keys
        self.firms[start : self._used] = firms
        slots = np.arange(start, self._used)
        self._index.add(keys, slots)
        self._enter(slots, firms)
        return slots

    def _listed(self, firms: Rows) -> tuple[Places, Counts]:
        """Where in the lists the slots of these firms stand, one firm's after the other's; and how many each has."""
        lists = self._lists_of(firms)
        held = lists["held"].astype(np.int64)
        return places(lists["start"], held), held

    def _enter(self, slots: Rows, firms: Rows) -> None:
        """Put new slots into the lists of their firms; a firm may have several of them."""
        order = firms.argsort(kind="stable")
        slots, firms = slots[order], firms[order]
        first = begins(firms)
        of, new = firms[first], np.bincount(first.cumsum())[1:]
        needed = self._lists_of(of)["held"] + new
        self._make_room(of, needed)
        lists = self._list_of.take(of)
        self._lists[places(lists["start"] + lists["held"], new)] = slots
        self._list_of["held"][of] = needed

    def _make_room(self, firms: Rows, needed: Counts) -> None:
        """Move the lists of those of these firms that need more room than there is, each once, to the end."""
        full = (needed > self._list_of["room"][firms]).nonzero()[0]
        if not len(full):
            return
        firms, room = firms[full], 2 * needed[full]
        lists = self._list_of.take(firms)
        starts, held = self._end + room.cumsum() - room, lists["held"]
        self._end += int(room.sum())
        self._lists = with_room(self._lists, self._end)
        self._lists[places(starts, held)] = self._lists[places(lists["start"], held)]
        self._list_of["start"][firms], self._list_of["room"][firms] = starts, room

    def _lists_of(self, firms: Rows) -> NDArray[np.void]:
        """Of type _LIST, shape of `firms`."""
        if len(firms):
            self._list_of = with_room(self._list_of, int(firms.max()) + 1)
        return self._list_of.take(firms)
