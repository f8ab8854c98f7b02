"""The expert prior: what is known of distress before any example has matured.

A scorecard on the log-odds scale, from published knowledge: about 5 % of the perimeter enter a procedure in a year;
social-security debt measured in contributions, its persistence and growth, and partial unemployment per employee are
the network's strongest signals; a shrinking headcount and unpaid contributions confirm them; small firms fail more.
The weights are round numbers on purpose: they are judgement, not estimates, and give way to what is learned.
"""

import numpy as np
from numpy.typing import NDArray

from detectors.features import names

BASE = -3.3
"""Log-odds of a firm with no sign of distress, of about 3.5 % over 18 months."""
WEIGHTS = {
    "debt_to_contribution": 0.6,
    "employee_debt_to_contribution": 0.4,
    "has_debt": 0.3,
    "debt_growth_3m": 0.3,
    "months_in_debt": 0.8,
    "expert_rule": 0.3,
    "unpaid_ratio": 1.0,
    "hours_used_12m": 0.5,
    "request_running": 0.1,
    "headcount": -0.1,
    "headcount_change_12m": -0.8,
    "schedule_running": 0.2,
    "commission_recent": 0.5,
}


def weights() -> NDArray[np.float64]:
    """The scorecard's weight of each feature, shape (features,)."""
    return np.array([WEIGHTS.get(name, 0.0) for name in names()])
