"""Score firms, decide who is worth an alert, and remember what was said.

The same rule serves an event (a few firms, any day) and a month end (all of them, the last day). It has two halves. A
firm is looked at for what is known of it, which its next event changes; whoever has many events to decide takes a
picture of the firm after each, and looks at all pictures at once. Then it is judged by what was said of it before, one
event after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors import jumps, tiers
from detectors.features import THEMES
from detectors.features import codes as encoded
from detectors.jumps import JumpOptions
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


Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Look:
    """Firms as they stood, and their scores: arrays of n pictures, several of one firm where it was looked at again."""

    view: View
    rows: Rows
    at: NDArray[np.intp]
    """Their places among the pictures that were given: those of firms that nothing is said of are left out."""
    codes: Codes
    members: NDArray[np.float32] | None
    """The log-odds of each member of the model, (n, members); at a month end alone."""
    logits: NDArray[np.float64]


@dataclass(frozen=True)
class Alerts:
    """What is to be told, arrays of n alerts."""

    at: NDArray[np.intp]
    """The picture of the look that each is about."""
    kinds: NDArray[np.uint8]
    tiers: NDArray[np.uint8]
    previous_tiers: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.at)


_NOTHING = Alerts(np.zeros(0, np.intp), *[np.zeros(0, np.uint8)] * 3)


class Changes(NamedTuple):
    """Of each alert: the score that was told last, (n,), and what each theme and the model added since, the model last,
    (n, themes + 1).
    """

    previous_logits: NDArray[np.float64]
    parts: NDArray[np.float64]


def look(rows: Rows, view: View, scorer: Scorer, options: DecisionOptions) -> Look:
    """Score the firms of a view, whose rows in the panel are given, each as it stands there, on any day."""
    # A firm that has entered a proceeding is not scored any more, but leaves its level at once.
    return _look(rows, view, in_perimeter(view, options.perimeter) | view.in_proceeding, scorer, closing=False)


def decide(panel: Panel, seen: Look, turns: Sequence[slice], scorer: Scorer, options: DecisionOptions) -> Alerts:
    """Judge the pictures of a look turn by turn, and remember what is said. In a turn no firm comes twice."""
    scored = _scored(seen, scorer, options)
    said = [said for turn in turns if (said := _said(panel, seen, scored, turn, options))]
    return Alerts(*map(np.concatenate, zip(*said, strict=True))) if said else _NOTHING


def close(
    panel: Panel, rows: Rows, view: View, scorer: Scorer, options: DecisionOptions
) -> tuple[Look, NDArray[np.uint8], Alerts, Changes]:
    """Look at firms as their month ends and judge them: levels may be left, and scores become what later ones are
    compared with.

    Gives the look, the level of each firm in it, the alerts and what changed their scores.
    """
    inside = in_perimeter(view, options.perimeter)
    _forget(panel, rows[~inside])
    seen = _look(rows, view, inside, scorer, closing=True)
    judged = _judged(panel, seen, _scored(seen, scorer, options), slice(None), options, closing=True)
    alerts = Alerts(*judged.alerts(0))
    moved = changes(panel, seen, alerts, scorer)
    _remember(panel, judged)
    _close(panel, seen, judged.excess, options.jumps)
    return seen, judged.level, alerts, moved


def changes(panel: Panel, seen: Look, alerts: Alerts, scorer: Scorer) -> Changes:
    """What moved the scores of alerts since the last month end.

    The firm as it stood at the last month end is looked at with the model of today: what is left of the difference is
    not the firm's doing, but that of the model and of the portfolio beside which it stands.
    """
    if not len(alerts):
        return Changes(np.zeros(0), np.zeros((0, len(THEMES) + 1)))
    rows, codes, logits = seen.rows[alerts.at], seen.codes[alerts.at], seen.logits[alerts.at]
    told = panel.firms["logit"][rows]
    new = np.isnan(told)
    # All at once: of the few firms of a batch each call costs more than its numbers.
    last = panel.firms["codes"][rows][:, : codes.shape[1]]
    both = scorer.themes(np.concatenate([codes, last]))
    themes, before = both[: len(rows)], both[len(rows) :]
    # A firm never scored at a month end is compared with a firm of which nothing is known: the model's base.
    before = np.where(new[:, None], 0.0, before)
    previous = np.where(new, scorer.base, told)
    moved = themes - before
    return Changes(previous, np.column_stack([moved, logits - previous - moved.sum(axis=1)]))


def _look(rows: Rows, view: View, inside: Mask, scorer: Scorer, closing: bool) -> Look:
    at = inside.nonzero()[0]
    if len(at) < len(rows):
        rows, view = rows[at], view.at(at)
    codes = encoded(view)
    logits, members = scorer.score_with_members(codes) if closing else (scorer.score(codes), None)
    return Look(view, rows, at, codes, members, logits)


class _Judged(NamedTuple):
    """The firms of a turn: arrays of n."""

    rows: Rows
    days: NDArray[np.int32]
    excess: NDArray[np.float64]
    """The score less the model's base."""
    was: NDArray[np.uint8]
    level: NDArray[np.uint8]
    stands: Mask
    """The level is reached, left, or the score is high enough to keep the one that there was."""
    told: NDArray[np.intp]
    """Where something is to be told: the level is another one, or the score leaps."""

    def alerts(self, start: int) -> tuple[NDArray[Any], ...]:
        """The columns of `Alerts`; `start` is the first firm's place in the look."""
        level, was = self.level[self.told], self.was[self.told]
        return start + self.told, np.where(level > was, 0, np.where(level < was, 2, 1)).astype(np.uint8), level, was


