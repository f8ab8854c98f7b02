"""Score firms, decide who is worth an alert, and remember what was said.

The same rule serves an event (a few firms, any day) and a month end (all of them, the last day).
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from detectors import jumps, tiers
from detectors.features import THEMES
from detectors.features import codes as encoded
from detectors.jumps import JumpOptions
from detectors.logits import logit
from detectors.models import Scorer
from detectors.panel import Panel, Rows
from detectors.perimeter import PerimeterOptions, in_perimeter
from detectors.scales import Codes
from detectors.tiers import TierOptions
from detectors.view import View

Kind = Literal["raised", "jump", "lowered"]
KINDS: tuple[Kind, ...] = ("raised", "jump", "lowered")
MODEL_THEME = "model"
"""The part of a score's change that comes from a new model or another portfolio, not from the firm."""


@dataclass(frozen=True)
class DecisionOptions:
    """Everything that turns a score into an alert."""

    perimeter: PerimeterOptions = field(default_factory=PerimeterOptions)
    tiers: TierOptions = field(default_factory=TierOptions)
    jumps: JumpOptions = field(default_factory=JumpOptions)


@dataclass(frozen=True)
class Scored:
    """The firms of a view that are in the perimeter, arrays of n firms; `alerts` index into them."""

    rows: Rows
    codes: Codes
    members: NDArray[np.float32] | None
    """The log-odds of each member of the model, (n, members); at a month end alone."""
    logits: NDArray[np.float64]
    tiers: NDArray[np.uint8]
    alerts: NDArray[np.intp]
    kinds: NDArray[np.uint8]
    previous_tiers: NDArray[np.uint8]
    previous_logits: NDArray[np.float64]
    changes: NDArray[np.float64]
    """Each alert's themes' part of logit - previous logit, the model's part last: shape (alerts, themes + 1)."""


def decide(panel: Panel, rows: Rows, view: View, scorer: Scorer, options: DecisionOptions, closing: bool) -> Scored:
    """Score the firms at `rows`, each as it stands in its `view`, and update what is said about them.

    `closing` says that the month ends: levels may be left, and the score becomes what later ones are compared with. A
    firm that enters a proceeding leaves its level at once, and is not scored from then on.
    """
    inside = in_perimeter(view, options.perimeter)
    if not closing:
        inside |= view.in_proceeding & (view.firms["tier"] > 0)
    else:
        _forget(panel, rows[~inside])
    if not inside.all():
        rows, view = rows[inside], view.among(inside)
    days = view.days
    codes = encoded(view)
    logits, members = scorer.score_with_members(codes) if closing else (scorer.score(codes), None)
    was = view.firms
    level = tiers.reached(logits, view.expert_rule, scorer.logit_thresholds, options.tiers)
    # Where a department's alerts are capped, what lies below its floor is not told; what was told is left as ever.
    told = logits >= scorer.floors.of(was["department"])
    level = np.where(told, level, 0).astype(np.uint8)
    held = tiers.held(logits, scorer.logit_thresholds, scorer.base, options.tiers)
    floor = tiers.kept(was["tier"], was["tier_day"], held, days, options.tiers) if closing else was["tier"]
    level = np.where(view.in_proceeding, 0, np.maximum(level, floor)).astype(np.uint8)
    excess = logits - scorer.base
    raised, lowered = level > was["tier"], level < was["tier"]
    leaps = (
        ~raised
        & ~lowered
        & jumps.jumped(excess, was["usual"], was["spread"], was["month_ends"], options.jumps)
        & (logits >= logit(options.jumps.floor))
        & told
        & (days - was["jump_day"] >= options.jumps.cooldown_days)
    )
    scored = _scored(rows, codes, members, logits, level, (raised, leaps, lowered), was, scorer)
    # A level's day is the last one on which it was reached, left, or high enough to be kept.
    _remember(panel, scored, excess, raised | lowered | (held >= was["tier"]), raised | leaps, days)
    if closing:
        _close(panel, scored, excess, options.jumps)
    return scored


def _scored(
    rows: Rows,
    codes: Codes,
    members: NDArray[np.float32] | None,
    logits: NDArray[np.float64],
    level: NDArray[np.uint8],
    kinds: tuple[NDArray[np.bool_], ...],
    was: NDArray[np.void],
    scorer: Scorer,
) -> Scored:
    alerts = np.flatnonzero(kinds[0] | kinds[1] | kinds[2])
    previous, changes = _changes(codes[alerts], logits[alerts], was[alerts], scorer)
    return Scored(
        rows=rows,
        codes=codes,
        members=members,
        logits=logits,
        tiers=level,
        alerts=alerts,
        kinds=np.select([k[alerts] for k in kinds], list(range(len(kinds)))).astype(np.uint8),
        previous_tiers=was["tier"][alerts],
        previous_logits=previous,
        changes=changes,
    )


def _changes(
    codes: Codes, logits: NDArray[np.float64], was: NDArray[np.void], scorer: Scorer
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The score that was told last, shape (alerts,), and what each theme and the model added since.

    The firm as it stood at the last month end is looked at with the model of today: what is left of the difference is
    not the firm's doing, but that of the model and of the portfolio beside which it stands.
    """
    if not len(codes):
        return np.zeros(0), np.zeros((0, len(THEMES) + 1))
    themes = scorer.themes(codes)
    new = np.isnan(was["logit"])
    # A firm never scored at a month end is compared with a firm of which nothing is known: the model's base.
    before_themes = np.where(new[:, None], 0.0, scorer.themes(was["codes"][:, : codes.shape[1]]))
    previous = np.where(new, scorer.base, was["logit"])
    moved = themes - before_themes
    return previous, np.column_stack([moved, logits - previous - moved.sum(axis=1)])


def _remember(
    panel: Panel,
    scored: Scored,
    excess: NDArray[np.float64],
    stands: NDArray[np.bool_],
    told: NDArray[np.bool_],
    days: NDArray[np.int32],
) -> None:
    """Note new levels and alerts; after a jump the new level is the usual one."""
    f, rows = panel.firms, scored.rows
    f["tier"][rows] = scored.tiers
    f["tier_day"][rows[stands]] = days[stands]
    f["jump_day"][rows[told]] = days[told]
    f["usual"][rows[told]] = excess[told]


def _close(panel: Panel, scored: Scored, excess: NDArray[np.float64], options: JumpOptions) -> None:
    """The score of a month end becomes the one that later scores are compared with."""
    f, rows = panel.firms, scored.rows
    usual, spread = jumps.month_end(excess, f["usual"][rows], f["spread"][rows], f["month_ends"][rows], options)
    f["usual"][rows], f["spread"][rows] = usual, spread
    f["month_ends"][rows] += 1
    f["logit"][rows] = scored.logits
    f["codes"][rows, : scored.codes.shape[1]] = scored.codes


def _forget(panel: Panel, rows: Rows) -> None:
    """Firms outside the perimeter at a month end: nothing is said of them, and nothing compared, if they come back."""
    f = panel.firms
    f["tier"][rows] = 0
    f["month_ends"][rows] = 0
    f["logit"][rows] = np.nan
