"""How good the scores of one cohort were: each firm scored before its answer was known.

One cohort, not several: neighbours share all but a month of their answers, and would only blur what is newest.
"""

from dataclasses import dataclass

import numpy as np

from detectors.evaluation import calibration, ranking
from detectors.evaluation.ranking import Bools, Floats
from detectors.logits import log_loss, sigmoid

LIST = 200
"""Firms that agents could look at: the length of the list whose precision is told."""
BINS = 10
"""Bins of the calibration error: a cohort alone has few positives."""


@dataclass(frozen=True)
class Prequential:
    """Figures of one cohort; nan where they are not defined (ranking without both answers)."""

    firms: int
    positives: int
    base_rate: float
    """Share of positives."""
    average_precision: float
    auroc: float
    log_loss: float
    brier: float
    calibration_error: float
    """Expected calibration error, over bins of about as many firms each."""
    precision_at_list: float
    """Share of positives among the `LIST` highest scores, or all where there are fewer; equal scores share a place."""


def figures(logits: Floats, labels: Bools) -> Prequential:
    """The figures of a cohort of at least one firm; both of shape (n,)."""
    probabilities, ones = sigmoid(logits), np.ones(len(logits))
    curve = ranking.Ranking(logits, labels).curve()
    bins = calibration.equal_mass_bins(probabilities, BINS)
    return Prequential(
        firms=len(labels),
        positives=int(labels.sum()),
        base_rate=float(labels.mean()),
        average_precision=ranking.average_precision(curve),
        auroc=ranking.auroc(curve),
        log_loss=float(log_loss(logits, labels).mean()),
        brier=float(calibration.squared_errors(probabilities, labels).mean()),
        calibration_error=calibration.calibration_error(calibration.reliability(probabilities, labels, ones, bins)),
        precision_at_list=precision_at(curve, LIST),
    )


def precision_at(curve: ranking.Curve, size: int) -> float:
    """Expected share of positives among the first `size` rows, equal scores in any order; 0 of nobody."""
    wanted = min(float(size), curve.total)
    if not wanted:
        return 0.0
    return float(np.interp(wanted, np.append(0.0, curve.called), np.append(0.0, curve.hits)) / wanted)
