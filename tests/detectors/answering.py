"""A small invented world, month by month: firms as codes, who fails, and a learner that lives through it.

A firm that will fail within half a year has higher codes in `SIGNS`; all else is noise, unknown, or the same for all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.features import names
from detectors.labels import Cohort, Examples
from detectors.learning import Learner, LearningOptions
from detectors.models import MEMBERS, Model, Scorer, prior
from detectors.portfolio import Portfolio, count
from detectors.scales import UNKNOWN_CODE, Codes

HORIZON = 3
FIRST = 2016 * 12
WIDTH = len(names())
SIGNS = tuple(names().index(n) for n in ("debt_to_contribution", "months_in_debt", "unpaid_ratio"))
UNKNOWN_TO_ALL, THE_SAME_FOR_ALL = names().index("months_since_commission"), names().index("schedule_amount")
SMALL = LearningOptions(
    reservoir_cohorts=10, reservoir_rows=150, prior_failures=10.0, forest_trees=12, boosting_trees=18, recent_cohorts=6
)
"""A learner that takes a blink, and whose every bound is reached."""


@dataclass(frozen=True)
class World:
    """Places of firms; where one has failed, another begins in its place the month after."""

    firms: int = 400
    hazard: float = 0.02
    seed: int = 0

    def month(self, month: int) -> "Month":
        """All firms at the end of a month."""
        rng = np.random.default_rng([self.seed, month])
        last = self._failures
        # The first failure of each place after this month; its number says which firm stands there.
        number = (last <= month).sum(axis=1)
        ahead = last[np.arange(self.firms), number] - month
        codes = rng.integers(1, 256, (self.firms, WIDTH)).astype(np.uint8)
        codes[rng.random(codes.shape) < 0.1] = UNKNOWN_CODE
        doomed = ahead <= 6
        for sign in SIGNS:
            codes[:, sign] = np.where(rng.random(self.firms) < 0.7, 1, rng.integers(2, 90, self.firms))
            codes[doomed, sign] = rng.integers(60, 200, doomed.sum())
        codes[:, UNKNOWN_TO_ALL], codes[:, THE_SAME_FOR_ALL] = UNKNOWN_CODE, 1
        sirens = (1_000_000 * (number + 1) + np.arange(self.firms)).astype(np.uint32)
        return Month(month, sirens, codes, ahead)

    @property
    def _failures(self) -> NDArray[np.int64]:
        """The months of all failures of each place, ascending, shape (firms, 40)."""
        gaps = np.random.default_rng(self.seed).geometric(self.hazard, (self.firms, 40))
        return FIRST + gaps.cumsum(axis=1)


@dataclass(frozen=True)
class Month:
    """Firms at the end of a month, and in how many months each will fail."""

    month: int
    sirens: NDArray[np.uint32]
    codes: Codes
    ahead: NDArray[np.int64]

    @property
    def portfolio(self) -> Portfolio:
        return Portfolio(count(self.codes))

    def cohort(self, model: Model | None = None) -> Cohort:
        """As they were scored with a model; members are unknown without one."""
        if model is None:
            members = np.full((len(self.sirens), len(MEMBERS)), np.nan, np.float32)
            return Cohort(self.month, self.sirens, self.codes, members, np.zeros(len(self.sirens)))
        logits, members = Scorer(model).score_with_members(self.codes)
        return Cohort(self.month, self.sirens, self.codes, members, logits)

    def answered(self, model: Model | None = None, horizon: int = HORIZON) -> Examples:
        return Examples(self.cohort(model), self.ahead <= horizon)


def split(examples: Examples, parts: int, seed: int = 0) -> list[Examples]:
    """The same rows as they may come from several partitions."""
    order = np.random.default_rng(seed).permutation(len(examples.labels))
    return [Examples(examples.cohort.rows(at), examples.labels[at]) for at in np.array_split(order, parts)]


def lived(
    learner: Learner, months: Sequence[int], world: World | None = None, parts: int = 1, seed: int = 0
) -> Iterator[Model]:
    """The model after each month: a cohort is scored with the model of its own month, and answered `HORIZON` later.

    Whoever goes on with a learner that has stopped lives through the months again, but learns only what it has not.
    """
    world = world or World()
    scored: dict[int, Examples] = {}
    for month in months:
        now = world.month(month)
        scored[month] = now.answered(learner.model)
        if (due := scored.pop(month - HORIZON, None)) is not None:
            yield learner.learn(due.cohort.month, split(due, parts, seed) if parts > 1 else [due], HORIZON,
                                now.portfolio.counts)  # fmt: skip


def months(number: int) -> range:
    """So many months from the first."""
    return range(FIRST, FIRST + number)


def grown_up(number: int = 26) -> Learner:
    """A learner of the standard world after so many months: every member learned, every bound reached."""
    learner = Learner(prior(), SMALL)
    for _ in lived(learner, months(number)):
        pass
    return learner
