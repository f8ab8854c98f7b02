"""From a score to a level of risk, with hysteresis, so that a firm near a threshold does not flicker.

A level is reached at once and left slowly: only at a month end, and only when the score has stayed clearly below for
the dwell time. All distances are log-odds.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from detectors.options import option

Name = Literal["none", "moderate", "strong"]
NAMES: tuple[Name, ...] = ("none", "moderate", "strong")
Tiers = NDArray[np.uint8]
Logits = NDArray[np.float64]
Days = NDArray[np.int32]


@dataclass(frozen=True)
class TierOptions:
    """How levels are reached and left."""

    expert_reach: float = option(
        0.5, "How far below a level the expert rule still lifts a firm into it", unit="log-odds"
    )
    hysteresis: float = option(0.5, "How far below its level a firm must fall to leave it", unit="log-odds")
    dwell_days: int = option(60, "How long a firm must stay that far below its level to leave it", unit="days")


def reached(logits: Logits, expert_rule: NDArray[np.bool_], cuts: Logits, options: TierOptions) -> Tiers:
    """The level of each score, shape (n,): 0 none, 1 moderate, 2 strong. `cuts` are the two thresholds as log-odds.

    The network's expert rule raises the level by one; here only for a firm whose score comes within reach of that
    level, since lifting every small new debt would fill the lists with firms at no particular risk.
    """
    lifted = logits + expert_rule * options.expert_reach
    return (lifted >= cuts[0]).astype(np.uint8) + (lifted >= cuts[1])


def held(logits: Logits, cuts: Logits, base: float, options: TierOptions) -> Tiers:
    """The level that each score is high enough to keep, shape (n,).

    `base` is the score of a firm at the portfolio's mean, log-odds: half-way to it every level is left, however near
    the levels are, or firms like most others would be called at risk for years.
    """
    moderate, strong = (max(cut - options.hysteresis, min(cut, (cut + base) / 2)) for cut in cuts.tolist())
    return (logits >= moderate).astype(np.uint8) + (logits >= strong)


def kept(tiers: Tiers, held_since: Days, held_now: Tiers, days: Days, options: TierOptions) -> Tiers:
    """The level that firms at `tiers` keep at a month end on their score alone, shape (n,).

    `held_since` is the last day on which the score was high enough to keep the level, `held_now` is today's `held`.
    """
    resting = days - held_since < options.dwell_days
    return np.where(resting, tiers, np.minimum(tiers, held_now)).astype(np.uint8)
