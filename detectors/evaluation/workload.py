"""What the scores ask of agents: alerts a week, and how good the head of each month's list is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.evaluation.firm_months import Months, Sirens
from detectors.evaluation.ranking import Bools, Floats
from detectors.months import first_day


@dataclass(frozen=True)
class Load:
    """Firms that came to a level, or alerts, in a month."""

    month: int
    count: int
    per_week: float


def raised(sirens: Sirens, months: Months, tiers: NDArray[np.uint8], first: int) -> NDArray[np.int32]:
    """The months of all rises to a higher level than the firm had a month before; arrays (n,).

    A firm that was not scored a month before had none. Month `first` is left out: everything in it is new.
    """
    order = np.lexsort((months, sirens))
    sirens, months, tiers = sirens[order], months[order], tiers[order]
    follows = (sirens[1:] == sirens[:-1]) & (months[1:] == months[:-1] + 1)
    before = np.append(0, np.where(follows, tiers[:-1], 0)) if len(tiers) else tiers
    return months[(tiers > before) & (months > first)]


def by_month(months: NDArray[np.int32], first: int, last: int) -> tuple[Load, ...]:
    """The load of each month from `first` to `last`, both included, from the months of its causes."""
    inside = months[(months >= first) & (months <= last)]
    counts = np.bincount(inside - first, minlength=max(last - first + 1, 0))
    return tuple(
        Load(first + i, int(count), float(count / (_days(first + i) / 7))) for i, count in enumerate(counts.tolist())
    )


def per_week(loads: tuple[Load, ...]) -> float | None:
    """The mean over all months' days; None without months."""
    days = sum(_days(load.month) for load in loads)
    return sum(load.count for load in loads) / (days / 7) if days else None


def precision_at(k: int, months: Months, scores: Floats, labels: Bools) -> float | None:
    """Positives among each month's k highest scores, mean of the months; arrays (n,). None without rows.

    Where the k-th score is shared, each of its rows counts for an equal part.
    """
    found = [_precision_at(k, scores[months == m], labels[months == m]) for m in np.unique(months).tolist()]
    return float(np.mean(found)) if found else None


def _precision_at(k: int, scores: Floats, labels: Bools) -> float:
    k = min(k, len(scores))
    cut = np.partition(scores, len(scores) - k)[len(scores) - k]
    above, level = scores > cut, scores == cut
    part = (k - above.sum()) / level.sum()
    return float((labels[above].sum() + part * labels[level].sum()) / k)


def _days(month: int) -> int:
    return first_day(month + 1).toordinal() - first_day(month).toordinal()
