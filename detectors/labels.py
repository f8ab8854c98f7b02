"""Which past months have an answer by now, and which answer.

An example of month m (features as they stood when it was scored) is answered at the end of month m + horizon: yes if a
collective procedure opened after the end of m and by then, else no. Both answers wait: learning yes on sight while no
waits wrecks calibration (measured, see docs/design).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.months import last_day


@dataclass(frozen=True)
class Cohort:
    """The firms scored at the end of a month, arrays of n firms; `features` (n, features) float32, never changed."""

    month: int
    sirens: NDArray[np.uint32]
    features: NDArray[np.float32]
    logits: NDArray[np.float64]


@dataclass(frozen=True)
class Examples:
    """A cohort with its answers: `labels` (n,) true where a procedure opened within the horizon."""

    cohort: Cohort
    labels: NDArray[np.bool_]


def answer(cohort: Cohort, proceeding_days: NDArray[np.int32], horizon: int) -> Examples:
    """The answers of a cohort whose horizon (months) has passed; `proceeding_days` are the firms' first, (n,)."""
    start = last_day(cohort.month).toordinal()
    end = last_day(cohort.month + horizon).toordinal()
    return Examples(cohort, (proceeding_days > start) & (proceeding_days <= end))
