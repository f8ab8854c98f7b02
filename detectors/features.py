"""The numbers that describe a firm to a model, each a small function of its `View`.

A feature has a theme (how its weight is explained to an agent) and a unit. They stand in the order of this file; the
names are the schema of a model. Sources: the network's published feature list (debt by share with lags, debt over mean
contribution, partial unemployment per employee, headcount trend, schedules) and its expert rule.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.view import Column, View

THEMES = ("debt", "contributions", "partial-unemployment", "headcount", "schedules")
"""Themes in the order of a firm's stored contributions."""
FULL_TIME_MONTH = 151.67
"""Hours of one full-time employee in a month."""


class Feature(NamedTuple):
    """A named column of the matrix."""

    name: str
    theme: str
    unit: str
    compute: Callable[[View], Column]


FEATURES: list[Feature] = []


def _feature(theme: str, unit: str) -> Callable[[Callable[[View], Column]], Callable[[View], Column]]:
    def register(compute: Callable[[View], Column]) -> Callable[[View], Column]:
        FEATURES.append(Feature(compute.__name__, theme, unit, compute))
        return compute

    return register


def matrix(view: View) -> NDArray[np.float64]:
    """Every feature of every firm of the view, shape (n, features), finite."""
    out = np.empty((len(view), len(FEATURES)))
    for i, feature in enumerate(FEATURES):
        out[:, i] = feature.compute(view)
    return out


def names() -> tuple[str, ...]:
    """The features' names, in order."""
    return tuple(feature.name for feature in FEATURES)


def theme_matrix() -> NDArray[np.float64]:
    """Which feature belongs to which theme: ones and zeros, shape (features, themes)."""
    return np.array([[float(f.theme == theme) for theme in THEMES] for f in FEATURES])


def signed_log(x: Column) -> Column:
    """log(1 + |x|) with the sign of x: tames heavy tails, keeps zero at zero."""
    return np.sign(x) * np.log1p(np.abs(x))


@_feature("debt", "log months of contribution")
def debt_to_contribution(v: View) -> Column:
    """Outstanding debt over the mean monthly contribution of twelve months."""
    return np.log1p(v.debt / v.contribution_scale)


@_feature("debt", "log months of contribution")
def employee_debt_to_contribution(v: View) -> Column:
    """The employee share alone: withheld from wages and not passed on, a sign of cash running out."""
    return np.log1p(v.employee_debt / v.contribution_scale)


@_feature("debt", "0 or 1")
def has_debt(v: View) -> Column:
    """Whether anything is outstanding."""
    return (v.debt > 1.0).astype(np.float64)


@_feature("debt", "log euros")
def debt_per_employee(v: View) -> Column:
    """Outstanding debt per employee."""
    return np.log1p(v.debt / v.staff)


@_feature("debt", "signed log months of contribution")
def debt_growth_1m(v: View) -> Column:
    """Growth of the debt since the last month end but one, measured in contributions."""
    return signed_log(v.debt_change(1))


@_feature("debt", "signed log months of contribution")
def debt_growth_3m(v: View) -> Column:
    """Growth of the debt over three months."""
    return signed_log(v.debt_growth)


@_feature("debt", "signed log months of contribution")
def debt_growth_6m(v: View) -> Column:
    """Growth of the debt over six months."""
    return signed_log(v.debt_change(6))


@_feature("debt", "signed log months of contribution")
def debt_growth_12m(v: View) -> Column:
    """Growth of the debt over a year."""
    return signed_log(v.debt_change(12))


@_feature("debt", "share of twelve months")
def months_in_debt(v: View) -> Column:
    """How lasting the debt is: month ends with debt among the last twelve."""
    return v.months_in_debt / 12.0


@_feature("debt", "log months")
def debt_age(v: View) -> Column:
    """Mean age of what is outstanding."""
    return np.log1p(v.debt_age)


@_feature("debt", "0 or 1")
def expert_rule(v: View) -> Column:
    """The network's 20 % rule."""
    return v.expert_rule.astype(np.float64)


@_feature("contributions", "share")
def unpaid_ratio(v: View) -> Column:
    """Unpaid share of what was due over twelve months."""
    return v.unpaid_ratio


@_feature("contributions", "log ratio")
def contribution_trend(v: View) -> Column:
    """Contribution of the last three months over that of twelve: activity that shrinks or grows."""
    known = (v.monthly_contribution > 0) & (v.recent_contribution > 0)
    ratio = np.where(known, v.recent_contribution, 1.0) / np.where(known, v.monthly_contribution, 1.0)
    return np.clip(np.log(ratio), -2.0, 2.0)


@_feature("contributions", "0 or 1")
def contribution_known(v: View) -> Column:
    """Whether any contribution was seen: tells a model when to distrust the two above."""
    return (v.monthly_contribution > 0).astype(np.float64)


@_feature("partial-unemployment", "log full-time months per employee")
def hours_used_12m(v: View) -> Column:
    """Partial unemployment used over twelve months, per employee."""
    return np.log1p(np.maximum(v.hours_used[:, :12].sum(axis=1), 0) / FULL_TIME_MONTH / v.staff)


@_feature("partial-unemployment", "log full-time months per employee")
def hours_used_3m(v: View) -> Column:
    """Partial unemployment used over three months, per employee."""
    return np.log1p(np.maximum(v.hours_used[:, :3].sum(axis=1), 0) / FULL_TIME_MONTH / v.staff)


@_feature("partial-unemployment", "log full-time months per employee")
def hours_authorised_12m(v: View) -> Column:
    """Partial unemployment authorised over twelve months, per employee."""
    return np.log1p(np.maximum(v.hours_authorised[:, :12].sum(axis=1), 0) / FULL_TIME_MONTH / v.staff)


@_feature("partial-unemployment", "0 or 1")
def request_running(v: View) -> Column:
    """Whether a request covers today."""
    return v.request_running


@_feature("headcount", "log employees")
def headcount(v: View) -> Column:
    """Size: small firms fail more often."""
    return np.log(v.staff)


@_feature("headcount", "relative change")
def headcount_change_3m(v: View) -> Column:
    """Change of the headcount over three months."""
    return v.headcount_change(3)


@_feature("headcount", "relative change")
def headcount_change_12m(v: View) -> Column:
    """Change of the headcount over a year."""
    return v.headcount_change(12)


@_feature("schedules", "0 or 1")
def schedule_running(v: View) -> Column:
    """Whether a payment schedule runs."""
    return v.schedule_running


@_feature("schedules", "log months of contribution")
def schedule_amount(v: View) -> Column:
    """Amount of the running schedules."""
    return np.log1p(v.schedule_amount / v.contribution_scale)


@_feature("schedules", "0 or 1")
def commission_recent(v: View) -> Column:
    """Whether the commission of the financial services decided on the firm within the last year."""
    return (np.nan_to_num(v.commission_age, nan=1e9) <= 12.0).astype(np.float64)
