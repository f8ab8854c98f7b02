"""The end of a month of one partition, some firms at a time.

Begun before the first event of the next month, it may go on while that month's events come: a firm is closed before
anything of the next month changes it, and what the whole month comes to follows from firms as they stood when closed.
So it does not matter when a firm is closed, nor together with which others.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from detectors import month_scores
from detectors.archive import Sirens
from detectors.decisions import DecisionOptions, Look, close
from detectors.events import Clock
from detectors.features import FEATURES
from detectors.firms import Firms
from detectors.habits import remember_habits
from detectors.labels import Cohort, Pending, answer, cut, whole
from detectors.logits import sigmoid
from detectors.models import MEMBERS, Scorer
from detectors.month_scores import MonthScores
from detectors.months import first_day, last_day
from detectors.outcome import Outcome, Scores, Time
from detectors.panel import NO_DAY, Panel, Rows
from detectors.portfolio import count
from detectors.rings import MONTHS, NEVER
from detectors.telling import Draft, drafts
from detectors.view import View

Places = NDArray[np.intp]


class MonthEnd:
    """One month of one partition; close its firms, then `finish`."""

    def __init__(
        self,
        month: int,
        firms: Firms,
        pending: Pending,
        scorer: Scorer,
        options: DecisionOptions,
        *,
        position: int,
        time: Time,
        first_part: int,
    ) -> None:
        """`position` is the event of its batch that ends the month, `time` the partition's as the month ended.

        Firms are kept as parts of the month's cohort, numbered from `first_part` on. Parts that are in `pending`
        already are of firms closed by a worker that was killed.
        """
        self.month = month
        self.position = position
        self._time = time
        self._next_part = first_part
        self._firms = firms
        self._pending = pending
        self._scorer = scorer
        self._options = options
        self._sirens = firms.sirens()
        self._left = np.ones(len(self._sirens), bool)
        self._departments = np.zeros(len(self._sirens), "S3")
        self._proceeding_days = np.full(len(self._sirens), NO_DAY, np.int32)
        self._scored: list[tuple[Sirens, NDArray[np.float64], NDArray[np.uint8]]] = []

    @property
    def left(self) -> int:
        """Firms that are not closed yet."""
        return int(self._left.sum())

    def close(self, sirens: Sirens) -> Iterator[Outcome]:
        """Close those of these firms that are left, and have them at hand."""
        places, there = self._places(np.unique(sirens))
        places = places[there]
        places = places[self._left[places]]
        if len(places):
            rows = self._firms.rows_of(self._sirens[places])
            yield self._close(self._firms.panel, rows, places)

    def close_some(self, most: int) -> Iterator[Outcome]:
        """Close the next `most` firms; who is not at hand is looked at aside."""
        places = np.flatnonzero(self._left)[:most]
        sirens = self._sirens[places]
        rows = self._firms.panel.rows_of(sirens, make=False)
        here = rows >= 0
        if here.any():
            yield self._close(self._firms.panel, rows[here], places[here])
        if not here.all():
            aside = self._firms.aside(sirens[~here])
            yield self._close(aside, aside.rows_of(sirens[~here], make=False), places[~here])

    def finish(self, horizon: int) -> Outcome:
        """What it all came to, once nobody is left; cohorts are answered after `horizon` months."""
        parts = self._pending.get(self.month)
        cohort = whole(parts) if parts else _nobody(self.month)
        outcome = Outcome(
            self._firms.panel,
            self._scorer.model,
            month=self.month,
            scores=self._scores(),
            cohort=cohort if parts else None,
            portfolio=count(cohort.codes),
            month_scores=self._month_scores(cohort),
            time=self._time,
        )
        due = self._pending.pop(self.month - horizon, None)
        if due:
            old = whole(due)
            outcome.examples = answer(old, self._proceedings_of(old), horizon)
            outcome.answered = tuple(due)
            due.clear()
        return outcome

    def _close(self, panel: Panel, rows: Rows, places: Places) -> Outcome:
        """End the month of the firms at these rows of a panel, which have these places among all."""
        self._left[places] = False
        f = panel.firms
        self._departments[places] = f["department"][rows]
        self._proceeding_days[places] = f["proceeding_day"][rows]
        # After a restart, the firms that were closed before stand in the cohort that was kept.
        seen, levels, told = self._judged(panel, rows[f["swept"][rows] < self.month])
        cause = Clock(known_at=first_day(self.month + 1))
        cohort = _cohort(panel, self.month, seen)
        self._scored.append((cohort.sirens, cohort.logits, levels))
        return Outcome(
            panel,
            self._scorer.model,
            decisions=[draft.finish(cause=cause) for draft in told],
            changed=rows,
            month=self.month,
            kept=self._kept(cohort),
        )

    def _judged(self, panel: Panel, rows: Rows) -> tuple[Look, NDArray[np.uint8], list[Draft]]:
        """The look on the last day of the month, levels, what is to be told."""
        day, month = last_day(self.month).toordinal(), self.month
        view = View(panel, rows, month, np.full(len(rows), day, np.int32))
        seen, levels, alerts, moved = close(panel, rows, view, self._scorer, self._options)
        f, column, heads = panel.firms, month % MONTHS, view.headcount
        f["employee_history"][rows, column] = view.firms["debt_employee"]
        f["employer_history"][rows, column] = view.firms["debt_employer"]
        f["heads_history"][rows, column] = np.round(np.nan_to_num(heads) * 100)
        remember_habits(panel, rows, view)
        first = view.firms["first_swept"]
        f["first_swept"][rows] = np.where(first == NEVER, month, first)
        f["swept"][rows] = month
        told = seen.rows[alerts.at]
        closed = View(panel, told, month, seen.view.days[alerts.at])
        positions, reach = np.full(len(told), self.position), np.tile(self._time.known_to, (len(told), 1))
        names = [panel.names[row] for row in told.tolist()]
        return seen, levels, drafts(seen, alerts, moved, closed, names, positions, reach)

    def _kept(self, cohort: Cohort) -> dict[int, Cohort]:
        """Have the firms wait for their answers, in further parts of the cohort."""
        if not len(cohort):
            return {}
        parts = self._pending[self.month]
        while self._next_part in parts:
            self._next_part += 1
        more = cut(cohort, self._next_part)
        parts.update(more)
        return more

    def _scores(self) -> Scores:
        empty = (np.zeros(0, np.uint32), np.zeros(0), np.zeros(0, np.uint8))
        sirens, logits, tiers = (np.concatenate(column) for column in zip(empty, *self._scored, strict=True))
        order = np.argsort(sirens)
        return Scores(self.month, sirens[order], sigmoid(logits[order]), tiers[order])

    def _month_scores(self, cohort: Cohort) -> MonthScores:
        """Counts of the scores, from cohorts that are kept: the same after a restart in the middle."""
        parts, opened = self._pending.get(self.month - 1), np.zeros(0, bool)
        before = whole(parts) if parts else None
        if before is not None:
            days = self._proceedings_of(before)
            opened = (days >= first_day(self.month).toordinal()) & (days <= last_day(self.month).toordinal())
        places, _ = self._places(cohort.sirens)
        return month_scores.count(cohort, self._departments[places], before, opened)

    def _proceedings_of(self, cohort: Cohort) -> NDArray[np.int32]:
        """The first proceeding of each firm of a cohort, NO_DAY where there is none."""
        places, there = self._places(cohort.sirens)
        days = np.full(len(cohort), NO_DAY, np.int32)
        days[there] = self._proceeding_days[places[there]]
        return days

    def _places(self, sirens: Sirens) -> tuple[Places, NDArray[np.bool_]]:
        """Where firms stand among all, and which of them do. Shape of `sirens`."""
        if not len(self._sirens):
            return np.zeros(len(sirens), np.intp), np.zeros(len(sirens), bool)
        places = np.minimum(np.searchsorted(self._sirens, sirens), len(self._sirens) - 1)
        return places, self._sirens[places] == sirens


def _nobody(month: int) -> Cohort:
    return Cohort(
        month,
        np.zeros(0, np.uint32),
        np.zeros((0, len(FEATURES)), np.uint8),
        np.zeros((0, len(MEMBERS)), np.float32),
        np.zeros(0),
    )


def _cohort(panel: Panel, month: int, seen: Look) -> Cohort:
    assert seen.members is not None, "a month end scores with members"
    return Cohort(month, panel.firms["siren"][seen.rows], seen.codes, seen.members, seen.logits)
