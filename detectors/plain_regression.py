"""River's scaler and logistic regression on the values themselves, learned one example at a time.

The plain member of the ensemble: it ranks best where there is little but debts and few firms fail. Values are signed
logarithms less the month's mean, so that a month in which everybody's debt swells does not make everybody a suspect.
"""

from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray
from river import linear_model, optim, preprocessing

from detectors.features import names
from detectors.portfolio import LEAST_DEVIATION, Portfolio, Table
from detectors.scales import Codes

_STEP = 0.05


class PlainRegression(msgspec.Struct, frozen=True):
    """Where River's two stand: one number a feature each."""

    counts: tuple[int, ...]
    means: tuple[float, ...]
    variances: tuple[float, ...]
    weights: tuple[float, ...]
    gradient_squares: tuple[float, ...]
    intercept: float

    def table(self, portfolio: Portfolio) -> Table:
        """What each code adds to the log-odds, shape (features, 256); nothing where unknown."""
        return portfolio.centred * self._slopes[:, None]

    @property
    def base(self) -> float:
        """Log-odds of a firm at the mean of everything."""
        return self.intercept - float(self._slopes @ np.array(self.means))

    @property
    def _slopes(self) -> NDArray[np.float64]:
        """Log-odds a unit of each feature, (features,).

        A feature that was the same for all so far has a variance of rounding alone, on which anybody who differs from
        then on would be any number of deviations away: one is never less than where nearly all firms are alike.
        """
        variances = np.array(self.variances)
        deviations = np.maximum(np.sqrt(variances), LEAST_DEVIATION)
        return np.where(variances > 0, self.weights / deviations, 0.0)


def inputs(codes: Codes, portfolio: Portfolio) -> NDArray[np.float64]:
    """The values of firms, shape (n, features)."""
    return portfolio.centred[np.arange(codes.shape[1]), codes]


def learn(
    before: PlainRegression | None, rows: NDArray[np.float64], labels: NDArray[np.bool_], weights: NDArray[np.float64]
) -> PlainRegression:
    """The model after each row in turn; the first of all starts from the rate of its rows, half a row from 0 and 1."""
    scaler = preprocessing.StandardScaler()
    edge = 0.5 / len(rows)
    rate = float(np.clip(weights @ labels / weights.sum(), edge, 1 - edge))
    start = np.log(rate / (1 - rate)) if before is None else before.intercept
    regression = linear_model.LogisticRegression(optimizer=optim.AdaGrad(_STEP), intercept_init=start)
    if before is not None:
        _restore(before, scaler, regression)
    for x, label, weight in _examples(rows, labels, weights):
        scaler.learn_one(x)
        regression.learn_one(scaler.transform_one(x), label, w=weight)
    columns = names()
    return PlainRegression(
        counts=tuple(int(scaler.counts[c]) for c in columns),
        means=tuple(float(scaler.means[c]) for c in columns),
        variances=tuple(float(scaler.vars[c]) for c in columns),
        weights=tuple(float(regression.weights.get(c, 0.0)) for c in columns),
        gradient_squares=tuple(float(regression.optimizer.g2[c]) for c in columns),
        intercept=float(regression.intercept),
    )


def _examples(
    rows: NDArray[np.float64], labels: NDArray[np.bool_], weights: NDArray[np.float64]
) -> Iterator[tuple[dict[str, float], bool, float]]:
    columns = names()
    for row, label, weight in zip(rows.tolist(), labels.tolist(), weights.tolist(), strict=True):
        yield dict(zip(columns, row, strict=True)), label, weight


def _restore(
    before: PlainRegression, scaler: preprocessing.StandardScaler, regression: linear_model.LogisticRegression
) -> None:
    columns = names()
    # A Counter would count pairs, where a dict updates from them.
    scaler.counts.update(dict(zip(columns, before.counts, strict=True)))
    scaler.means.update(zip(columns, before.means, strict=True))
    scaler.vars.update(zip(columns, before.variances, strict=True))
    # River's public `weights` is a copy: what is written there is lost.
    regression._weights.update(dict(zip(columns, before.weights, strict=True)))
    regression.optimizer.g2.update(zip(columns, before.gradient_squares, strict=True))
