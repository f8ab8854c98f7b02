"""The quantities an agent is shown: as they are now, and as they were at the last month end."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from detectors.view import Column, View

YEAR = 12


class Quantity(NamedTuple):
    """A value that moved (or did not); nan is unknown."""

    field: str
    now: float
    before: float


def _unknown(v: View) -> Column:
    return np.full(len(v), np.nan)


def _month_hours(back: int) -> Callable[[View], Column]:
    return lambda v: v.hours_lag(back)


def _headcount_before(v: View) -> Column:
    heads = v.headcount_lag(1)
    return np.where(heads > 0, heads, np.nan)


_QUANTITIES: tuple[tuple[str, Callable[[View], Column], Callable[[View], Column]], ...] = (
    ("debt_employee_euros", lambda v: v.employee_debt, lambda v: np.maximum(v.employee_lag(1), 0)),
    ("debt_employer_euros", lambda v: v.employer_debt, lambda v: np.maximum(v.employer_lag(1), 0)),
    ("debt_age_months", lambda v: v.debt_age, _unknown),
    ("debt_growth_3m_ratio", lambda v: v.debt_growth, _unknown),
    ("contribution_monthly_euros", lambda v: v.monthly_contribution, _unknown),
    ("unpaid_ratio", lambda v: v.unpaid_over(0, YEAR), lambda v: v.unpaid_over(1, YEAR)),
    (
        "partial_unemployment_hours_12m",
        lambda v: v.hours_used(YEAR),
        lambda v: v.hours_used(YEAR, back=1),
    ),
    ("partial_unemployment_hours_month", _month_hours(0), _month_hours(1)),
    (
        "partial_unemployment_authorised_hours_12m",
        lambda v: v.hours_authorised(YEAR),
        lambda v: v.hours_authorised(YEAR, back=1),
    ),
    ("headcount", lambda v: v.headcount, _headcount_before),
    ("headcount_change_12m_ratio", lambda v: v.headcount_change(YEAR), _unknown),
    ("schedule_running", lambda v: v.schedule_running, _unknown),
    ("schedule_amount_euros", lambda v: v.schedule_amount, _unknown),
    ("commission_months", lambda v: v.commission_age, _unknown),
    ("expert_rule", lambda v: v.expert_rule.astype(np.float64), _unknown),
)

_NAMES, _NOW, _BEFORE = zip(*_QUANTITIES, strict=True)
_ENTERED = Quantity("in_proceeding", 1.0, 0.0)


def quantities(view: View) -> list[list[Quantity]]:
    """For each firm of the view, every quantity in a fixed order; that it is in a proceeding, only where it is."""
    now, before = (np.array([column(view) for column in columns]).T.tolist() for columns in (_NOW, _BEFORE))
    shown = [[*map(Quantity, _NAMES, *of)] for of in zip(now, before, strict=True)]
    for place in np.flatnonzero(view.in_proceeding).tolist():
        shown[place].append(_ENTERED)
    return shown
