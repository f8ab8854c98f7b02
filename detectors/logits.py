"""Probabilities and log-odds."""

import numpy as np
from numpy.typing import NDArray

MAX_LOGIT = 15.0
"""Scores are kept within odds of e^15, so that a probability never rounds to 0 or 1 and its log-odds come back."""


def sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds to probability."""
    return 1.0 / (1.0 + np.exp(-np.clip(x, -700, 700)))


def logit(p: float) -> float:
    """Probability, strictly between 0 and 1, to log-odds."""
    return float(np.log(p) - np.log1p(-p))


def log_loss(logits: NDArray[np.float64], labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Minus the log of the probability given to what came true, shape (n,)."""
    return np.logaddexp(0.0, np.where(labels, -logits, logits))
