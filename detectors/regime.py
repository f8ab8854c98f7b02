"""Has the world changed under the model? What the watches say, once a month.

- inputs: the distribution of every feature over the portfolio, by theme;
- scores: the distribution of the scores, once something has been learned;
- errors: the proceedings that open in a month among the firms scored at its beginning, beside what their scores
  promised.

`detectors.observer` finds it out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import msgspec

from detectors.errors import UnusableInput
from detectors.months import month_text
from detectors.options import option

Watch = Literal["inputs", "scores", "errors"]
WATCHES: tuple[Watch, ...] = ("inputs", "scores", "errors")
State = Literal["calm", "alarm", "recovering"]
_SHORTEST_BUDGET = 12.0
_LONGEST_BUDGET = 1e12
"""As good as never; beyond it a probability would round to 1."""


@dataclass(frozen=True)
class RegimeOptions:
    """How readily a change of the world is called one. Raises UnusableInput for a budget that means nothing."""

    false_alarm_months: float = option(
        60.0, "Expected time between two false alarms about a change of the world", unit="months"
    )

    def __post_init__(self) -> None:
        if not _SHORTEST_BUDGET <= self.false_alarm_months <= _LONGEST_BUDGET:
            raise UnusableInput(
                f"--false-alarm-months (VIGIE_FALSE_ALARM_MONTHS): {self.false_alarm_months:g} months are no budget. "
                f"Give {_SHORTEST_BUDGET:g} to {_LONGEST_BUDGET:g}"
            )


class Finding(msgspec.Struct, frozen=True):
    """What one watch says. `since` is the month in which its alarm began, as `detectors.months` counts; 0 when calm."""

    state: State = "calm"
    since: int = 0
    quiet: int = 0
    """Months without a finding since the last one; while recovering."""


class Regime(msgspec.Struct, frozen=True):
    """The state of the world at the end of a month, as the watches see it."""

    month: int = 0
    inputs: Finding = Finding()
    scores: Finding = Finding()
    errors: Finding = Finding()
    moved: tuple[str, ...] = ()
    """The features that moved most, while the inputs' alarm lasts."""
    themes: dict[str, float] = {}
    """Stability index of each theme's features, their mean."""
    largest: float = 0.0
    """The largest stability index of a feature."""
    score_index: float = 0.0
    """Stability index of the scores."""
    mean_score: float = 0.0
    """Mean probability."""
    openings: int = 0
    """Proceedings opened in the month among the firms scored at its beginning."""
    promised: float = 0.0
    """As many as their scores expected."""

    def finding(self, watch: Watch) -> Finding:
        """What a watch says."""
        return {"inputs": self.inputs, "scores": self.scores, "errors": self.errors}[watch]

    @property
    def holds(self) -> bool:
        """Whether answers are to move neither levels nor calibration."""
        return self.inputs.state == "alarm"


def changes(before: Regime, now: Regime) -> Iterator[str]:
    """A line for each watch whose alarm began or ended between two months."""
    for watch in WATCHES:
        was, finding = before.finding(watch), now.finding(watch)
        if began(before, now, watch):
            yield f"{month_text(now.month)}: regime alarm on {watch} begins: {reason(watch, now)}"
        elif was.since and not finding.since:
            yield f"{month_text(now.month)}: regime alarm on {watch} is over, after {now.month - was.since} months"


def began(before: Regime, now: Regime, watch: Watch) -> bool:
    """Whether a watch's alarm began between two months."""
    return bool(now.finding(watch).since) and before.finding(watch).since != now.finding(watch).since


def reason(watch: Watch, regime: Regime) -> str:
    """What an alarm rests on."""
    if watch == "inputs":
        return f"moved most: {', '.join(regime.moved)}"
    if watch == "scores":
        return f"stability index {regime.score_index:.2f}"
    return f"{regime.openings} proceedings opened in the month, {regime.promised:.1f} were expected"
