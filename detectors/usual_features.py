"""The network's published features, as its monthly batch has them: what a reference model is fitted on.

Euros and hours as they are, no scaling: the models that use them are trees. Vigie's own features are in `features`.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from detectors.panel import Panel, Rows
from detectors.view import Column, View

LAGS = (1, 2, 3, 6, 12)
"""Months back at which each share of the debt is looked at too."""
NAMES = (
    "employee_debt",
    *(f"employee_debt_lag_{k}" for k in LAGS),
    "employer_debt",
    *(f"employer_debt_lag_{k}" for k in LAGS),
    "debt_to_contribution",
    "debt_per_employee",
    "debt_per_employee_change_3m",
    "unpaid_ratio",
    "hours_used_12m_per_employee",
    "hours_authorised_12m_per_employee",
    "request_running",
    "headcount",
    "headcount_change_3m",
    "headcount_change_12m",
    "schedule_running",
    "schedule_amount",
    "oldest_debt_months",
)
"""The columns in order: euros, euros per employee, hours per employee, months; ratios and changes have no unit."""


def at_month_end(panel: Panel, rows: Rows, month: int, days: NDArray[np.int32]) -> NDArray[np.float32]:
    """The features of firms at the end of a month whose sweep is done and after which nothing came, (n, NAMES)."""
    view = View(panel, rows, month, days)
    return np.column_stack([*_columns(view), oldest_debt(panel, rows, month)]).astype(np.float32)


def oldest_debt(panel: Panel, rows: Rows, month: int) -> Column:
    """Months since the period of the oldest debt that is still outstanding, (n,); 0 without debt."""
    debts = panel.debts.entries[: len(panel.debts)]
    owed = debts["employee"] + debts["employer"] > 0
    oldest = np.full(len(panel), month, np.int64)
    np.minimum.at(oldest, panel.debts.firms[: len(debts)][owed], debts["month"][owed])
    return np.maximum(month - oldest[rows], 0).astype(np.float64)


def _columns(view: View) -> Iterator[Column]:
    yield view.employee_debt
    yield from (view.employee_lag(k) for k in LAGS)
    yield view.employer_debt
    yield from (view.employer_lag(k) for k in LAGS)
    yield view.debt / view.contribution_scale
    yield view.debt / view.staff
    yield (view.debt - view.debt_lag(3)) / view.staff
    yield np.nan_to_num(view.unpaid_over(0, 12))
    yield view.hours_used(12) / view.staff
    yield view.hours_authorised(12) / view.staff
    yield view.request_running
    yield view.staff
    yield np.nan_to_num(view.headcount_change(3))
    yield np.nan_to_num(view.headcount_change(12))
    yield view.schedule_running
    yield view.schedule_amount
