"""The alerts that a department's agents can take: from a cap to the least score that is told there.

A cap is a rate, not a limit: from how many firms' scores passed each cut upwards in the last months follows the lowest
cut that no more than so many would pass. A partition sees only its share of a department, so the trainer works it out
from the counts of all of them, and the model carries it. Agents' inboxes hold the hard limit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.arrays import Array, stored
from detectors.errors import UnusableInput
from detectors.month_scores import CELLS, CUTS, MonthScores, cells
from detectors.options import option

MONTHS = 12
"""Months whose scores tell how many would be told."""
_WEEKS_A_MONTH = 365.25 / 12 / 7


@dataclass(frozen=True)
class CapOptions:
    """How many alerts a department can take. Raises UnusableInput for a rate that means nothing."""

    alerts_per_week: float = option(
        0.0, "Alerts that a department's agents can take, of new risks and jumps; 0 is no cap", unit="a week"
    )

    def __post_init__(self) -> None:
        if not 0 <= self.alerts_per_week < float("inf"):
            raise UnusableInput(
                f"--alerts-per-week (VIGIE_ALERTS_PER_WEEK): {self.alerts_per_week} is no rate. Give 0 or more"
            )


class StoredRises(msgspec.Struct, frozen=True):
    """A month's rises by department, (departments, 256)."""

    departments: tuple[str, ...]
    rises: Array


def rises(scores: MonthScores) -> StoredRises:
    """What a cap needs of a month."""
    return StoredRises(scores.departments, stored(scores.rises, "<u4"))


def floors(months: Sequence[StoredRises], strong: float, options: CapOptions) -> dict[str, float]:
    """The least score told in each department, log-odds; none where its rises are fewer than the cap anyway.

    `strong` is the threshold of strong risk, log-odds: a firm told below it is told again when it passes.
    """
    if not options.alerts_per_week or not months:
        return {}
    names = sorted({name for month in months for name in month.departments})
    total = np.zeros((len(names), CELLS))
    for month in months:
        total[[names.index(name) for name in month.departments]] += month.rises.open()
    again = int(cells(np.array([strong]))[0])
    total[:, :again] += total[:, again : again + 1]
    too_many = total > options.alerts_per_week * _WEEKS_A_MONTH * len(months)
    # The cut above the highest one that too many pass; the last cell is the highest cut there is.
    lowest = np.minimum(CELLS - np.argmax(too_many[:, ::-1], axis=1), CELLS - 1)
    return {name: float(CUTS[lowest[i]]) for i, name in enumerate(names) if too_many[i].any()}


class Floors:
    """Floors ready to be looked up for whole columns."""

    def __init__(self, by_department: Mapping[str, float]) -> None:
        codes = sorted((code.encode(), value) for code, value in by_department.items())
        self._codes = np.array([code for code, _ in codes], "S3")
        self._values = np.array([value for _, value in codes])

    def of(self, departments: NDArray[np.bytes_]) -> NDArray[np.float64]:
        """The floor of each department, shape (n,); minus infinity where there is none."""
        if not len(self._codes):
            return np.full(len(departments), -np.inf)
        at = np.minimum(np.searchsorted(self._codes, departments), len(self._codes) - 1)
        return np.where(self._codes[at] == departments, self._values[at], -np.inf)
