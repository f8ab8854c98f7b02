"""The chain of one partition, in order: time, facts, features, score, decision, examples.

`step` takes a batch and yields outcomes. Each outcome is whole: whoever keeps its changes can forget the events behind
it. Batch boundaries never change what comes out: a firm is decided after each of its events, and months end between
the same two events wherever a batch was cut.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise, starmap

import numpy as np
from numpy.typing import NDArray

from detectors.archive import Archive
from detectors.arrays import as_bytes, begins, distinct
from detectors.batch import Batch, Type
from detectors.decisions import DecisionOptions, changes, decide, look
from detectors.firms import Firms
from detectors.labels import HORIZON, Cohort, Parts, Pending, cut, whole
from detectors.models import Model, Scorer
from detectors.month_end import MonthEnd
from detectors.months import months_of
from detectors.options import option
from detectors.outcome import Outcome, Time
from detectors.panel import FIRM, Panel, Positions, Rows
from detectors.reach import SOURCES, Reach
from detectors.rings import NEVER
from detectors.telling import Draft, drafts
from detectors.turns import TOGETHER, turns
from detectors.view import View, pictures

SWEEP_ROWS = 16_384
"""Firms looked at together at a month end: bounds the memory of a sweep."""


@dataclass(frozen=True)
class ChainOptions:
    """How the chain decides and which answers it waits for."""

    decisions: DecisionOptions = field(default_factory=DecisionOptions)
    horizon: int = option(HORIZON, "Months within which a collective procedure is predicted", unit="months")


@dataclass(frozen=True)
class Live:
    """How a worker has its chains: firms that are not at hand are archived, and months end some firms at a time.

    Each of these firms' end is an outcome. What is left of the latest month end when `step` is through is for
    `close_some` and `finish`, between two steps.
    """

    closing_firms: int
    """Firms whose month ends together."""
    first_part: int = 0
    """From which parts of cohorts are numbered: where it differs, workers that have a partition one after the other
    overwrite no part."""
    parts_of: Callable[[int], Parts] | None = None
    """Makes the place where parts of a month's cohort wait for their answers; by default in memory."""


