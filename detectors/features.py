"""The numbers that describe a firm to a model, each a small function of its `View`.

A feature has a theme (how its weight is explained to an agent), a unit and a scale on which it becomes a code. nan says
that it is not known, which is a fact of its own to a model. They stand in the order of this file; the names are the
schema of a model. Sources: the network's published feature list (debt by share with lags, debt over mean contribution,
partial unemployment per employee, headcount trend, schedules) and its expert rule; beyond it, how a debt has run (how
often, how long, how high before), which tells a habit from a decline.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import between
from detectors.scales import Coder, Codes, Scale
from detectors.view import YEAR, Column, View, how_many, over

THEMES = ("debt", "contributions", "partial-unemployment", "headcount", "schedules", "profile")
"""Themes in the order of a firm's stored contributions."""
LARGE_CHANGE = 0.1
"""Contributions of a month by which a debt must move for the move to be counted: rounding and fees are less."""

MONTHS_OF_CONTRIBUTION = Scale(most=200.0, unit=0.05)
SIGNED_MONTHS_OF_CONTRIBUTION = Scale(most=200.0, unit=0.05, signed=True)
EUROS = Scale(most=1e6, unit=10.0)
SHARE = Scale(most=1.0)
CHANGE = Scale(most=1.0, signed=True)
MONTHS = Scale(most=120.0, unit=2.0)
COUNT = Scale(most=200.0, unit=1.0)
YEAR_MONTHS = Scale(most=12.0)
FULL_TIME_MONTHS = Scale(most=24.0, unit=0.02)
EMPLOYEES = Scale(most=50_000.0, unit=1.0)
LOG_RATIO = Scale(most=2.0, signed=True)
SWITCH = Scale(most=1.0)
DIVISION = Scale(most=254.0)


class Feature(NamedTuple):
    """A named column of the matrix."""

    name: str
    theme: str
    unit: str
    scale: Scale
    compute: Callable[[View], Column]


FEATURES: list[Feature] = []


def _feature(theme: str, unit: str, scale: Scale) -> Callable[[Callable[[View], Column]], Callable[[View], Column]]:
    def register(compute: Callable[[View], Column]) -> Callable[[View], Column]:
        FEATURES.append(Feature(compute.__name__, theme, unit, scale, compute))
        return compute

    return register


def codes(view: View) -> Codes:
    """Every feature of every firm of the view as codes, shape (n, features)."""
    values = np.array([feature.compute(view) for feature in FEATURES], np.float32)
    # A feature's codes lie side by side in memory: whoever looks at them looks at one feature after the other.
    return _coder().encode(values).T


@cache
def _coder() -> Coder:
    return Coder([feature.scale for feature in FEATURES])


def matrix(view: View) -> NDArray[np.float64]:
    """Every feature of every firm of the view in its unit, shape (n, features); nan is unknown."""
    out = np.empty((len(view), len(FEATURES)))
    for i, feature in enumerate(FEATURES):
        out[:, i] = feature.compute(view)
    return out


def names() -> tuple[str, ...]:
    """The features' names, in order."""
    return tuple(feature.name for feature in FEATURES)


def themes_of() -> NDArray[np.intp]:
    """The place of each feature's theme in `THEMES`, shape (features,)."""
    return np.array([THEMES.index(f.theme) for f in FEATURES], np.intp)


# Debt: how much


@_feature("debt", "months of contribution", MONTHS_OF_CONTRIBUTION)
def debt_to_contribution(v: View) -> Column:
    """Outstanding debt over the mean monthly contribution of twelve months."""
    return v.debt_months


@_feature("debt", "months of contribution", MONTHS_OF_CONTRIBUTION)
def employee_debt_to_contribution(v: View) -> Column:
    """The employee share alone: withheld from wages and not passed on, a sign of cash running out."""
    return v.employee_debt / v.contribution_scale


@_feature("debt", "euros", EUROS)
def debt_per_employee(v: View) -> Column:
    """Outstanding debt per employee."""
    return v.debt / v.staff


@_feature("debt", "share", SHARE)
def employee_part(v: View) -> Column:
    """Employee share within the debt."""
    return v.employee_debt / np.where(v.debt > 1.0, v.debt, np.nan)


@_feature("debt", "share", SHARE)
def disputed_part(v: View) -> Column:
    """What is disputed within the debt: a dispute says little about cash."""
    return between(over(v.firms["debt_disputed"], v.balance), 0.0, 1.0)


# Debt: where it is going


@_feature("debt", "months of contribution", SIGNED_MONTHS_OF_CONTRIBUTION)
def debt_growth_1m(v: View) -> Column:
    """Growth of the debt since the last month end."""
    return v.debt_change(1)


@_feature("debt", "months of contribution", SIGNED_MONTHS_OF_CONTRIBUTION)
def debt_growth_2m(v: View) -> Column:
    """Growth of the debt over two months."""
    return v.debt_change(2)


@_feature("debt", "months of contribution", SIGNED_MONTHS_OF_CONTRIBUTION)
def debt_growth_3m(v: View) -> Column:
    """Growth of the debt over three months: the quantity of the network's 20 % rule."""
    return v.debt_growth


