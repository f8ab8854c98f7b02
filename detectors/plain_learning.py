"""The plain regression learns one example at a time, by River itself."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from detectors.features import names
from detectors.plain_regression import PlainRegression

if TYPE_CHECKING:
    from river import linear_model, preprocessing

_STEP = 0.05


def learn(
    before: PlainRegression | None, rows: NDArray[np.float64], labels: NDArray[np.bool_], weights: NDArray[np.float64]
) -> PlainRegression:
    """The model after each row in turn; the first of all starts from the rate of its rows, half a row from 0 and 1.

    A row's step is as long as its weight: let the weights be about 1, whatever number of firms a row stands for.
    """
    # Not before there is something to learn: River brings SciPy, seconds of loading and half of the memory.
    from river import linear_model, optim, preprocessing

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
    before: PlainRegression, scaler: "preprocessing.StandardScaler", regression: "linear_model.LogisticRegression"
) -> None:
    columns = names()
    # A Counter would count pairs, where a dict updates from them.
    scaler.counts.update(dict(zip(columns, before.counts, strict=True)))
    scaler.means.update(zip(columns, before.means, strict=True))
    scaler.vars.update(zip(columns, before.variances, strict=True))
    # River's public `weights` is a copy: what is written there is lost.
    regression._weights.update(dict(zip(columns, before.weights, strict=True)))
    regression.optimizer.g2.update(zip(columns, before.gradient_squares, strict=True))