class Chain:
    """The state of one partition and the model it is scored with. Replace `scorer` between two steps at will."""

    def __init__(self, model: Model, options: ChainOptions | None = None, live: Live | None = None) -> None:
        self.firms = Firms(None if live is None else Archive())
        self.scorer = Scorer(model)
        self.options = options or ChainOptions()
        self.day = 0
        """The greatest `known_at` seen."""
        self.swept = NEVER
        """The last month that has ended."""
        self.known_to = np.zeros(len(SOURCES), np.int32)
        self.next_offset = 0
        """The offset behind the last record that is in the state, as whoever handles records says; 0 is not known."""
        self.pending = Pending() if live is None or live.parts_of is None else Pending(live.parts_of)
        self.month_end: MonthEnd | None = None
        """One that has begun and is not done."""
        self._live = live

    @property
    def panel(self) -> Panel:
        """The firms at hand."""
        return self.firms.panel

    @property
    def time(self) -> Time:
        """How far the partition has come."""
        return Time(self.day, int(self.swept), self.known_to, self.next_offset)

    def use(self, model: Model) -> None:
        """Score with another model from now on."""
        self.scorer = Scorer(model)

    def waiting(self) -> Iterator[Cohort]:
        """The cohorts that wait for their answers, the oldest first, each whole."""
        for month in sorted(self.pending):
            if self.pending[month]:
                yield whole(self.pending[month])

    def step(self, batch: Batch) -> Iterator[Outcome]:
        """Apply a batch; one outcome for each month that it ends and for each stretch of events in between.

        Where month ends are spread, further ones for firms whose month ends.
        """
        days = np.maximum.accumulate(np.maximum(batch.rows["known"], self.day))
        months = months_of(days)
        for start, end in pairwise([*begins(months).nonzero()[0].tolist(), len(batch)]):
            yield from self._end_months(int(months[start]), start)
            if self.month_end is not None:
                yield from self.month_end.close(batch.rows["siren"][start:end])
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
            end = self.month_end = self.month_end or self._begin(self.swept + 1, position)
            if self._live is None:
                yield self._at_once(end)
            elif end.month == month - 1 and end.left > self._live.closing_firms:
                # The rest between this batch and later ones.
                return
            else:
                while end.left:
                    yield from self.close_some()
                yield self.finish()

    def _begin(self, month: int, position: int) -> MonthEnd:
        return MonthEnd(
            month,
            self.firms,
            self.pending,
            self.scorer,
            self.options.decisions,
            position=position,
            time=self.time._replace(swept=month),
            first_part=0 if self._live is None else self._live.first_part,
        )

    def close_some(self) -> Iterator[Outcome]:
        """Go on with the month end that has begun."""
        assert self.month_end is not None, "a month end has begun"
        assert self._live is not None, "month ends are spread"
        yield from self.month_end.close_some(self._live.closing_firms)

    def finish(self) -> Outcome:
        """What the month end came to, all of whose firms are closed."""
        end = self.month_end
        assert end is not None, "a month end has begun"
        outcome = end.finish(self.options.horizon)
        self.swept, self.month_end = end.month, None
        return outcome

    def _at_once(self, end: MonthEnd) -> Outcome:
        """A whole month end as one outcome."""
        parts = list[Outcome]()
        while end.left:
            parts += end.close_some(SWEEP_ROWS)
        outcome = self.finish()
        outcome.decisions = [decision for part in parts for decision in part.decisions]
        outcome.changed = np.concatenate([outcome.changed, *(part.changed for part in parts)])
        if outcome.cohort is not None:
            # As it is written where it is written whole.
            self.pending[end.month] = cut(outcome.cohort)
        return outcome

    def _stretch(self, batch: Batch, at: Positions, days: NDArray[np.int32], month: int) -> Outcome:
        """Events within one month, in turns, a decision after each."""
        at = at[batch.rows["type"][at] != _CLOCK]
        # Of what comes again as well: a kill may have kept the firms of a stretch and not its clock.
        reach = Reach(batch, at, self.known_to)
        rows = self.firms.rows_of(batch.rows["siren"][at])
        at, rows = self._not_seen(batch, at, rows)
        outcome, told, shots = Outcome(self.panel, self.scorer.model, changed=distinct(rows)), list[Draft](), _Shots()
        for turn in turns(rows, days[at]):
            here, firms = at[turn.at], rows[turn.at]
            # A firm that looks as it did when it was decided on that day would be decided alike.
            open_ = self.panel.apply(batch, here, firms) | turn.new_day
            shots.add(here[open_], firms[open_], self.panel)
            if len(shots) >= TOGETHER:
                told += self._decide_events(shots, month, days, reach)
                shots = _Shots()
        told += self._decide_events(shots, month, days, reach)
        if batch.offsets is not None:
            self.panel.firms["offset"][rows] = batch.offsets[at]
        self.known_to = reach.end()
        told.sort(key=lambda draft: draft.position)
        # In one go: a few of very many events are looked for.
        causes = batch.events.at([draft.position for draft in told]) if told else []
        outcome.decisions = [draft.finish(cause=cause) for draft, cause in zip(told, causes, strict=True)]
        return outcome

    def _not_seen(self, batch: Batch, at: Positions, rows: Rows) -> tuple[Positions, Rows]:
        """Leave out what a restart delivers again: a firm remembers the offset of its last event."""
        if batch.offsets is None:
            return at, rows
        new = batch.offsets[at] > self.panel.firms["offset"][rows]
        return at[new], rows[new]

    def _decide_events(self, shots: "_Shots", month: int, days: NDArray[np.int32], reach: Reach) -> list[Draft]:
        """Decide firms as they stood after their events, each on the day of its event."""
        if not len(shots):
            return []
        at, rows, firms, names = shots.joined()
        view = View.of(firms, month, days[at])
        seen = look(rows, view, self.scorer, self.options.decisions)
        # Where each turn's pictures begin, among those of which something may be said.
        ends = seen.at.searchsorted(shots.ends).tolist()
        alerts = decide(self.panel, seen, [*starmap(slice, pairwise([0, *ends]))], self.scorer, self.options.decisions)
        if not len(alerts):
            return []
        moved = changes(self.panel, seen, alerts, self.scorer)
        told = seen.at[alerts.at]
        names, positions = [names[place] for place in told.tolist()], at[told]
        return drafts(seen, alerts, moved, seen.view.at(alerts.at), names, positions, reach.after(positions))


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


_FIRST_MONTH = 1980 * 12
_CLOCK = int(Type.CLOCK)
_WHOLE = as_bytes(FIRM)