@_feature("debt", "months of contribution", SIGNED_MONTHS_OF_CONTRIBUTION)
def debt_growth_6m(v: View) -> Column:
    """Growth of the debt over six months."""
    return v.debt_change(6)


@_feature("debt", "months of contribution", SIGNED_MONTHS_OF_CONTRIBUTION)
def debt_growth_12m(v: View) -> Column:
    """Growth of the debt over a year."""
    return v.debt_change(12)


@_feature("debt", "months of contribution", SIGNED_MONTHS_OF_CONTRIBUTION)
def employee_debt_growth_3m(v: View) -> Column:
    """Growth of the employee share over three months."""
    before = np.maximum(v.employee_lag(3), 0)
    return np.where(v.months_known > 3, v.employee_debt - before, 0.0) / v.contribution_scale


# Debt: how it has run


@_feature("debt", "months of contribution", MONTHS_OF_CONTRIBUTION)
def debt_mean_12m(v: View) -> Column:
    """Mean debt of the last twelve month ends."""
    return np.add.reduce(v.owed[1:]) / (12 * 100.0 * v.contribution_scale)


@_feature("debt", "months of contribution", MONTHS_OF_CONTRIBUTION)
def debt_highest_12m(v: View) -> Column:
    """Highest debt of the last twelve month ends."""
    return np.maximum.reduce(v.owed[1:]) / v.cents_scale


@_feature("debt", "months of contribution", MONTHS_OF_CONTRIBUTION)
def debt_lowest_6m(v: View) -> Column:
    """Lowest debt of the last six month ends and today: what was never paid back."""
    return np.minimum.reduce(v.owed[:7]) / v.cents_scale


@_feature("debt", "months", YEAR_MONTHS)
def months_in_debt(v: View) -> Column:
    """How lasting the debt is: month ends with debt among the last twelve."""
    return how_many(v.histories[0, 1:] + v.histories[1, 1:] > 100)


@_feature("debt", "months", YEAR_MONTHS)
def debt_rises_12m(v: View) -> Column:
    """How often the debt grew from one month end to the next within a year."""
    return how_many(v.debt_steps > LARGE_CHANGE * 100.0 * v.contribution_scale)


@_feature("debt", "months", YEAR_MONTHS)
def debt_falls_12m(v: View) -> Column:
    """How often the debt shrank from one month end to the next within a year: somebody is paying."""
    return how_many(v.debt_steps < -LARGE_CHANGE * 100.0 * v.contribution_scale)


@_feature("debt", "months", MONTHS)
def debt_run(v: View) -> Column:
    """Month ends in a row with debt, up to the last one."""
    return v.firms["debt_run"].astype(np.float64)


@_feature("debt", "months", MONTHS)
def clean_run(v: View) -> Column:
    """Month ends in a row without debt, up to the last one."""
    return v.firms["clean_run"].astype(np.float64)


@_feature("debt", "share", SHARE)
def debt_habit(v: View) -> Column:
    """Share of all month ends ever seen at which the firm had debt."""
    return np.minimum(v.firms["debt_months"] / v.months_known, 1.0)


@_feature("debt", "episodes a year", Scale(most=12.0, unit=0.2))
def debt_episodes(v: View) -> Column:
    """How often a year the firm went from no debt to some."""
    return v.firms["debt_episodes"] / v.years_known


@_feature("debt", "months of contribution", MONTHS_OF_CONTRIBUTION)
def debt_usual(v: View) -> Column:
    """Debt that is usual for the firm: exponentially weighted mean over about a year and a half of month ends."""
    return v.firms["debt_usual"]


@_feature("debt", "months of contribution", SIGNED_MONTHS_OF_CONTRIBUTION)
def debt_above_usual(v: View) -> Column:
    """Debt beyond what is usual for the firm."""
    return v.debt_months - v.firms["debt_usual"]


@_feature("debt", "share", SHARE)
def debt_to_peak(v: View) -> Column:
    """Debt over the highest that the firm ever had: 1 is a record."""
    return over(v.debt_months, np.maximum(v.debt_months, v.firms["debt_peak"]))


# Debts: one by one


@_feature("debt", "months", MONTHS)
def debt_age(v: View) -> Column:
    """Mean age of what is outstanding, weighted by amount."""
    return np.where(v.debt > 1.0, v.debt_age, np.nan)


@_feature("debt", "months", MONTHS)
def mean_debt_age(v: View) -> Column:
    """Mean age of the outstanding debts, each counted alike."""
    return v.mean_debt_ages[1]


@_feature("debt", "debts", COUNT)
def open_debts(v: View) -> Column:
    """Debts outstanding: periods not paid in full."""
    return v.firms["debts_open"].astype(np.float64)


@_feature("debt", "debts a year", COUNT)
def debts_a_year(v: View) -> Column:
    """Debts ever known per year of history: how often a period is not paid in time."""
    return v.firms["debts_known"] / v.years_known


