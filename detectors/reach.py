"""How far each source's data reach: the latest day on which anything of it was known."""

import numpy as np
from numpy.typing import NDArray

from detectors.batch import Batch
from detectors.events import EVENT_TYPES

Positions = NDArray[np.intp]
SOURCES = tuple(name for name in EVENT_TYPES if name not in ("firm", "clock"))
"""The sources whose age an alert tells, in the order of `Type`."""


class Reach:
    """The reach of each source after each event of a stretch, asked for the few events that alerts cite."""

    def __init__(self, batch: Batch, at: Positions, before: NDArray[np.int32]) -> None:
        """`before` is the reach when the stretch begins, shape (sources,); sources stand in the order of `Type`."""
        self._before, self._at = before, at
        self._types, self._known = batch.rows["type"][at], batch.rows["known"][at]

    def after(self, positions: Positions) -> NDArray[np.int32]:
        """The reach once the events at these positions are known, shape (n, sources)."""
        reach = self._before[None].repeat(len(positions), 0)
        for source in range(len(self._before)):
            of_source = self._types == source
            if of_source.any():
                places, latest = self._at[of_source], np.maximum.accumulate(self._known[of_source])
                seen = np.searchsorted(places, positions, side="right")
                told = np.where(seen > 0, latest[np.maximum(seen, 1) - 1], 0)
                reach[:, source] = np.maximum(reach[:, source], told)
        return reach

    def end(self) -> NDArray[np.int32]:
        """The reach after all of them, shape (sources,)."""
        told = np.zeros(len(EVENT_TYPES), np.int32)
        np.maximum.at(told, self._types, self._known)
        return np.maximum(self._before, told[: len(self._before)])
