"""Watches the world month by month: what comes in, what the model makes of it, and what comes true.

A month is compared with the twelve before it and with the same month a year ago; what is near either has not changed,
so that seasons pass. The errors are those of one month: each opening counts once and at once, where answered cohorts
share all but a month of their answers and would tell the same error eighteen times, late. An alarm holds until three
quiet months have passed. A change that lasts becomes what is usual: after a year of alarm, its months count as the
past of a statistic too.
"""

import msgspec
import numpy as np

from detectors import drift
from detectors.arrays import Array, stored
from detectors.features import THEMES, names, themes_of
from detectors.month_scores import MonthScores
from detectors.portfolio import Counts
from detectors.regime import WATCHES, Finding, Regime, RegimeOptions

YEAR = 12
QUIET_MONTHS = 3
"""Months without a finding after which an alarm is over."""
PAST = 24
"""Months of a statistic's own past that its limit is made of."""
LEAST_PAST = 12
SURPRISES = 120
"""Months that the test of the errors looks back at."""
AGEING = ("months_known",)
"""Features that move with time in every portfolio, which nothing can be read from."""
NAMED = 5
"""Features named in an alarm, those that moved most beside their own past."""
_LEAST_INDEX = 0.01
"""Stability index that sampling gives anyway, added before the logarithm."""


class Memory(msgspec.Struct, frozen=True):
    """What the watches remember, to go on from; months as keys, the last twelve."""

    portfolios: dict[int, Array] = {}
    scores: dict[int, Array] = {}
    promised: float | None = None
    """By the scores of the last month, within the month after it."""
    past: dict[str, tuple[float, ...]] = {}
    """Each statistic's months outside alarms, on the log scale."""
    features: tuple[tuple[float, ...], ...] = ()
    """The same of each feature."""
    surprises: tuple[float, ...] = ()
    regime: Regime = Regime()


