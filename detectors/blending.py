"""How the members' log-odds become one score: weights, calibration, and the level of the scorecard.

Everything here is learned from scores given before the answers were known, slowly: one cohort overlaps the next by all
but a month. Weights move by exponentiated gradient (Kivinen and Warmuth, 1997) with a floor, so that no member is ever
lost. The calibration is a line on the log-odds (Platt, 1999), drawn to identity.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.logits import MAX_LOGIT, sigmoid
from detectors.reservoir import Kept, evidence

Column = NDArray[np.float64]

START = (0.20, 0.27, 0.02, 0.24, 0.27)
"""Weights of the members (`detectors.models.MEMBERS`) before any has proved itself; the plain one is a challenger."""
_RATE = 0.1
"""How fast weights follow a cohort: those of a member a whole unit of log-odds better grow by a tenth."""
_FLOOR = 0.02
"""Least weight of a member."""
_CALIBRATION_MOVES = 0.2
"""How far the calibration moves towards its new best in a month."""
_CALIBRATION_FIRMS = 200.0
"""Failed firms that weigh as much as identity: levels of 18 months ago say little of today's."""
_SHIFT_ROWS = 1.0
_STEPS = 20


class Blend(msgspec.Struct, frozen=True):
    """Weights of the members among themselves, and the line that calibrates their mean."""

    weights: tuple[float, ...] = START
    slope: float = 1.0
    shift: float = 0.0

    def of_members(self, learned_share: float) -> tuple[float, ...]:
        """The weights while what was learned has that share: the rest is the scorecard's."""
        weights = [learned_share * w for w in self.weights]
        weights[0] += 1.0 - learned_share
        return tuple(weights)

    def raw(self, members: NDArray[np.float32], learned_share: float) -> Column:
        """The weighted mean of the members' log-odds, shape (n,); `members` (n, members)."""
        return members.astype(np.float64) @ np.array(self.of_members(learned_share))

    def score(self, members: NDArray[np.float32], learned_share: float) -> Column:
        """The calibrated score within MAX_LOGIT, shape (n,)."""
        return np.clip(self.slope * self.raw(members, learned_share) + self.shift, -MAX_LOGIT, MAX_LOGIT)


def reweighted(blend: Blend, newest: Kept, learned_share: float) -> Blend:
    """The weights after a cohort that every member had scored and of which some failed, some not; else as they were."""
    members = newest.cohort.members.astype(np.float64)
    if not np.isfinite(members).all() or newest.labels.all() or not newest.labels.any():
        return blend
    mass = newest.weights / newest.weights.sum()
    rate = float(mass @ newest.labels)
    expected = sigmoid(blend.score(newest.cohort.members, learned_share))
    # Members are compared by how they rank, not by their level: the calibration sees to that.
    centred = members - mass @ members
    gradient = (mass * (expected - newest.labels)) @ centred / (rate * (1 - rate))
    weights = np.array(blend.weights) * np.exp(-_RATE * np.clip(gradient, -3.0, 3.0))
    weights = np.maximum(weights / weights.sum(), _FLOOR)
    return msgspec.structs.replace(blend, weights=tuple((weights / weights.sum()).tolist()))


def calibrated(blend: Blend, recent: Sequence[Kept], learned_share: float, horizon: int) -> Blend:
    """The calibration moved towards the line that fits the recent cohorts best."""
    if not recent:
        return blend
    raw = np.concatenate([blend.raw(k.cohort.members, learned_share) for k in recent])
    labels = np.concatenate([k.labels for k in recent])
    weights = np.concatenate([k.weights for k in recent]) * evidence(recent) / horizon
    design = np.column_stack([raw, np.ones(len(raw))])
    fitted = fit_line(design, labels, weights, np.array([1.0, 0.0]), np.full(2, _CALIBRATION_FIRMS))
    slope = blend.slope + _CALIBRATION_MOVES * (fitted[0] - blend.slope)
    return msgspec.structs.replace(
        blend, slope=float(slope), shift=float(blend.shift + _CALIBRATION_MOVES * (fitted[1] - blend.shift))
    )


def scorecard_shift(points: Column, labels: NDArray[np.bool_], weights: Column, horizon: int) -> float:
    """How far the scorecard's log-odds must move for its level to be that of the answers."""
    design = np.ones((len(points), 1))
    return float(
        fit_line(design, labels, weights / horizon, np.zeros(1), np.full(1, _SHIFT_ROWS / horizon), offset=points)[0]
    )


def fit_line(
    design: Column,
    labels: NDArray[np.bool_],
    weights: Column,
    start: Column,
    ridge: Column,
    offset: Column | float = 0.0,
) -> Column:
    """Logistic regression drawn to `start`, by Newton's method; `design` (n, k)."""
    beta = start.copy()
    for _ in range(_STEPS):
        expected = sigmoid(offset + design @ beta)
        gradient = (weights * (labels - expected)) @ design - ridge * (beta - start)
        hessian = (design * (weights * expected * (1 - expected))[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(hessian, gradient)
        beta = beta + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-9:
            break
    return beta
