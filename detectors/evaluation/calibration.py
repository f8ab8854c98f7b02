"""Whether probabilities mean what they say."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.evaluation.ranking import Bools, Floats

CLIP = 1e-15
"""Log loss takes no probability nearer than this to 0 or 1: a single certain error would be infinite."""


def squared_errors(probabilities: Floats, labels: Bools) -> Floats:
    """The squared error of each probability, (n,); their mean is the Brier score."""
    return (probabilities - labels) ** 2


def brier_skill(score: float, base_rate: float) -> float:
    """How much of the Brier score of always saying the base rate is avoided; nan where one answer alone exists."""
    constant = base_rate * (1 - base_rate)
    return 1 - score / constant if constant > 0 else np.nan


def log_losses(probabilities: Floats, labels: Bools) -> Floats:
    """The negative log-likelihood of each answer, natural logarithm, (n,); their mean is the log loss."""
    clipped = np.clip(probabilities, CLIP, 1 - CLIP)
    return -np.log(np.where(labels, clipped, 1 - clipped))


def mean(values: Floats, weights: Floats) -> float:
    """Weighted mean; nan where nothing weighs."""
    total = weights.sum()
    return float(np.dot(values, weights) / total) if total > 0 else np.nan


def equal_mass_bins(probabilities: Floats, bins: int) -> NDArray[np.intp]:
    """The bin of each row, (n,): about as many rows in each, equal probabilities in the same one."""
    _, inverse, counts = np.unique(probabilities, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2
    return (middle * bins / max(len(probabilities), 1)).astype(np.intp)[inverse]


@dataclass(frozen=True)
class Reliability:
    """Bins by probability, those without weight left out: arrays (b,)."""

    weight: Floats
    predicted: Floats
    """Mean probability."""
    observed: Floats
    """Share of positives."""


def reliability(probabilities: Floats, labels: Bools, weights: Floats, bins: NDArray[np.intp]) -> Reliability:
    """What was said and what came, by bin; arrays (n,)."""
    weight, predicted, observed = (
        np.bincount(bins, values).astype(np.float64) for values in (weights, weights * probabilities, weights * labels)
    )
    there = weight > 0
    return Reliability(weight[there], predicted[there] / weight[there], observed[there] / weight[there])


def calibration_error(table: Reliability) -> float:
    """Expected calibration error: mean distance of what was said and what came, by weight of bin; nan of nothing."""
    return mean(np.abs(table.predicted - table.observed), table.weight)
