"""How long before a proceeding a firm was called at risk.

Only what was said within the horizon before the proceeding counts: a call years earlier was another one, and a false
one. A firm counts among those that could have been called k months ahead if it was scored that early.
"""

from dataclasses import dataclass

import numpy as np

from detectors.evaluation.firm_months import Days, Sirens, month_ends
from detectors.evaluation.ranking import Bools, Floats
from detectors.months import months_of

MONTH_DAYS = 365.25 / 12
AHEAD = (6, 12)
"""Months ahead of which the share of firms called is told."""


@dataclass(frozen=True)
class Lead:
    """How early the firms that failed were called."""

    firms: int
    """Firms that failed and were scored within the horizon before."""
    called: int
    median_months: float | None
    """From the first call to the proceeding, over the firms called; None where there is none."""
    share_called: float | None
    share_6_months: float | None
    """Called at least six months ahead, among those scored that early."""
    share_12_months: float | None
    by_month: tuple[int, ...]
    """Firms called, by whole months ahead: 0 to the horizon."""


@dataclass(frozen=True)
class Failing:
    """The firms that failed: ascending SIRENs, and how many months before it each was first scored; arrays (f,)."""

    sirens: Sirens
    scored_ahead: Floats
    horizon: int


def ahead(days: Days, proceeding_days: Days, horizon: int) -> Floats:
    """Months from each day to the proceeding, (n,); nan where it is past, unknown or further than the horizon.

    The horizon ends with the month that lies so many months after the day's own, as that of the labels.
    """
    months, of_month = np.unique(months_of(days), return_inverse=True)
    end = month_ends((months + horizon).astype(np.int32))[of_month]
    within = (proceeding_days > days) & (proceeding_days <= end)
    return np.where(within, (proceeding_days.astype(np.int64) - days) / MONTH_DAYS, np.nan)


def failing(sirens: Sirens, ahead_months: Floats, horizon: int) -> Failing:
    """The firms of scored rows (n,) that failed within the horizon of at least one."""
    firms, first = _greatest(sirens, ahead_months)
    return Failing(firms, first, horizon)


def lead(firms: Failing, sirens: Sirens, ahead_months: Floats, called: Bools) -> Lead:
    """How early `firms` were first called by rows (n,), scores or alerts."""
    found, first = _greatest(sirens[called], ahead_months[called])
    known = np.isin(found, firms.sirens)
    found, first = found[known], first[known]
    of_firm = np.zeros(len(firms.sirens))
    of_firm[np.searchsorted(firms.sirens, found)] = first
    shares = [_share(of_firm >= months, firms.scored_ahead >= months) for months in AHEAD]
    return Lead(
        firms=len(firms.sirens),
        called=len(found),
        median_months=float(np.median(first)) if len(first) else None,
        share_called=_share(of_firm > 0, np.ones(len(of_firm), bool)),
        share_6_months=shares[0],
        share_12_months=shares[1],
        by_month=tuple(
            np.bincount(np.minimum(first.astype(np.intp), firms.horizon), minlength=firms.horizon + 1).tolist()
        ),
    )


def _greatest(sirens: Sirens, ahead_months: Floats) -> tuple[Sirens, Floats]:
    """The firms with any known month ahead, ascending, and the greatest of each."""
    known = ~np.isnan(ahead_months)
    sirens, ahead_months = sirens[known], ahead_months[known]
    order = np.lexsort((-ahead_months, sirens))
    firms, first = np.unique(sirens[order], return_index=True)
    return firms, ahead_months[order][first]


def _share(called: Bools, among: Bools) -> float | None:
    return float((called & among).sum() / among.sum()) if among.any() else None
