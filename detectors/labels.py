"""Which past months have an answer by now, and which answer.

An example of month m (features as they stood when it was scored) is answered at the end of month m + horizon: yes if a
collective procedure opened after the end of m and by then, else no. Both answers wait: learning yes on sight while no
waits wrecks calibration (measured, see docs/design).
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.errors import UnusableInput
from detectors.months import last_day
from detectors.options import option
from detectors.scales import Codes

HORIZON = 18
"""Months, as the network has it."""
_LONGEST_HORIZON = 120


@dataclass(frozen=True)
class HorizonOptions:
    """What a score promises. Raises UnusableInput for a horizon that cannot be waited for."""

    horizon: int = option(HORIZON, "Months within which a collective procedure is predicted", unit="months")

    def __post_init__(self) -> None:
        if not 1 <= self.horizon <= _LONGEST_HORIZON:
            raise UnusableInput(
                f"--horizon (VIGIE_HORIZON): {self.horizon} months cannot be predicted. Give 1 to {_LONGEST_HORIZON}"
            )


@dataclass(frozen=True)
class Cohort:
    """The firms scored at the end of a month, arrays of n firms, never changed.

    `codes` (n, features) describe them, `members` (n, members) are the log-odds of the model's members, nan of those
    that had not learned yet, `logits` the score.
    """

    month: int
    sirens: NDArray[np.uint32]
    codes: Codes
    members: NDArray[np.float32]
    logits: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.sirens)

    def rows(self, at: NDArray[np.intp] | NDArray[np.bool_] | slice) -> "Cohort":
        """Some of its firms."""
        return Cohort(self.month, self.sirens[at], self.codes[at], self.members[at], self.logits[at])


@dataclass(frozen=True)
class Examples:
    """A cohort with its answers: `labels` (n,) true where a procedure opened within the horizon."""

    cohort: Cohort
    labels: NDArray[np.bool_]


Parts = MutableMapping[int, Cohort]
"""A cohort in numbered parts."""


class RecordedParts(Parts):
    """Parts that are kept as their records' values, which recovery need not open."""

    @abstractmethod
    def put_back(self, number: int, value: bytes) -> None:
        """Take a part as its record has it, in the place of one of this number."""


class Pending(dict[int, Parts]):
    """Cohorts that wait for their answers, by month; one that is not there has no parts yet."""

    def __init__(self, parts_of: Callable[[int], Parts] = lambda _month: {}) -> None:
        """`parts_of` makes the place where a month's parts are kept; by default in memory."""
        super().__init__()
        self._parts_of = parts_of

    def __missing__(self, month: int) -> Parts:
        parts = self[month] = self._parts_of(month)
        return parts


PART_ROWS = 2_000
"""Firms of a part of a cohort: one record."""


def joined(parts: Sequence[Cohort]) -> Cohort:
    """One cohort of several of the same month."""
    if len(parts) == 1:
        return parts[0]
    return Cohort(
        parts[0].month,
        np.concatenate([p.sirens for p in parts]),
        np.concatenate([p.codes for p in parts]),
        np.concatenate([p.members for p in parts]),
        np.concatenate([p.logits for p in parts]),
    )


def cut(cohort: Cohort, first: int = 0) -> dict[int, Cohort]:
    """A cohort in parts, numbered from `first` on."""
    starts = range(0, len(cohort), PART_ROWS)
    return {number: cohort.rows(slice(start, start + PART_ROWS)) for number, start in enumerate(starts, first)}


def whole(parts: Mapping[int, Cohort]) -> Cohort:
    """One cohort of its parts, by SIREN; a firm of more than one stands as in the last."""
    cohort = joined([parts[number] for number in sorted(parts)])
    _, last = np.unique(cohort.sirens[::-1], return_index=True)
    return cohort.rows(len(cohort) - 1 - last)


def answer(cohort: Cohort, proceeding_days: NDArray[np.int32], horizon: int) -> Examples:
    """The answers of a cohort whose horizon (months) has passed; `proceeding_days` are the firms' first, (n,)."""
    return Examples(cohort, opened(cohort.month, proceeding_days, horizon))


def opened(month: int, proceeding_days: NDArray[np.int32], horizon: int) -> NDArray[np.bool_]:
    """Whether a procedure opened within so many months of the end of `month`, shape of `proceeding_days`."""
    start, end = last_day(month).toordinal(), last_day(month + horizon).toordinal()
    return (proceeding_days > start) & (proceeding_days <= end)
