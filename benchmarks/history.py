"""A simulated world month by month: who is there, what they look like, and who failed as far as is known."""

import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.files import FAR
from detectors import relative_regression, usual_features
from detectors.batch import Batch, batch_of
from detectors.chain import Chain
from detectors.evaluation.firm_months import Proceedings, first_openings
from detectors.evaluation.ranking import Bools, Floats
from detectors.events import Clock
from detectors.labels import Cohort, opened
from detectors.models import prior
from detectors.months import first_day, last_day
from detectors.panel import NO_DAY
from detectors.portfolio import Counts, Portfolio, nobody
from detectors.scales import Codes
from streams import ingest
from streams.batch_frames import batch_of_frames
from streams.report import Report
from streams.simulate import World, simulate

_EVENTS_AT_A_TIME = 100_000


@dataclass(frozen=True)
class MonthEnd:
    """The firms of the perimeter at a month end, n of them."""

    cohort: Cohort
    counts: Counts
    """The portfolio of this month, (features, 256)."""
    before: Portfolio
    """That of the month before, beside which they are scored."""
    usual: Floats
    """The network's features, signed logarithms, (n, 24)."""

    @property
    def month(self) -> int:
        """Its month."""
        return self.cohort.month

    @cached_property
    def relative(self) -> NDArray[np.float32]:
        """Deviation and rarity of each feature, (n, 106)."""
        return relative_regression.inputs(self.cohort.codes, self.before)

    @cached_property
    def ranks(self) -> Codes:
        """Rank of each feature, (n, 53)."""
        codes = self.cohort.codes
        return self.before.ranks[np.arange(codes.shape[1]), codes]


@dataclass(frozen=True)
class History:
    """Month ends in their order, and the first proceedings of all firms."""

    ends: list[MonthEnd]
    proceedings: Proceedings

    def known(self, now: int) -> "Known":
        """What is known at the end of a month."""
        return Known({end.month: end for end in self.ends if end.month <= now}, self.proceedings, now)


@dataclass(frozen=True)
class Known:
    """What is known at the end of month `now`: no later month end, and no answer before its time."""

    ends: dict[int, MonthEnd]
    proceedings: Proceedings
    now: int

    def answers(self, month: int, horizon: int) -> Bools:
        """Which firms of a month end failed within so many months. Raises LookupError where that is not known yet."""
        if month + horizon > self.now:
            raise LookupError(f"the answers of {month} within {horizon} months are not known in {self.now}")
        return opened(month, self.proceedings.days_of(self.ends[month].cohort.sirens), horizon)


def history(world: World, seed: int) -> History:
    """A world simulated and read."""
    with tempfile.TemporaryDirectory() as name:
        simulate(Path(name), world, seed)
        return read(Path(name), world.months)


def read(folder: Path, months: int) -> History:
    """Take partner files of so many months through the chain, frozen."""
    watcher = _Watcher()
    for run in ingest.frames([folder], Report(), today=FAR):
        for part in run.parts(_EVENTS_AT_A_TIME):
            watcher.step(batch_of_frames(part))
    first = min(end.month for end in watcher.ends)
    watcher.step(batch_of([Clock(known_at=first_day(first + months))]))
    return History(watcher.ends, watcher.proceedings())


class _Watcher:
    """Keeps what each month end looked like, while the panel is as it was then."""

    def __init__(self) -> None:
        self.ends: list[MonthEnd] = []
        self._chain = Chain(prior())
        self._before = nobody()

    def step(self, batch: Batch) -> None:
        """Take a batch; the months that it ends come into `ends`."""
        for outcome in self._chain.step(batch):
            if outcome.cohort is not None and outcome.portfolio is not None:
                self.ends.append(self._month_end(outcome.cohort, outcome.portfolio))
                self._before = Portfolio(outcome.portfolio)

    def proceedings(self) -> Proceedings:
        """The first opening of each firm that has one."""
        panel = self._chain.panel
        firms = panel.firms[: len(panel)]
        failed = firms["proceeding_day"] != NO_DAY
        return first_openings(firms["siren"][failed].astype(np.uint32), firms["proceeding_day"][failed])

    def _month_end(self, cohort: Cohort, counts: Counts) -> MonthEnd:
        panel, month = self._chain.panel, cohort.month
        rows = panel.rows_of(cohort.sirens, make=False)
        days = np.full(len(rows), last_day(month).toordinal(), np.int32)
        usual = usual_features.at_month_end(panel, rows, month, days)
        return MonthEnd(cohort, counts, self._before, np.sign(usual) * np.log1p(np.abs(usual.astype(np.float64))))