class Observer:
    """Sees month after month. Months must come in order; a gap makes the comparisons shorter, nothing else."""

    def __init__(self, options: RegimeOptions, memory: Memory) -> None:
        self._options = options
        self.memory = memory
        watched = np.array([name not in AGEING for name in names()])
        self._themes = np.where(watched, themes_of(), -1)
        # Each watch has a third of the budget, and each theme its part of that.
        self._watch_months = options.false_alarm_months * len(WATCHES)
        self._theme_rate = 1 / (self._watch_months * len(THEMES))

    @property
    def regime(self) -> Regime:
        """As of the last month seen."""
        return self.memory.regime

    def see(self, month: int, portfolio: Counts, scores: MonthScores | None, horizon: int, learned: bool) -> Regime:
        """Take in a month's counts; `learned` says that its scores came from a model that had learned anything."""
        before = self.memory
        regime = msgspec.structs.replace(before.regime, month=month)
        past = dict(before.past)
        regime, features = self._inputs(regime, month, portfolio, past)
        kept_scores, promised, surprises = before.scores, None, before.surprises
        if scores is not None:
            regime, kept_scores = self._scores(regime, month, scores, past, learned)
            regime, surprises = self._errors(regime, scores)
            promised = scores.promised / horizon
        self.memory = Memory(
            portfolios=_with(before.portfolios, month, stored(portfolio, "<u4")),
            scores=kept_scores,
            promised=promised,
            past=past,
            features=features,
            surprises=surprises,
            regime=regime,
        )
        return regime

    def _inputs(
        self, regime: Regime, month: int, portfolio: Counts, past: dict[str, tuple[float, ...]]
    ) -> tuple[Regime, tuple[tuple[float, ...], ...]]:
        if len(self.memory.portfolios) < YEAR:
            return regime, self.memory.features
        index = _index(portfolio, month, self.memory.portfolios)
        watched = self._themes >= 0
        themes = {theme: float(index[self._themes == i].mean()) for i, theme in enumerate(THEMES)}
        found = False
        for theme, value in themes.items():
            key = f"inputs/{theme}"
            found |= self._unusual(key, value, self._theme_rate, past)
        finding = _next(regime.inputs, found, month)
        for theme, value in themes.items():
            _remember(f"inputs/{theme}", value, finding, month, past)
        logs = np.log(index + _LEAST_INDEX)
        usual = [float(np.median(f)) if f else float(v) for f, v in zip(self._features(), logs, strict=True)]
        order = np.argsort(-np.where(watched, logs - np.array(usual), -np.inf), kind="stable")[:NAMED]
        regime = msgspec.structs.replace(
            regime,
            inputs=finding,
            themes=themes,
            largest=float(index[watched].max()),
            moved=_moved(regime, finding, found, [names()[i] for i in order.tolist()]),
        )
        features = self._features()
        if _counts(finding, month):
            features = tuple((*f, float(v))[-PAST:] for f, v in zip(features, logs, strict=True))
        return regime, features

    def _features(self) -> tuple[tuple[float, ...], ...]:
        return self.memory.features or ((),) * len(names())

    def _scores(
        self, regime: Regime, month: int, scores: MonthScores, past: dict[str, tuple[float, ...]], learned: bool
    ) -> tuple[Regime, dict[int, Array]]:
        total = scores.total
        mean = scores.promised / max(int(total.sum()), 1)
        regime = msgspec.structs.replace(regime, mean_score=mean)
        if not learned:
            return regime, {}
        kept = self.memory.scores
        if len(kept) >= YEAR:
            index = float(_index(total[None], month, kept)[0])
            found = self._unusual("scores", index, 1 / self._watch_months, past)
            finding = _next(regime.scores, found, month)
            _remember("scores", index, finding, month, past)
            regime = msgspec.structs.replace(regime, scores=finding, score_index=index)
        return regime, _with(kept, month, stored(total[None], "<u4"))

    def _errors(self, regime: Regime, scores: MonthScores) -> tuple[Regime, tuple[float, ...]]:
        promised = self.memory.promised
        if promised is None or not scores.followed or self.memory.regime.month != regime.month - 1:
            return regime, self.memory.surprises
        surprise = drift.surprise(scores.openings, promised)
        surprises = (*self.memory.surprises, surprise)[-SURPRISES:]
        found = drift.mean_moved(surprises, self._watch_months)
        if found:
            # What follows is judged beside what follows: the test begins again.
            surprises = ()
        finding = _next(regime.errors, found, regime.month)
        return (
            msgspec.structs.replace(regime, errors=finding, openings=scores.openings, promised=promised),
            surprises,
        )

    def _unusual(self, key: str, index: float, rate: float, past: dict[str, tuple[float, ...]]) -> bool:
        values = past.get(key, ())
        return len(values) >= LEAST_PAST and _log(index) > drift.limit(values, rate)


def _log(index: float) -> float:
    return float(np.log(index + _LEAST_INDEX))


def _index(now: Counts, month: int, months: dict[int, Array]) -> drift.Values:
    """The stability index of each row beside the nearer of two pasts: the year before, and the same month in it."""
    counts = {m: array.open().astype(np.int64) for m, array in months.items()}
    index = drift.stability(now, np.sum(list(counts.values()), axis=0))
    year_ago = counts.get(month - YEAR)
    return index if year_ago is None else np.minimum(index, drift.stability(now, year_ago))


def _with(months: dict[int, Array], month: int, array: Array) -> dict[int, Array]:
    """The months with one more, the last twelve."""
    return dict(sorted((months | {month: array}).items())[-YEAR:])


def _next(finding: Finding, found: bool, month: int) -> Finding:
    """The state after a month: an alarm begins at once, and ends after quiet months."""
    if found:
        return Finding("alarm", finding.since or month, 0)
    if finding.state == "calm" or finding.quiet + 1 >= QUIET_MONTHS:
        return Finding()
    return Finding("recovering", finding.since, finding.quiet + 1)


def _counts(finding: Finding, month: int) -> bool:
    """Whether a month is one of those that later ones are held against."""
    return finding.state != "alarm" or month - finding.since >= YEAR


def _remember(key: str, index: float, finding: Finding, month: int, past: dict[str, tuple[float, ...]]) -> None:
    if _counts(finding, month):
        past[key] = (*past.get(key, ()), _log(index))[-PAST:]


def _moved(regime: Regime, finding: Finding, found: bool, now: list[str]) -> tuple[str, ...]:
    """The features named: those of the newest month of the alarm."""
    if finding.state == "calm":
        return ()
    return tuple(now) if found else regime.moved
