"""All figures of one series of scores over answered firm-months, by name."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.evaluation import calibration, ranking
from detectors.evaluation.bootstrap import Estimate, Resampling, estimates
from detectors.evaluation.ranking import Bools, Floats

BINS = 20
"""Bins of the calibration error."""
MODERATE, STRONG = 1, 2
"""Levels as they stand in a column of tiers."""

NAMES = (
    "base_rate",
    "average_precision",
    "auroc",
    "brier",
    "brier_skill",
    "log_loss",
    "ece",
    "best_f05",
    "best_f2",
    "strong_precision",
    "strong_recall",
    "strong_f05",
    "strong_f2",
    "moderate_precision",
    "moderate_recall",
    "moderate_f05",
    "moderate_f2",
)
"""The figures in order. `best_` is at the best cut seen with the answers; a level holds those at it or above."""

Figures = dict[str, Estimate]


@dataclass(frozen=True)
class Series:
    """Scores of the same firm-months as others', arrays (n,)."""

    name: str
    scores: Floats
    tiers: NDArray[np.uint8] | None = None
    """Levels given at the time, where there were any."""
    probabilities: bool = True
    """Whether the scores are probabilities; else they only rank."""

    def of(self, rows: NDArray[np.intp] | Bools) -> "Series":
        """The same for some of the rows."""
        tiers = None if self.tiers is None else self.tiers[rows]
        return Series(self.name, self.scores[rows], tiers, self.probabilities)


class Measures:
    """A series and its answers, prepared once; `of` gives the figures under weights of the rows."""

    def __init__(self, series: Series, labels: Bools) -> None:
        self._series = series
        self._labels = labels
        self._ranking = ranking.Ranking(series.scores, labels)
        self._bins = calibration.equal_mass_bins(series.scores, BINS)
        self._losses = _losses(series, labels)
        self._levels = _levels(series, labels)

    def of(self, weights: Floats) -> Floats:
        """The figures of `NAMES` under weights of the rows (n,), nan where undefined."""
        curve = self._ranking.curve(weights)
        strong, moderate = ranking.best(curve, 0.5), ranking.best(curve, 2.0)
        called = weights @ self._levels
        return np.array(
            [
                _ratio(curve.positives, curve.total),
                ranking.average_precision(curve),
                ranking.auroc(curve),
                *self._calibration(weights, curve),
                strong.f_beta if strong else np.nan,
                moderate.f_beta if moderate else np.nan,
                *_level(called[0], called[1], curve.positives),
                *_level(called[2], called[3], curve.positives),
            ]
        )

    def _calibration(self, weights: Floats, curve: ranking.Curve) -> tuple[float, ...]:
        if not self._series.probabilities:
            return (np.nan,) * 4
        brier, log_loss = (weights @ self._losses).tolist()
        brier, log_loss = _ratio(brier, curve.total), _ratio(log_loss, curve.total)
        skill = calibration.brier_skill(brier, _ratio(curve.positives, curve.total))
        table = calibration.reliability(self._series.scores, self._labels, weights, self._bins)
        return brier, skill, log_loss, calibration.calibration_error(table)


def _losses(series: Series, labels: Bools) -> Floats:
    """Each row's squared error and negative log-likelihood, (n, 2): figures under weights are then one product."""
    if not series.probabilities:
        return np.zeros((len(labels), 2))
    return np.column_stack(
        [calibration.squared_errors(series.scores, labels), calibration.log_losses(series.scores, labels)]
    )


def _levels(series: Series, labels: Bools) -> Floats:
    """Whether each row is called and hit at strong, then at moderate, (n, 4); nan without levels."""
    if series.tiers is None:
        return np.full((len(labels), 4), np.nan)
    at = [series.tiers >= level for level in (STRONG, MODERATE)]
    return np.column_stack([at[0], at[0] & labels, at[1], at[1] & labels]).astype(np.float64)


def _level(called: float, hits: float, positives: float) -> tuple[float, ...]:
    if np.isnan(called):
        return (np.nan,) * 4
    return (
        _ratio(hits, called),
        _ratio(hits, positives),
        ranking.f_beta(hits, called, positives, 0.5),
        ranking.f_beta(hits, called, positives, 2.0),
    )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else np.nan


def figures(series: Series, labels: Bools, firms: NDArray[np.intp], resampling: Resampling) -> Figures:
    """Every figure of a series with its interval, by name; `firms` number the rows' firms, (n,)."""
    found = estimates(Measures(series, labels).of, firms, resampling)
    return dict(zip(NAMES, found, strict=True))
