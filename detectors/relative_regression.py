"""Logistic regression on where a firm stands in its month, one Newton step a month.

Each feature gives two inputs: its deviation from the portfolio's mean, and how rare so high a value is. Both are read
from tables by code, so the model is itself a table. Weights are drawn to zero by a ridge; since the answers of a firm
overlap (it is asked about every month, about the next 18), they count as one in `horizon` of what they would alone.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.logits import sigmoid
from detectors.portfolio import Portfolio, Table
from detectors.scales import Codes

RIDGE = 10.0
"""Of the weights, for each month of the horizon."""
_WIDEST = 3.0
"""Deviations beyond this count as this: a wild value must not decide alone."""
_RAREST = 1 / 256
_FIRST_STEPS = 6


class RelativeRegression(msgspec.Struct, frozen=True):
    """Weights of the deviation and of the rarity of each feature, (features,) each, and the intercept."""

    deviations: tuple[float, ...]
    rarities: tuple[float, ...]
    intercept: float

    def table(self, portfolio: Portfolio) -> Table:
        """What each code adds to the log-odds, shape (features, 256)."""
        deviation, rarity = _inputs(portfolio)
        return deviation * np.array(self.deviations)[:, None] + rarity * np.array(self.rarities)[:, None]


def inputs(codes: Codes, portfolio: Portfolio) -> NDArray[np.float32]:
    """The inputs of firms, shape (n, 2 x features): deviations, then rarities."""
    at = np.arange(codes.shape[1])
    return np.hstack([table[at, codes] for table in _inputs(portfolio)]).astype(np.float32)


def fit(
    before: RelativeRegression | None,
    rows: NDArray[np.float32],
    labels: NDArray[np.bool_],
    weights: NDArray[np.float64],
    horizon: int,
) -> RelativeRegression:
    """One Newton step from the model before (a few, where there is none) on all rows; `rows` (n, 2 x features)."""
    width = rows.shape[1]
    design = np.column_stack([rows, np.ones(len(rows), np.float32)])
    ridge = np.append(np.full(width, RIDGE * horizon), 1e-6)
    if before is None:
        rate = float(weights @ labels / weights.sum())
        beta = np.append(np.zeros(width), np.log(rate / (1 - rate)))
    else:
        beta = np.array([*before.deviations, *before.rarities, before.intercept])
    for _ in range(_FIRST_STEPS if before is None else 1):
        beta = beta + _newton_step(design, labels, weights, beta, ridge)
    half = width // 2
    return RelativeRegression(tuple(beta[:half].tolist()), tuple(beta[half:width].tolist()), float(beta[-1]))


def _newton_step(
    design: NDArray[np.float32],
    labels: NDArray[np.bool_],
    weights: NDArray[np.float64],
    beta: NDArray[np.float64],
    ridge: NDArray[np.float64],
) -> NDArray[np.float64]:
    # In single precision throughout: mixed products would copy the whole design to double every time.
    expected = sigmoid((design @ beta.astype(np.float32)).astype(np.float64))
    gradient = (weights * (labels - expected)).astype(np.float32) @ design - ridge * beta
    curvature = (weights * expected * (1 - expected)).astype(np.float32)
    hessian = (design * curvature[:, None]).T @ design
    return np.linalg.solve(hessian + np.diag(ridge), gradient).astype(np.float64)


def _inputs(portfolio: Portfolio) -> tuple[Table, Table]:
    """Deviation and rarity of each code, each within about [-1.5, 1.5], shape (features, 256)."""
    deviation = np.clip(portfolio.deviations, -_WIDEST, _WIDEST) / 2
    rarity = np.log2(1 - portfolio.shares + _RAREST) / np.log2(_RAREST)
    return deviation, rarity