def _said(
    panel: Panel, seen: Look, scored: "_Scored", turn: slice, options: DecisionOptions
) -> tuple[NDArray[Any], ...] | None:
    judged = _judged(panel, seen, scored, turn, options, closing=False)
    _remember(panel, judged)
    return judged.alerts(turn.start) if len(judged.told) else None


class _Scored(NamedTuple):
    """What follows from the pictures of a look alone, whatever was said before: arrays of n pictures."""

    excess: NDArray[np.float64]
    """The score less the model's base."""
    level: NDArray[np.uint8]
    """The level that is reached."""
    held: NDArray[np.uint8]
    """The level that the score is high enough to keep."""
    may_leap: Mask


def _scored(seen: Look, scorer: Scorer, options: DecisionOptions) -> _Scored:
    view, logits, cuts = seen.view, seen.logits, scorer.logit_thresholds
    # Where a department's alerts are capped, what lies below its floor is not told; what was told is left as ever.
    told = logits >= scorer.floors.of(view.firms["department"])
    level = tiers.reached(logits, view.expert_rule, cuts, options.tiers) * told
    held = tiers.held(logits, cuts, scorer.base, options.tiers)
    may_leap = ~view.in_proceeding & (logits >= options.jumps.least_logit) & told
    return _Scored(logits - scorer.base, level, held, may_leap)


def _judged(panel: Panel, seen: Look, scored: _Scored, turn: slice, options: DecisionOptions, closing: bool) -> _Judged:
    f, rows, days = panel.firms, seen.rows[turn], seen.view.days[turn]
    excess, held = scored.excess[turn], scored.held[turn]
    in_proceeding, was = seen.view.in_proceeding[turn], f["tier"][rows]
    floor = tiers.kept(was, f["tier_day"][rows], held, days, options.tiers) if closing else was
    level = np.maximum(scored.level[turn], floor) * ~in_proceeding
    moved = level != was
    leaps = (
        ~moved
        & scored.may_leap[turn]
        & jumps.jumped(excess, f["usual"][rows], f["spread"][rows], f["month_ends"][rows], options.jumps)
        & (days - f["jump_day"][rows] >= options.jumps.cooldown_days)
    )
    # Nothing is remembered of a firm in a proceeding that was at no level.
    stands = moved | ((held >= was) & ~(in_proceeding & (was == 0)))
    return _Judged(rows, days, excess, was, level, stands, (moved | leaps).nonzero()[0])


def _remember(panel: Panel, judged: _Judged) -> None:
    """Note new levels and alerts; after a jump the new level is the usual one."""
    f, rows, days, told = panel.firms, judged.rows, judged.days, judged.told
    f["tier_day"][rows[judged.stands]] = days[judged.stands]
    if not len(told):
        return
    f["tier"][rows[told]] = judged.level[told]
    risen = told[judged.level[told] >= judged.was[told]]
    f["jump_day"][rows[risen]] = days[risen]
    f["usual"][rows[risen]] = judged.excess[risen]


def _close(panel: Panel, seen: Look, excess: NDArray[np.float64], options: JumpOptions) -> None:
    """The score of a month end becomes the one that later scores are compared with."""
    f, rows = panel.firms, seen.rows
    usual, spread = jumps.month_end(excess, f["usual"][rows], f["spread"][rows], f["month_ends"][rows], options)
    f["usual"][rows], f["spread"][rows] = usual, spread
    f["month_ends"][rows] += 1
    f["logit"][rows] = seen.logits
    f["codes"][rows, : seen.codes.shape[1]] = seen.codes


def _forget(panel: Panel, rows: Rows) -> None:
    """Firms outside the perimeter at a month end: nothing is said of them, and nothing compared, if they come back."""
    f = panel.firms
    f["tier"][rows] = 0
    f["month_ends"][rows] = 0
    f["logit"][rows] = np.nan
