"""Scored firm-months, and which of them have an answer by now."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.evaluation.ranking import Bools, Floats
from detectors.labels import opened
from detectors.months import last_day
from detectors.panel import NO_DAY

Months = NDArray[np.int32]
Sirens = NDArray[np.uint32]
Days = NDArray[np.int32]


@dataclass(frozen=True)
class FirmMonths:
    """What firms were given at month ends, arrays of n rows; a firm and a month occur once together."""

    sirens: Sirens
    months: Months
    probabilities: Floats
    tiers: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.sirens)

    def of(self, rows: NDArray[np.intp] | Bools) -> "FirmMonths":
        """Some of the rows."""
        return FirmMonths(self.sirens[rows], self.months[rows], self.probabilities[rows], self.tiers[rows])


@dataclass(frozen=True)
class Proceedings:
    """The day (`detectors.months`) of each firm's first opening, firms once each in ascending order, arrays (f,)."""

    sirens: Sirens
    days: Days

    def days_of(self, sirens: Sirens) -> Days:
        """The first opening of each of these firms, (n,); `NO_DAY` where none is known."""
        at = np.minimum(np.searchsorted(self.sirens, sirens), max(len(self.sirens) - 1, 0))
        if not len(self.sirens):
            return np.full(len(sirens), NO_DAY, np.int32)
        return np.where(self.sirens[at] == sirens, self.days[at], NO_DAY).astype(np.int32)


def first_openings(sirens: Sirens, days: Days) -> Proceedings:
    """The first of each firm's openings, in any order; arrays (n,)."""
    order = np.lexsort((days, sirens))
    firms, first = np.unique(sirens[order], return_index=True)
    return Proceedings(firms, days[order][first])


def answered(months: Months, horizon: int, last: int) -> Bools:
    """Which rows can be judged, (n,): those whose `horizon` months lie within the data, whole up to month `last`."""
    return months + horizon <= last


def labels(months: Months, proceeding_days: Days, horizon: int) -> Bools:
    """Whether a procedure opened within the horizon of each row, (n,), exactly as the learner is told."""
    found = np.zeros(len(months), bool)
    for month in np.unique(months).tolist():
        rows = months == month
        found[rows] = opened(month, proceeding_days[rows], horizon)
    return found


def month_ends(months: Months) -> Days:
    """The last day of each month, (n,)."""
    distinct, inverse = np.unique(months, return_inverse=True)
    return np.array([last_day(month).toordinal() for month in distinct.tolist()], np.int32)[inverse]
