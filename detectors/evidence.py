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


def _month_hours(back: int) -> Callable[[View], Column]:
    return lambda v: v.hours_lag(back)


def _headcount_before(v: View) -> Column:
    heads = v.headcount_lag(1)
    return np.where(heads > 0, heads, np.nan)


_QUANTITIES: tuple[tuple[str, Callable[[View], Column], Callable[[View], Column] | None], ...] = (
    ("debt_employee_euros", lambda v: v.employee_debt, lambda v: np.maximum(v.employee_lag(1), 0)),
    ("debt_employer_euros", lambda v: v.employer_debt, lambda v: np.maximum(v.employer_lag(1), 0)),
    ("debt_age_months", lambda v: v.debt_age, None),
    ("debt_growth_3m_ratio", lambda v: v.debt_growth, None),
    ("contribution_monthly_euros", lambda v: v.monthly_contribution, None),
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
    ("headcount_change_12m_ratio", lambda v: v.headcount_change(YEAR), None),
    ("schedule_running", lambda v: v.schedule_running, None),
    ("schedule_amount_euros", lambda v: v.schedule_amount, None),
    ("commission_months", lambda v: v.months_since[1], None),
    ("expert_rule", lambda v: v.expert_rule.astype(np.float64), None),
)

_NAMES, _NOW, _BEFORE = zip(*_QUANTITIES, strict=True)
_ENTERED = Quantity("in_proceeding", 1.0, 0.0)


def quantities(view: View) -> list[list[Quantity]]:
    """For each firm of the view, every quantity in a fixed order; that it is in a proceeding, only where it is."""
    unknown = np.full(len(view), np.nan)
    now = np.array([column(view) for column in _NOW]).T.tolist()
    before = np.array([unknown if column is None else column(view) for column in _BEFORE]).T.tolist()
    shown = [[*map(Quantity, _NAMES, *of)] for of in zip(now, before, strict=True)]
    for place in view.in_proceeding.nonzero()[0].tolist():
        shown[place].append(_ENTERED)
    return shown