@_feature("debt", "months", MONTHS)
def months_since_debt(v: View) -> Column:
    """Months since the newest period that was not paid in time."""
    return v.silences[0]


# Contributions


@_feature("contributions", "share", SHARE)
def unpaid_ratio(v: View) -> Column:
    """Unpaid share of what was due over twelve months."""
    return v.unpaid_shares[0]


@_feature("contributions", "share", SHARE)
def unpaid_ratio_3m(v: View) -> Column:
    """Unpaid share of what was due over three months."""
    return v.unpaid_shares[1]


@_feature("contributions", "change of a share", CHANGE)
def unpaid_change(v: View) -> Column:
    """Unpaid share of three months less that of the nine before."""
    return v.unpaid_shares[1] - v.unpaid_shares[2]


@_feature("contributions", "log ratio", LOG_RATIO)
def contribution_trend(v: View) -> Column:
    """Contribution of the last three months over that of twelve: activity that shrinks or grows."""
    return np.log(v.known_contributions[1] / v.known_contributions[0])


@_feature("contributions", "euros", EUROS)
def contribution_per_employee(v: View) -> Column:
    """Contribution due a month per employee: what kind of wages are paid."""
    return v.known_contributions[0] / v.staff


@_feature("contributions", "months", MONTHS)
def contribution_silence(v: View) -> Column:
    """Months since the last period of which a contribution is known."""
    return v.silences[1]


# Partial unemployment


@_feature("partial-unemployment", "full-time months per employee", FULL_TIME_MONTHS)
def hours_used_12m(v: View) -> Column:
    """Partial unemployment used over twelve months, per employee."""
    return v.times_off[0, 0]


@_feature("partial-unemployment", "full-time months per employee", FULL_TIME_MONTHS)
def hours_used_3m(v: View) -> Column:
    """Partial unemployment used over three months, per employee."""
    return v.times_off[1, 0]


@_feature("partial-unemployment", "full-time months per employee", FULL_TIME_MONTHS)
def hours_authorised_12m(v: View) -> Column:
    """Partial unemployment authorised over twelve months, per employee."""
    return v.times_off[0, 1]


@_feature("partial-unemployment", "full-time months per employee", FULL_TIME_MONTHS)
def hours_authorised_3m(v: View) -> Column:
    """Partial unemployment authorised over three months, per employee."""
    return v.times_off[1, 1]


@_feature("partial-unemployment", "months", YEAR_MONTHS)
def months_with_hours(v: View) -> Column:
    """Months of the last twelve in which partial unemployment was used."""
    return how_many(v.hours[0, :YEAR] > 0)


@_feature("partial-unemployment", "0 or 1", SWITCH)
def request_running(v: View) -> Column:
    """Whether a request covers today."""
    return v.request_running


# Headcount


@_feature("headcount", "relative change", CHANGE)
def headcount_change_1m(v: View) -> Column:
    """Change of the headcount since the last month end."""
    return v.headcount_change(1)


@_feature("headcount", "relative change", CHANGE)
def headcount_change_3m(v: View) -> Column:
    """Change of the headcount over three months."""
    return v.headcount_change(3)


@_feature("headcount", "relative change", CHANGE)
def headcount_change_6m(v: View) -> Column:
    """Change of the headcount over six months."""
    return v.headcount_change(6)


@_feature("headcount", "relative change", CHANGE)
def headcount_change_12m(v: View) -> Column:
    """Change of the headcount over a year."""
    return v.headcount_change(12)


@_feature("headcount", "share", SHARE)
def headcount_to_peak(v: View) -> Column:
    """Headcount over its peak, which fades by a fiftieth a month."""
    return over(v.headcount, np.fmax(v.headcount, v.firms["heads_peak"]))


# Schedules and commissions


@_feature("schedules", "0 or 1", SWITCH)
def schedule_running(v: View) -> Column:
    """Whether a payment schedule runs."""
    return v.schedule_running


@_feature("schedules", "months of contribution", MONTHS_OF_CONTRIBUTION)
def schedule_amount(v: View) -> Column:
    """Amount of the running schedules."""
    return v.schedule_amount / v.contribution_scale


@_feature("schedules", "months", MONTHS)
def months_since_schedule(v: View) -> Column:
    """Months since the end of the last schedule, 0 while one runs."""
    return v.months_since[0]


@_feature("schedules", "months", MONTHS)
def months_since_commission(v: View) -> Column:
    """Months since the last decision of the commission of the financial services."""
    return v.months_since[1]


# Profile


@_feature("profile", "employees", EMPLOYEES)
def headcount(v: View) -> Column:
    """Size: small firms fail more often."""
    return v.headcount


@_feature("profile", "NAF division", DIVISION)
def division(v: View) -> Column:
    """The firm's activity; its codes are names, not amounts."""
    division = v.firms["division"].astype(np.float64)
    return np.where(division > 0, division, np.nan)


@_feature("profile", "months", MONTHS)
def months_known(v: View) -> Column:
    """How long the firm has been followed: what was never seen may be new, or only not yet known."""
    return v.months_known
