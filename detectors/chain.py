"""The chain of one partition, in order: time, facts, features, score, decision, examples.

`step` takes a batch and yields outcomes. Each outcome is whole: whoever keeps its changes can forget the events behind
it. Batch boundaries never change what comes out: a firm is decided after each of its events, and months end between
the same two events wherever a batch was cut.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise, starmap
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors import month_scores
from detectors.batch import Batch, Type
from detectors.decisions import (
    KINDS,
    MODEL_THEME,
    Alerts,
    Changes,
    DecisionOptions,
    Kind,
    Look,
    changes,
    close,
    decide,
    look,
)
from detectors.events import EVENT_TYPES, AnyEvent, Clock
from detectors.evidence import Quantity, quantities
from detectors.features import FEATURES, THEMES
from detectors.habits import remember_habits
from detectors.labels import HORIZON, Cohort, Examples, answer, joined
from detectors.logits import sigmoid
from detectors.models import MEMBERS, Model, Scorer
from detectors.month_scores import MonthScores
from detectors.months import first_day, last_day, months_of
from detectors.options import option
from detectors.panel import FIRM, Panel, Positions, Rows
from detectors.past import Past, pasts
from detectors.portfolio import Counts, count
from detectors.reach import Reach
from detectors.rings import MONTHS, NEVER
from detectors.turns import TOGETHER, turns
from detectors.view import View, pictures

SWEEP_ROWS = 16_384
"""Firms looked at together at a month end: bounds the memory of a sweep."""
SOURCES = tuple(name for name in EVENT_TYPES if name not in ("firm", "clock"))
"""The sources whose age an alert tells, in the order of `Type`."""


@dataclass(frozen=True)
class ChainOptions:
    """How the chain decides and which answers it waits for."""

    decisions: DecisionOptions = field(default_factory=DecisionOptions)
    horizon: int = option(HORIZON, "Months within which a collective procedure is predicted", unit="months")


@dataclass(frozen=True)
class Decision:
    """One alert to be, as numbers; sentences and identifiers are the business of others."""

    siren: str
    name: str | None
    department: str | None
    activity: str | None
    kind: Kind
    tier: int
    previous_tier: int
    logit: float
    probability: float
    """Of `logit`."""
    previous_logit: float
    previous_probability: float
    themes: list[tuple[str, float]]
    evidence: list[Quantity]
    past: Past
    cause: AnyEvent
    """The event behind it; at a month end, a clock event of the first day after."""
    day: int
    sources: list[tuple[str, int]]
    position: int
    """The event of the batch behind it; at a month end, the one that ended the month."""


@dataclass(frozen=True)
class Scores:
    """What each firm of the perimeter was given at a month end, arrays of n firms."""

    month: int
    sirens: NDArray[np.uint32]
    probabilities: NDArray[np.float64]
    tiers: NDArray[np.uint8]


@dataclass
class Outcome:
    """What a stretch of events, or a month end, came to."""

    decisions: list[Decision] = field(default_factory=list)
    changed: Rows = field(default_factory=lambda: np.zeros(0, np.int32))
    """Rows of the panel that differ from before."""
    scores: Scores | None = None
    cohort: Cohort | None = None
    """The firms of a month end as they were scored, to be kept until they are answered."""
    portfolio: Counts | None = None
    """How many of them had each code of each feature, (features, 256)."""
    month_scores: MonthScores | None = None
    """What their scores were like, by department."""
    examples: Examples | None = None
    """A cohort kept before that is answered now."""


class Chain:
    """The state of one partition and the model it is scored with. Replace `scorer` between two steps at will."""

    def __init__(self, model: Model, options: ChainOptions | None = None) -> None:
        self.panel = Panel()
        self.scorer = Scorer(model)
        self.options = options or ChainOptions()
        self.day = 0
        """The greatest `known_at` seen."""
        self.swept = NEVER
        """The last month that has ended."""
        self.known_to = np.zeros(len(SOURCES), np.int32)
        self.pending: dict[int, dict[int, Cohort]] = {}
        """Cohorts that wait for their answers, by month; in parts where they came from records."""

    def use(self, model: Model) -> None:
        """Score with another model from now on."""
        self.scorer = Scorer(model)

    def waiting(self) -> Iterator[Cohort]:
        """The cohorts that wait for their answers, the oldest first, each whole."""
        for month in sorted(self.pending):
            cohort = self._whole(month)
            if cohort is not None:
                yield cohort

    def step(self, batch: Batch) -> Iterator[Outcome]:
        """Apply a batch; one outcome for each month that it ends and for each stretch of events in between."""
        days = np.maximum.accumulate(np.maximum(batch.rows["known"], self.day))
        months = months_of(days)
        edges = [0, *(np.flatnonzero(months[1:] != months[:-1]) + 1).tolist(), len(batch)]
        for start, end in pairwise(edges):
            if start == end:
                continue
            yield from self._end_months(int(months[start]), start)
            outcome = self._stretch(batch, np.arange(start, end), days, int(months[start]))
            self.day = int(days[end - 1])
            yield outcome

    def _end_months(self, month: int, position: int) -> Iterator[Outcome]:
        """End every month before `month`, which the event at `position` begins, that has not ended yet."""
        if self.day == 0:
            if month >= _FIRST_MONTH:
                self.swept = month - 1
            return
        while self.swept < month - 1:
            ended = self.swept + 1
            outcome = self._end_month(ended, position)
            self.swept = ended
            yield outcome

    def _stretch(self, batch: Batch, at: Positions, days: NDArray[np.int32], month: int) -> Outcome:
        """Events within one month, in turns, a decision after each."""
        at = at[batch.rows["type"][at] != Type.CLOCK]
        # Of what comes again as well: a kill may have kept the firms of a stretch and not its clock.
        reach = Reach(batch, at, self.known_to)
        rows = self.panel.rows_of(batch.rows["siren"][at])
        at, rows = self._not_seen(batch, at, rows)
        outcome, drafts, shots = Outcome(changed=_distinct(rows)), list[_Draft](), _Shots()
        for turn in turns(rows, days[at]):
            here, firms = at[turn.at], rows[turn.at]
            # A firm that looks as it did when it was decided on that day would be decided alike.
            open_ = self.panel.apply(batch, here, firms) | turn.new_day
            shots.add(here[open_], firms[open_], self.panel)
            if len(shots) >= TOGETHER:
                drafts += self._decide_events(shots, month, days, reach)
                shots = _Shots()
        drafts += self._decide_events(shots, month, days, reach)
        if batch.offsets is not None:
            self.panel.firms["offset"][rows] = batch.offsets[at]
        self.known_to = reach.end()
        drafts.sort(key=lambda draft: draft.position)
        # In one go: a few of very many events are looked for.
        causes = batch.events.at([draft.position for draft in drafts]) if drafts else []
        outcome.decisions = [draft.finish(cause=cause) for draft, cause in zip(drafts, causes, strict=True)]
        return outcome

    def _not_seen(self, batch: Batch, at: Positions, rows: Rows) -> tuple[Positions, Rows]:
        """Leave out what a restart delivers again: a firm remembers the offset of its last event."""
        if batch.offsets is None:
            return at, rows
        new = batch.offsets[at] > self.panel.firms["offset"][rows]
        return at[new], rows[new]

    def _decide_events(self, shots: "_Shots", month: int, days: NDArray[np.int32], reach: Reach) -> list["_Draft"]:
        """Decide firms as they stood after their events, each on the day of its event."""
        if not len(shots):
            return []
        at, rows, firms, names = shots.joined()
        view = View.of(firms, month, days[at])
        seen = look(rows, view, self.scorer, self.options.decisions)
        # Where each turn's pictures begin, among those of which something may be said.
        ends = np.searchsorted(seen.at, shots.ends).tolist()
        alerts = decide(self.panel, seen, [*starmap(slice, pairwise([0, *ends]))], self.scorer, self.options.decisions)
        if not len(alerts):
            return []
        moved = changes(self.panel, seen, alerts, self.scorer)
        told = seen.at[alerts.at]
        names, positions = [names[place] for place in told.tolist()], at[told]
        return self._drafts(seen, alerts, moved, seen.view.at(alerts.at), names, positions, reach.after(positions))

    def _end_month(self, month: int, position: int) -> Outcome:
        """Score the whole partition on the last day of a month; keep what is to be answered, answer what is due."""
        day = last_day(month).toordinal()
        cause = Clock(known_at=first_day(month + 1))
        # By SIREN: rows are given as firms come, and how a batch was cut must not show in the order either.
        order = np.argsort(self.panel.firms["siren"][: len(self.panel)]).astype(np.int32)
        outcome, parts, tiers = Outcome(changed=order), list[Look](), [np.zeros(0, np.uint8)]
        for start in range(0, len(self.panel), SWEEP_ROWS):
            rows = outcome.changed[start : start + SWEEP_ROWS]
            seen, levels, drafts = self._close(rows[self.panel.firms["swept"][rows] < month], month, day, position)
            outcome.decisions += [draft.finish(cause=cause) for draft in drafts]
            parts.append(seen)
            tiers.append(levels)
        cohort = _cohort(self.panel, month, parts)
        outcome.scores = Scores(month, cohort.sirens, sigmoid(cohort.logits), np.concatenate(tiers))
        kept = self.pending.get(month, {})
        if len(cohort) or kept:
            # After a restart in mid-sweep, the firms that were done before stand in the cohort that was kept.
            outcome.cohort = cohort = _once([*kept.values(), cohort])
            self.pending[month] = {0: cohort}
        outcome.portfolio = count(cohort.codes)
        outcome.month_scores = self._month_scores(cohort, month)
        outcome.examples = self._answer(month - self.options.horizon)
        return outcome

    def _month_scores(self, cohort: Cohort, month: int) -> MonthScores:
        """Counts of the scores, from cohorts that are kept: the same after a restart in mid-sweep."""
        before, opened = self._whole(month - 1), np.zeros(0, bool)
        departments = self.panel.firms["department"][self.panel.rows_of(cohort.sirens, make=False)]
        if before is not None:
            days = self.panel.firms["proceeding_day"][self.panel.rows_of(before.sirens, make=False)]
            opened = (days >= first_day(month).toordinal()) & (days <= last_day(month).toordinal())
        return month_scores.count(cohort, departments, before, opened)

    def _whole(self, month: int) -> Cohort | None:
        """A cohort that waits for its answers."""
        parts = self.pending.get(month, {})
        return _once([parts[part] for part in sorted(parts)]) if parts else None

    def _close(self, rows: Rows, month: int, day: int, position: int) -> tuple[Look, NDArray[np.uint8], list["_Draft"]]:
        """End the month of the firms at these rows: the look, their levels, what is to be told."""
        view = View(self.panel, rows, month, np.full(len(rows), day, np.int32))
        seen, levels, alerts, moved = close(self.panel, rows, view, self.scorer, self.options.decisions)
        f, column, heads = self.panel.firms, month % MONTHS, view.headcount
        f["employee_history"][rows, column] = view.firms["debt_employee"]
        f["employer_history"][rows, column] = view.firms["debt_employer"]
        f["heads_history"][rows, column] = np.round(np.nan_to_num(heads) * 100)
        remember_habits(self.panel, rows, view)
        first = view.firms["first_swept"]
        f["first_swept"][rows] = np.where(first == NEVER, month, first)
        f["swept"][rows] = month
        told = seen.rows[alerts.at]
        closed = View(self.panel, told, month, seen.view.days[alerts.at])
        positions, reach = np.full(len(told), position), np.tile(self.known_to, (len(told), 1))
        names = [self.panel.names[row] for row in told.tolist()]
        return seen, levels, self._drafts(seen, alerts, moved, closed, names, positions, reach)

    def _answer(self, month: int) -> Examples | None:
        cohort = self._whole(month)
        self.pending.pop(month, None)
        if cohort is None:
            return None
        rows = self.panel.rows_of(cohort.sirens, make=False)
        return answer(cohort, self.panel.firms["proceeding_day"][rows], self.options.horizon)

    def _drafts(
        self,
        seen: Look,
        alerts: Alerts,
        moved: Changes,
        view: View,
        names: list[str | None],
        positions: Positions,
        known_to: NDArray[np.int32],
    ) -> list["_Draft"]:
        """What is to be told, but for its cause; `view` and `names` are the alerts' firms', `known_to` (n, sources)."""
        if not len(alerts):
            return []
        firms, evidence, past, themes = view.firms, quantities(view), pasts(view), (*THEMES, MODEL_THEME)
        # Whole columns become Python's numbers at once: one by one that takes longer than all the rest.
        sirens, departments, activities = (firms[field].tolist() for field in ("siren", "department", "activity"))
        kinds, tiers, before = (x.tolist() for x in (alerts.kinds, alerts.tiers, alerts.previous_tiers))
        scores, previous = _pairs(seen.logits[alerts.at]), _pairs(moved.previous_logits)
        parts, day, reach, places = (x.tolist() for x in (moved.parts, view.days, known_to, positions))
        return [
            _Draft(
                places[i],
                partial(
                    Decision,
                    siren=f"{sirens[i]:09d}",
                    name=names[i],
                    department=departments[i].decode() or None,
                    activity=activities[i].decode() or None,
                    kind=KINDS[kinds[i]],
                    tier=tiers[i],
                    previous_tier=before[i],
                    logit=scores[i][0],
                    probability=scores[i][1],
                    previous_logit=previous[i][0],
                    previous_probability=previous[i][1],
                    themes=list(zip(themes, parts[i], strict=True)),
                    evidence=evidence[i],
                    past=past[i],
                    day=day[i],
                    sources=[(s, d) for s, d in zip(SOURCES, reach[i], strict=True) if d],
                    position=places[i],
                ),
            )
            for i in range(len(alerts))
        ]


class _Shots:
    """Pictures of firms after their events, turn by turn."""

    def __init__(self) -> None:
        self._at: list[Positions] = []
        self._rows: list[Rows] = []
        self._firms: list[NDArray[np.void]] = []
        self._names: list[str | None] = []
        self.ends: list[int] = []
        """Where each turn's pictures end."""

    def __len__(self) -> int:
        return self.ends[-1] if self.ends else 0

    def add(self, at: Positions, rows: Rows, panel: Panel) -> None:
        """Take pictures of the firms at these rows as they are after a turn of events."""
        if len(at):
            self.ends.append(len(self) + len(at))
            self._at.append(at)
            self._rows.append(rows)
            self._firms.append(pictures(panel, rows))
            self._names += map(panel.names.__getitem__, rows.tolist())

    def joined(self) -> tuple[Positions, Rows, NDArray[np.void], list[str | None]]:
        """All of them, one turn after the other: events, rows, firms, names."""
        if len(self.ends) == 1:
            return self._at[0], self._rows[0], self._firms[0], self._names
        firms = np.concatenate([firms.view(_WHOLE) for firms in self._firms]).view(FIRM)
        return np.concatenate(self._at), np.concatenate(self._rows), firms, self._names


