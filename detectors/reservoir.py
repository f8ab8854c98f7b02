"""A bounded memory of answered examples, and of the portfolios that they were scored beside.

Of each cohort some rows are kept: of firms that failed as many as fit in half of the room, of the others what fills it.
A row kept stands for all of its kind through its weight, so that nothing is resampled away. Which rows is decided by a
hash of SIREN and month: the same examples leave the same memory, whatever the way they arrived.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors import plain_regression, relative_regression, scorecard
from detectors.arrays import Array, stored
from detectors.keys import mix
from detectors.labels import Cohort, Examples, joined
from detectors.models import Scorer
from detectors.portfolio import Counts, Portfolio
from detectors.scales import Codes


@dataclass(frozen=True)
class Kept:
    """The kept rows of a cohort, n of them; `portfolio` is that of the month before, which it was scored beside."""

    cohort: Cohort
    labels: NDArray[np.bool_]
    weights: NDArray[np.float64]
    portfolio: Portfolio = field(compare=False)

    @property
    def month(self) -> int:
        """The month at whose end the firms were scored."""
        return self.cohort.month

    @cached_property
    def ranks(self) -> Codes:
        """What trees look at, shape (n, features)."""
        codes = self.cohort.codes
        return self.portfolio.ranks[np.arange(codes.shape[1]), codes]

    @cached_property
    def relative(self) -> NDArray[np.float32]:
        """What the relative regression looks at, shape (n, 2 x features)."""
        return relative_regression.inputs(self.cohort.codes, self.portfolio)

    @cached_property
    def plain(self) -> NDArray[np.float64]:
        """What the plain regression looks at, shape (n, features)."""
        return plain_regression.inputs(self.cohort.codes, self.portfolio)

    @cached_property
    def points(self) -> NDArray[np.float64]:
        """The scorecard's log-odds, shape (n,)."""
        codes = self.cohort.codes
        table = scorecard.table(self.portfolio)
        return scorecard.base(self.portfolio) + table[np.arange(codes.shape[1]), codes].sum(axis=1)


class _StoredCohort(msgspec.Struct, frozen=True):
    month: int
    sirens: Array
    codes: Array
    members: Array
    logits: Array
    labels: Array
    weights: Array
    portfolio: Array

    def without(self, siren: int) -> "_StoredCohort":
        """The cohort without a firm; the very same where that is not in it.

        What is left of its answer stands for all of that answer but the firm.
        """
        stays = self.sirens.open() != siren
        if stays.all():
            return self
        labels, weights = self.labels.open(), self.weights.open()
        alike = labels == labels[~stays][0]
        left = weights[alike & stays].sum()
        weights = np.where(alike, weights * ((weights[alike].sum() - 1) / left if left else 0), weights)
        of_rows = {name: getattr(self, name) for name in ("sirens", "codes", "members", "logits", "labels")}
        kept = {name: stored(array.open()[stays], array.dtype) for name, array in of_rows.items()}
        return msgspec.structs.replace(self, weights=stored(weights[stays], self.weights.dtype), **kept)


class Stored(msgspec.Struct, frozen=True):
    """A reservoir as it is stored."""

    portfolios: dict[int, Array] = {}
    cohorts: list[_StoredCohort] = []

    def without(self, siren: int) -> "Stored":
        """The reservoir without a firm; the very same where that is not in it. A cohort of it alone goes whole."""
        cohorts = [cohort.without(siren) for cohort in self.cohorts]
        if all(new is old for new, old in zip(cohorts, self.cohorts, strict=True)):
            return self
        return Stored(self.portfolios, [cohort for cohort in cohorts if cohort.sirens.shape[0]])


