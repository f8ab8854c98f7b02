"""The records of a partition's firms as they were last written, found by SIREN."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import with_room
from detectors.index import KeyIndex

Places = NDArray[np.intp]
Sirens = NDArray[np.uint32]


class Archive:
    """Keeps records and gives them back; what they say is for others to read."""

    def __init__(self) -> None:
        self._sirens = np.zeros(256, np.uint32)
        self._records: list[bytes] = []
        self._index = KeyIndex()

    def __len__(self) -> int:
        return len(self._records)

    @property
    def sirens(self) -> Sirens:
        """Of all firms, in the order in which they came."""
        return self._sirens[: len(self)]

    def find(self, sirens: Sirens) -> Places:
        """The place of each firm, -1 where it is not here. Shape of `sirens`."""
        return self._index.find(sirens.astype(np.uint64))

    def at(self, places: Iterable[int]) -> list[bytes]:
        """The records at these places."""
        records = self._records
        return [records[place] for place in places]

    def keep(self, sirens: Sirens, records: Sequence[bytes]) -> None:
        """Keep the record of each firm, in the place of what was there. No firm may come twice."""
        places = self.find(sirens)
        new = np.flatnonzero(places < 0)
        if len(new):
            start = len(self)
            places[new] = np.arange(start, start + len(new))
            self._sirens = with_room(self._sirens, start + len(new))
            self._sirens[start : start + len(new)] = sirens[new]
            self._index.add(sirens[new].astype(np.uint64), places[new])
            self._records.extend([b""] * len(new))
        for place, record in zip(places.tolist(), records, strict=True):
            self._records[place] = record
