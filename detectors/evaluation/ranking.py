"""How well scores rank firms: from everything above a cut, called at risk, to curves and areas.

Equal scores are called together, so that no figure depends on the order of rows. Rows may have weights; a weight of k
is the same as the row k times.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Curve:
    """What calling every row from a score on would give, for each distinct score, the highest first; arrays (k,)."""

    cuts: Floats
    hits: Floats
    """Positives called."""
    called: Floats
    """Rows called."""

    @property
    def positives(self) -> float:
        """All positives."""
        return float(self.hits[-1]) if len(self.hits) else 0.0

    @property
    def total(self) -> float:
        """All rows."""
        return float(self.called[-1]) if len(self.called) else 0.0

    @property
    def precision(self) -> Floats:
        """Positives among the called, (k,); 0 where nothing that weighs is called."""
        return np.divide(self.hits, self.called, out=np.zeros(len(self.hits)), where=self.called > 0)

    @property
    def recall(self) -> Floats:
        """Share of the positives that is called, (k,); nan without positives."""
        return self.hits / self.positives if self.positives else np.full(len(self.hits), np.nan)


class Ranking:
    """Scores put in order once, so that a curve under other weights takes two sums."""

    def __init__(self, scores: Floats, labels: Bools) -> None:
        """Both of shape (n,). Scores must be finite."""
        self._order = np.argsort(-scores, kind="stable")
        self._labels = labels[self._order].astype(np.float64)
        ordered = scores[self._order]
        self._last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True)) if len(scores) else _NOTHING
        self._cuts = ordered[self._last]

    def curve(self, weights: Floats | None = None) -> Curve:
        """The curve with weights (n,) of the rows, by default one each."""
        weighed = np.ones(len(self._order)) if weights is None else weights[self._order]
        called = np.cumsum(weighed)[self._last]
        hits = np.cumsum(weighed * self._labels)[self._last]
        return Curve(self._cuts, hits, called)


_NOTHING = np.zeros(0, np.intp)


def average_precision(curve: Curve) -> float:
    """The precision at each cut, weighted by the recall gained there (no interpolation); nan without positives."""
    if not curve.positives:
        return np.nan
    return float(np.sum(np.diff(curve.hits, prepend=0.0) * curve.precision) / curve.positives)


def auroc(curve: Curve) -> float:
    """The chance that a positive scores above a negative, equal scores counting half; nan unless both exist."""
    negatives = curve.total - curve.positives
    if not curve.positives or not negatives:
        return np.nan
    false = np.diff(curve.called - curve.hits, prepend=0.0)
    above = curve.hits - np.diff(curve.hits, prepend=0.0) / 2
    return float(np.sum(false * above) / (curve.positives * negatives))


def f_beta(hits: float, called: float, positives: float, beta: float) -> float:
    """(1 + beta^2) P R / (beta^2 P + R), van Rijsbergen (1979); 0 where nothing is hit, nan without positives."""
    if not positives:
        return np.nan
    return (1 + beta**2) * hits / (called + beta**2 * positives)


@dataclass(frozen=True)
class Operating:
    """A cut, and what calling every row from it on gives."""

    cut: float
    precision: float
    recall: float
    f_beta: float


def best(curve: Curve, beta: float) -> Operating | None:
    """The cut with the greatest F-beta, seen with the answers; the highest of equal ones. None without positives."""
    if not curve.positives:
        return None
    scores = (1 + beta**2) * curve.hits / (curve.called + beta**2 * curve.positives)
    return _at(curve, int(np.argmax(scores)), beta)


def at_precision(curve: Curve, precision: float) -> Operating | None:
    """The lowest cut whose precision is at least this; None where no cut reaches it. Its `f_beta` is F1."""
    reached = np.flatnonzero((curve.precision >= precision) & (curve.hits > 0))
    return _at(curve, int(reached[-1]), 1.0) if len(reached) else None


def _at(curve: Curve, k: int, beta: float) -> Operating:
    hits, called = float(curve.hits[k]), float(curve.called[k])
    return Operating(
        cut=float(curve.cuts[k]),
        precision=hits / called,
        recall=hits / curve.positives,
        f_beta=f_beta(hits, called, curve.positives, beta),
    )
