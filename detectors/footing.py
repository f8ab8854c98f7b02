"""Scores and levels while the world is another: the portfolio stays on its usual footing.

While the inputs are in alarm answers say nothing of today, they are a horizon old. What the scores of a month were like
is known at its end, though, and so is how many proceedings opened beside those that scores had promised. Unless more
opened, a swelling of all scores is the world's doing and no firm's: scores are moved until their mean is what it was,
and the levels to where as many firms reach them as did. In the alarm's first month, when nobody knows yet how far it
goes, only what is above the strong level is told. When the alarm is over, scores come back by half a month.
"""

import msgspec
import numpy as np

from detectors.logits import logit, sigmoid
from detectors.models import Thresholds
from detectors.month_scores import CUTS, MIDDLES, STEP, Counts, MonthScores
from detectors.regime import Regime

MONTHS = 12
"""Months outside alarms that say what is usual."""
_FURTHEST = 2.0
"""Scores are moved no further than this, log-odds."""
_BACK = 0.5
_DEVIATIONS = 2.0
"""Openings beyond those promised, in standard deviations, from which more firms do fail."""
_HALVINGS = 30


class Footing(msgspec.Struct, frozen=True):
    """What is usual, and how far scores are moved to stay there."""

    means: tuple[float, ...] = ()
    """The mean probability of each month."""
    shares: tuple[tuple[float, float], ...] = ()
    """The shares of firms above the moderate and the strong level."""
    away: float = 0.0
    """Added to calibrated log-odds."""


def followed(footing: Footing, scores: MonthScores, levels: Thresholds, regime: Regime) -> tuple[Footing, Thresholds]:
    """The footing after a month and, while the inputs are in alarm, the levels to go with it; else as they are.

    `scores` are those that the model with these `levels` gave, `regime` is that of the month's end.
    """
    total = scores.total
    firms = int(total.sum())
    if not firms:
        return footing, levels
    mean = scores.promised / firms
    cuts = (logit(levels.moderate), logit(levels.strong))
    if not regime.inputs.since:
        above = (share_above(total, cuts[0]), share_above(total, cuts[1]))
        return Footing(
            (*footing.means, mean)[-MONTHS:], (*footing.shares, above)[-MONTHS:], footing.away * _BACK
        ), levels
    if not regime.holds or not footing.means or more_fail(regime):
        return footing, levels
    away = footing.away + shift_to(total, float(np.median(footing.means)))
    away = float(np.clip(away, -_FURTHEST, _FURTHEST))
    usual = np.median(np.array(footing.shares), axis=0)
    moderate, strong = (cut_above(total, float(share)) for share in usual)
    found = sigmoid(np.array([moderate, max(strong, moderate + STEP)]) + away - footing.away)
    return msgspec.structs.replace(footing, away=away), Thresholds(float(found[0]), float(found[1]))


def hushes(regime: Regime) -> bool:
    """Whether an alarm has only begun, so that levels are still those of the world before."""
    return regime.holds and regime.inputs.since == regime.month and not more_fail(regime)


def more_fail(regime: Regime) -> bool:
    """Whether clearly more proceedings opened in the month than its scores had promised."""
    return regime.openings > regime.promised + _DEVIATIONS * np.sqrt(regime.promised)


def shift_to(total: Counts, mean: float) -> float:
    """By how much all scores have to move for their mean probability to be `mean`, log-odds; by bisection."""
    low, high = -2 * _FURTHEST, 2 * _FURTHEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if float(total @ sigmoid(MIDDLES + middle)) > mean * int(total.sum()):
            high = middle
        else:
            low = middle
    return (low + high) / 2


def share_above(total: Counts, cut: float) -> float:
    """The share of firms with a score of `cut` log-odds or more, from the counts by cell; linear within a cell."""
    return float(np.interp(cut, _edges(), _above(total)))


def cut_above(total: Counts, share: float) -> float:
    """The score that such a share of the firms reaches, log-odds."""
    # From the highest cut down, since what is interpolated over has to ascend.
    return float(np.interp(share, _above(total)[::-1], _edges()[::-1]))


def _edges() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.append(CUTS[1:], CUTS[-1] + STEP)


def _above(total: Counts) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The share of firms above each edge, shape (256,)."""
    known = total[1:]
    return np.append(known[::-1].cumsum()[::-1], 0) / max(int(known.sum()), 1)
