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
        types, known = batch.rows["type"][at], batch.rows["known"][at]
        self._before = before
        self._positions = [at[types == source] for source in range(len(before))]
        self._latest = [np.maximum.accumulate(known[types == source]) for source in range(len(before))]

    def after(self, positions: Positions) -> NDArray[np.int32]:
        """The reach once the events at these positions are known, shape (n, sources)."""
        reach = np.repeat(self._before[None, :], len(positions), axis=0)
        for source, (places, latest) in enumerate(zip(self._positions, self._latest, strict=True)):
            if len(places):
                seen = np.searchsorted(places, positions, side="right")
                told = np.where(seen > 0, latest[np.maximum(seen, 1) - 1], 0)
                reach[:, source] = np.maximum(reach[:, source], told)
        return reach

    def end(self) -> NDArray[np.int32]:
        """The reach after all of them, shape (sources,)."""
        told = np.array([latest[-1] if len(latest) else 0 for latest in self._latest], np.int32)
        return np.maximum(self._before, told)