class Reservoir:
    """Cohorts in the order of their months, the oldest dropped; portfolios by month."""

    def __init__(self, cohorts: int, rows: int) -> None:
        """So many cohorts at most, so many rows of each."""
        self._cohorts = cohorts
        self._rows = rows
        self.kept: list[Kept] = []
        self.portfolios: dict[int, Portfolio] = {}

    def see(self, month: int, counts: Counts, horizon: int) -> None:
        """Remember what the portfolio was like at the end of a month, as long as a cohort may ask for it."""
        self.portfolios[month] = Portfolio(counts)
        older = sorted(m for m in self.portfolios if m < month - horizon - 1)
        for forgotten in older[:-1]:
            del self.portfolios[forgotten]

    def keep(self, parts: Sequence[Examples], then: Scorer | None = None) -> Kept | None:
        """Keep rows of a cohort, in parts from any number of partitions; gives them.

        `then` is the model of the month before the cohort's: what it says of them replaces what they were scored with,
        which in a cluster depends on when a model reached each scorer.

        None, and nothing kept, where no portfolio of an earlier month is known, or only that of the first month of all:
        what had gone on for months seemed to begin in it, and nobody can be compared with that.
        """
        cohort = joined([part.cohort for part in parts])
        labels = np.concatenate([part.labels for part in parts])
        before = sorted(m for m in self.portfolios if m < cohort.month)
        if len(before) < 2 or not len(cohort):
            return None
        chosen, weights = _choice(cohort, labels, self._rows)
        rows = cohort.rows(chosen)
        if then is not None:
            logits, members = then.score_with_members(rows.codes)
            rows = Cohort(rows.month, rows.sirens, rows.codes, members, logits)
        kept = Kept(rows, labels[chosen], weights, self.portfolios[before[-1]])
        self.kept = [*self.kept, kept][-self._cohorts :]
        return kept

    def failures(self) -> int:
        """How many firms it saw fail."""
        failed = [k.cohort.sirens[k.labels] for k in self.kept]
        return len(np.unique(np.concatenate(failed))) if failed else 0

    def stored(self) -> Stored:
        """Everything, to be stored."""
        return Stored(
            {month: stored(p.counts, "<u4") for month, p in sorted(self.portfolios.items())},
            [_stored_cohort(kept) for kept in self.kept],
        )

    def restore(self, state: Stored) -> None:
        """Take back what was stored, into an empty reservoir."""
        self.portfolios = {month: _portfolio(array) for month, array in state.portfolios.items()}
        for s in state.cohorts:
            cohort = Cohort(s.month, s.sirens.open(), s.codes.open(), s.members.open(), s.logits.open())
            self.kept.append(Kept(cohort, s.labels.open(), s.weights.open(), _portfolio(s.portfolio)))


def evidence(kept: Sequence[Kept]) -> float:
    """What each firm's weight counts where one learns how much is known, in (0, 1].

    Rows that stand for many say what is usual of those, and no more surely than so few can. Where answers are rare, the
    failures limit what is known: each that is kept counts once.
    """
    weight = sum(float(k.weights[k.labels].sum()) for k in kept)
    return sum(int(k.labels.sum()) for k in kept) / weight if weight else 1.0


def _portfolio(counts: Array) -> Portfolio:
    return Portfolio(counts.open().astype(np.int64))


def _stored_cohort(kept: Kept) -> _StoredCohort:
    c = kept.cohort
    return _StoredCohort(
        c.month,
        stored(c.sirens, "<u4"),
        stored(c.codes, "|u1"),
        stored(c.members, "<f4"),
        stored(c.logits, "<f8"),
        stored(kept.labels, "|b1"),
        stored(kept.weights, "<f8"),
        stored(kept.portfolio.counts, "<u4"),
    )


def _choice(cohort: Cohort, labels: NDArray[np.bool_], rows: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Which rows to keep, in a fixed order, and how many each stands for."""
    salt = np.uint64(cohort.month * 0x9E3779B97F4A7C15 % 2**64)
    return standing_for(np.lexsort((cohort.sirens, mix(cohort.sirens.astype(np.uint64) + salt))), labels, rows)


def standing_for(
    order: NDArray[np.intp], labels: NDArray[np.bool_], rows: int, weights: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """So many rows at most, the first in `order` (n,), of either answer, and the weight of each of them.

    Those with a yes fill half of the room at most, the others what is left. Together the rows kept of an answer weigh
    as much as all of it did; `weights` are those of all rows, (n,), 1 by default.
    """
    weights = np.ones(len(labels)) if weights is None else weights
    failed, others = order[labels[order]], order[~labels[order]]
    some_failed = failed[: rows // 2]
    some_others = others[: rows - len(some_failed)]
    chosen = np.concatenate([some_failed, some_others])
    return chosen, np.concatenate([_scaled(weights, failed, some_failed), _scaled(weights, others, some_others)])


def _scaled(weights: NDArray[np.float64], of: NDArray[np.intp], some: NDArray[np.intp]) -> NDArray[np.float64]:
    kept = weights[some].sum()
    return weights[some] * (weights[of].sum() / kept if kept else 1.0)