class _Draft(NamedTuple):
    """A decision for which only the event behind it has not been looked up."""

    position: int
    finish: "partial[Decision]"


def _pairs(logits: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Each score as log-odds and as a probability."""
    return list(zip(logits.tolist(), sigmoid(logits).tolist(), strict=True))


_FIRST_MONTH = 1980 * 12
_WHOLE = np.dtype((np.void, FIRM.itemsize))
"""A firm as bytes, which are copied several times faster than field by field."""


def _distinct(rows: Rows) -> Rows:
    """Each row once, ascending: several times faster than NumPy's `unique`, which hashes."""
    ordered = np.sort(rows)
    return ordered[np.append(ordered[1:] != ordered[:-1], True)] if len(ordered) else ordered


def _cohort(panel: Panel, month: int, parts: list[Look]) -> Cohort:
    if not parts:
        return Cohort(
            month,
            np.zeros(0, np.uint32),
            np.zeros((0, len(FEATURES)), np.uint8),
            np.zeros((0, len(MEMBERS)), np.float32),
            np.zeros(0),
        )
    return joined([Cohort(month, panel.firms["siren"][p.rows], p.codes, _members(p), p.logits) for p in parts])


def _members(seen: Look) -> NDArray[np.float32]:
    assert seen.members is not None, "a month end scores with members"
    return seen.members


def _once(parts: list[Cohort]) -> Cohort:
    """One cohort of several; a firm of more than one stands as in the last."""
    if len(parts) == 1:
        return parts[0]
    cohort = joined(parts)
    _, last = np.unique(cohort.sirens[::-1], return_index=True)
    return cohort.rows(np.sort(len(cohort) - 1 - last))
