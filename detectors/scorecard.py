"""The expert prior: what is known of distress before any example has matured.

A scorecard on the log-odds scale, from published knowledge: about 5 % of the perimeter enter a procedure in a year;
social-security debt measured in contributions, its persistence and growth, and partial unemployment per employee are
the network's strongest signals; a shrinking headcount and unpaid contributions confirm them; small firms fail more.
The weights are round numbers on purpose: they are judgement, not estimates, and share the decision with what is
learned. A month's mean is taken off, so that a month that is bad for all accuses nobody.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from detectors.features import FEATURES, names
from detectors.portfolio import Portfolio, Table

Column = NDArray[np.float64]

SOUND = -3.3
"""Log-odds of a firm with no sign of distress, of about 3.5 % over 18 months."""
AVERAGE = -2.9
"""Log-odds of the mean firm of a portfolio, of about 5 % over 18 months."""
EXPERT_GROWTH = 0.2
"""Growth of the debt over three months, in contributions of a month, beyond which the network raises the level."""


def _log(x: Column) -> Column:
    return np.asarray(np.sign(x) * np.log1p(np.abs(x)), np.float64)


_POINTS: dict[str, Callable[[Column], Column]] = {
    "debt_to_contribution": lambda x: 0.6 * _log(x) + 0.3 * (x > 0),
    "employee_debt_to_contribution": lambda x: 0.4 * _log(x),
    "debt_growth_3m": lambda x: 0.3 * _log(x) + 0.3 * (x > EXPERT_GROWTH),
    "months_in_debt": lambda x: 0.8 * x / 12,
    "unpaid_ratio": lambda x: 1.0 * x,
    "hours_used_12m": lambda x: 0.5 * _log(x),
    "request_running": lambda x: 0.1 * x,
    "headcount": lambda x: -0.1 * _log(np.maximum(x - 1.0, 0.0)),
    "headcount_change_12m": lambda x: -0.8 * x,
    "schedule_running": lambda x: 0.2 * x,
    "months_since_commission": lambda x: np.where(x <= 12, 0.5, 0.0),
}
"""Points for each value of a feature; none where it is unknown."""


def _points() -> Table:
    known = {feature.name: feature.scale.decode() for feature in FEATURES}
    table = np.zeros((len(FEATURES), len(known[FEATURES[0].name])))
    for name, points in _POINTS.items():
        table[names().index(name)] = np.nan_to_num(points(known[name]))
    return table


POINTS: Table = _points()
"""What each code adds to the log-odds, shape (features, 256)."""


def table(portfolio: Portfolio) -> Table:
    """The points less the month's mean of each feature, shape (features, 256); as they are before any month."""
    firms = portfolio.counts.sum(axis=1)
    means = (portfolio.counts * POINTS).sum(axis=1) / np.maximum(firms, 1)
    return POINTS - means[:, None]


def base(portfolio: Portfolio) -> float:
    """Log-odds to which the points are added."""
    return AVERAGE if portfolio.counts.any() else SOUND
