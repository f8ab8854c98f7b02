"""From scores with answers to the two levels: moderate maximises F2, strong F0.5 (the network's definition)."""

import numpy as np
from numpy.typing import NDArray

from detectors.models import PRIOR_THRESHOLDS, Thresholds, logit, sigmoid

PRIOR_POSITIVES = 500.0
"""Answered yes that weigh as much as the prior thresholds; a firm that fails is one in each of the recent cohorts."""
GAP = 0.3
"""Least distance of the two levels, log-odds: a strong risk must mean more than a moderate one."""


def best_cut(logits: NDArray[np.float64], labels: NDArray[np.bool_], beta: float) -> float:
    """The score from which calling a firm at risk maximises F-beta; both arrays (n,), with one yes at least.

    F-beta = (1 + beta^2) P R / (beta^2 P + R), van Rijsbergen (1979).
    """
    order = np.argsort(-logits, kind="stable")
    hits = np.cumsum(labels[order])
    called = np.arange(1, len(order) + 1)
    score = (1 + beta**2) * hits / (called + beta**2 * hits[-1])
    # Ties of a score are called together: only the last of them is a possible cut.
    sorted_logits = logits[order]
    last_of_tie = np.append(sorted_logits[1:] != sorted_logits[:-1], True)
    return float(sorted_logits[np.argmax(np.where(last_of_tie, score, -1.0))])


def learn(logits: NDArray[np.float64], labels: NDArray[np.bool_]) -> Thresholds:
    """Thresholds from recent answers, drawn towards the prior ones while few are positive."""
    positives = int(labels.sum())
    if not positives:
        return PRIOR_THRESHOLDS
    share = positives / (positives + PRIOR_POSITIVES)
    moderate = share * best_cut(logits, labels, 2.0) + (1 - share) * logit(PRIOR_THRESHOLDS.moderate)
    strong = share * best_cut(logits, labels, 0.5) + (1 - share) * logit(PRIOR_THRESHOLDS.strong)
    strong = max(strong, moderate + GAP)
    probabilities = sigmoid(np.array([moderate, strong]))
    return Thresholds(float(probabilities[0]), float(probabilities[1]))
