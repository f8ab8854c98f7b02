"""What a month end's scores were like, as counts: enough to watch them, and to see how many firms a cut would call.

Counts of any number of partitions add up exactly, whatever the cut.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.labels import Cohort
from detectors.logits import sigmoid

CELLS = 256
_STEPS_A_UNIT = 16
_LOWEST = -8.0

Counts = NDArray[np.int64]


def cells(logits: NDArray[np.float64]) -> NDArray[np.intp]:
    """The cell of each score, 1 to 255, shape (n,): sixteenths of a unit of log-odds from -8 on; 0 where nan."""
    steps = np.floor((np.nan_to_num(logits) - _LOWEST) * _STEPS_A_UNIT)
    return np.where(np.isnan(logits), 0, np.clip(steps, 1, CELLS - 1)).astype(np.intp)


CUTS: NDArray[np.float64] = _LOWEST + np.arange(CELLS) / _STEPS_A_UNIT
"""The least score of each cell, log-odds, shape (256,)."""
STEP = 1 / _STEPS_A_UNIT
"""How wide a cell is, log-odds."""
MIDDLES = CUTS + STEP / 2
_PROBABILITIES = sigmoid(MIDDLES)


@dataclass(frozen=True)
class MonthScores:
    """Of the firms scored at a month end: counts by department, arrays of shape (departments, 256)."""

    departments: tuple[str, ...]
    """Codes in order, "" where unknown."""
    firms: Counts
    """Firms by the cell of their score."""
    rises: Counts
    """Firms whose score passed the lower edge of a cell upwards since the month end before."""
    followed: int = 0
    """Firms scored at the month end before."""
    openings: int = 0
    """Those of them whose first proceeding opened in this month."""

    @property
    def total(self) -> Counts:
        """Firms by cell, all departments together, shape (256,)."""
        return self.firms.sum(axis=0)

    @property
    def promised(self) -> float:
        """Proceedings that the scores expect within the horizon."""
        return float(self.total @ _PROBABILITIES)


def count(
    cohort: Cohort, departments: NDArray[np.bytes_], before: Cohort | None, opened: NDArray[np.bool_]
) -> MonthScores:
    """The counts of a cohort of n firms; `departments` (n,) are theirs.

    `before` is the cohort of the month before, m firms, and `opened` (m,) which of them failed in this month.
    """
    names, place = np.unique(departments, return_inverse=True)
    now, then = cells(cohort.logits), cells(_earlier(cohort, before))
    size = len(names) * CELLS
    rising = now > then
    starts = np.bincount((place * CELLS + then + 1)[rising], minlength=size)
    ends = np.bincount((place * (CELLS + 1) + now + 1)[rising], minlength=len(names) * (CELLS + 1))
    steps = starts.reshape(-1, CELLS) - ends.reshape(-1, CELLS + 1)[:, :CELLS]
    return MonthScores(
        departments=tuple(name.decode() for name in names.tolist()),
        firms=np.bincount(place * CELLS + now, minlength=size).reshape(-1, CELLS).astype(np.int64),
        rises=np.cumsum(steps, axis=1).astype(np.int64),
        followed=0 if before is None else len(before),
        openings=int(opened.sum()),
    )


def _earlier(cohort: Cohort, before: Cohort | None) -> NDArray[np.float64]:
    """The scores that the firms had in another cohort, shape (n,); nan of those that were not in it."""
    if before is None or not len(before):
        return np.full(len(cohort), np.nan)
    order = np.argsort(before.sirens)
    at = np.minimum(np.searchsorted(before.sirens, cohort.sirens, sorter=order), len(before) - 1)
    found = order[at]
    return np.where(before.sirens[found] == cohort.sirens, before.logits[found], np.nan)


def merged(parts: Sequence[MonthScores]) -> MonthScores:
    """The counts of several partitions together."""
    names = sorted({name for part in parts for name in part.departments})
    firms, rises = (np.zeros((len(names), CELLS), np.int64) for _ in range(2))
    for part in parts:
        at = [names.index(name) for name in part.departments]
        firms[at] += part.firms
        rises[at] += part.rises
    followed, openings = sum(p.followed for p in parts), sum(p.openings for p in parts)
    return MonthScores(tuple(names), firms, rises, followed, openings)
