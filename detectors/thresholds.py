"""From scores with answers to the two levels: moderate maximises F2, strong F0.5 (the network's definition)."""

import numpy as np
from numpy.typing import NDArray

from detectors.logits import logit, sigmoid
from detectors.models import PRIOR_THRESHOLDS, Thresholds

PRIOR_POSITIVES = 500.0
"""Answered yes that weigh as much as the prior thresholds; a firm that fails is one in each of the recent cohorts."""
GAP = 0.3
"""Least distance of the two levels, log-odds: a strong risk must mean more than a moderate one."""
PRIOR_RATE = 0.05
"""The base rate that the prior thresholds were made for."""


def best_cut(
    logits: NDArray[np.float64], labels: NDArray[np.bool_], beta: float, weights: NDArray[np.float64] | None = None
) -> float:
    """The score from which calling a firm at risk maximises F-beta; all arrays (n,), with one yes at least.

    F-beta = (1 + beta^2) P R / (beta^2 P + R), van Rijsbergen (1979).
    """
    order = np.argsort(-logits, kind="stable")
    mass = np.ones(len(order)) if weights is None else weights[order]
    hits, called = np.cumsum(mass * labels[order]), np.cumsum(mass)
    score = (1 + beta**2) * hits / (called + beta**2 * hits[-1])
    # Ties of a score are called together: only the last of them is a possible cut.
    sorted_logits = logits[order]
    last_of_tie = np.append(sorted_logits[1:] != sorted_logits[:-1], True)
    return float(sorted_logits[np.argmax(np.where(last_of_tie, score, -1.0))])


def of_rate(rate: float) -> Thresholds:
    """The prior thresholds, moved with the base rate: a risk is high beside what is usual."""
    if not 0 < rate < 1:
        return PRIOR_THRESHOLDS
    away = logit(rate) - logit(PRIOR_RATE)
    return _thresholds(logit(PRIOR_THRESHOLDS.moderate) + away, logit(PRIOR_THRESHOLDS.strong) + away)


def learn(
    logits: NDArray[np.float64],
    labels: NDArray[np.bool_],
    weights: NDArray[np.float64] | None = None,
    rate: float = PRIOR_RATE,
) -> Thresholds:
    """Thresholds from recent answers, drawn towards the prior ones while few are positive."""
    prior = of_rate(rate)
    positives = float(labels.sum())
    if not positives:
        return prior
    share = positives / (positives + PRIOR_POSITIVES)
    moderate = share * best_cut(logits, labels, 2.0, weights) + (1 - share) * logit(prior.moderate)
    strong = share * best_cut(logits, labels, 0.5, weights) + (1 - share) * logit(prior.strong)
    return _thresholds(moderate, max(strong, moderate + GAP))


def _thresholds(moderate: float, strong: float) -> Thresholds:
    probabilities = sigmoid(np.array([moderate, strong]))
    return Thresholds(float(probabilities[0]), float(probabilities[1]))
