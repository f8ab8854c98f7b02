"""The features of every firm at every month end, from events: what batch references are fitted on."""

import numpy as np

from detectors import usual_features
from detectors.batch import Batch, batch_of
from detectors.chain import Chain, ChainOptions
from detectors.evaluation.references import MonthEnd
from detectors.events import Clock
from detectors.models import prior
from detectors.months import first_day, last_day
from detectors.outcome import Outcome
from detectors.portfolio import Portfolio, nobody
from detectors.relative_regression import inputs
from streams.batch_frames import batch_of_frames
from streams.frames import Frames

_EVENTS_AT_A_TIME = 100_000


class MonthEnds:
    """Takes runs of events through the chain, frozen, and keeps what each month end looked like.

    Vigie's own features are where each firm stands beside the portfolio of the month before, as its members see it.
    """

    def __init__(self) -> None:
        self.found: list[MonthEnd] = []
        self._chain = Chain(prior(), ChainOptions())
        self._portfolio = nobody()

    def add(self, run: Frames) -> None:
        """Take a run; the months that it ends come into `found`."""
        for part in run.parts(_EVENTS_AT_A_TIME):
            self._step(batch_of_frames(part))

    def close(self, month: int) -> None:
        """End a month that is complete and every one before it."""
        self._step(batch_of([Clock(known_at=first_day(month + 1))]))

    def _step(self, batch: Batch) -> None:
        for outcome in self._chain.step(batch):
            # Here the panel is as it was when the month ended: the step goes on only when it is asked for more.
            if outcome.cohort is not None:
                self.found.append(self._month_end(outcome))
            if outcome.portfolio is not None:
                self._portfolio = Portfolio(outcome.portfolio)

    def _month_end(self, outcome: Outcome) -> MonthEnd:
        cohort = outcome.cohort
        assert cohort is not None
        panel, month = self._chain.panel, cohort.month
        rows = panel.rows_of(cohort.sirens, make=False)
        days = np.full(len(rows), last_day(month).toordinal(), np.int32)
        own = inputs(cohort.codes, self._portfolio)
        return MonthEnd(month, cohort.sirens, own, usual_features.at_month_end(panel, rows, month, days))
