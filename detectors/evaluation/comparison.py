"""Vigie's scores beside those of batch references, on the same firm-months."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from detectors.evaluation import firm_months, leads, strata
from detectors.evaluation.bootstrap import Estimate, Resampling, interval, numbered
from detectors.evaluation.firm_months import Days, FirmMonths
from detectors.evaluation.leads import Lead
from detectors.evaluation.measures import NAMES, Figures, Measures, Series
from detectors.evaluation.ranking import (
    Bools,
    Curve,
    Floats,
    Operating,
    Point,
    Ranking,
    at_precision,
    average_precision,
    best,
    points,
)
from detectors.evaluation.strata import Stratum
from detectors.months import month_text

RATIOS = ("average_precision", "auroc", "ece", "brier")
"""The figures of Vigie that are told as a multiple of a reference's."""


@dataclass(frozen=True)
class Level:
    """A cut, what it gives, and how early it called the firms that failed."""

    precision: float
    recall: float
    lead: Lead


@dataclass(frozen=True)
class Reference:
    """One reference, and Vigie beside it."""

    name: str
    figures: Figures
    ratios: dict[str, Estimate]
    """Vigie's figure over the reference's, the same firms drawn for both."""
    strong: Level | None
    """The reference at its best F0.5, seen with the answers."""
    vigie_at_its_precision: Level | None
    monthly_average_precision: float | None
    """Mean of the months' own: what a level that moves over time does not touch."""
    by_half_year: dict[str, float | None]
    """Average precision."""
    curve: tuple[Point, ...]


@dataclass(frozen=True)
class Comparison:
    """The firm-months at which the references had a model."""

    first_month: str
    last_month: str
    firm_months: int
    firms: int
    positives: int
    vigie: Figures
    vigie_monthly_average_precision: float | None
    vigie_by_half_year: dict[str, float | None]
    """Average precision."""
    vigie_curve: tuple[Point, ...]
    references: tuple[Reference, ...]


def compare(
    rows: FirmMonths,
    judged: Bools,
    days: Days,
    given: dict[str, Floats],
    horizon: int,
    resampling: Resampling,
) -> Comparison | None:
    """Set Vigie beside the references; None where they have no judged firm-month in common.

    `days` are the openings of the rows' firms that the data cover, (n,); `given` has each reference's scores of the
    rows, (n,), nan where it had no model.
    """
    there = np.logical_and.reduce([~np.isnan(scores) for scores in given.values()])
    common = judged & there
    if not common.any():
        return None
    ahead = leads.ahead(firm_months.month_ends(rows.months), days, horizon)
    side = _Side(rows, days, there, common, leads.failing(rows.sirens[there], ahead[there], horizon), ahead, horizon)
    vigie = Series("vigie", rows.probabilities, rows.tiers)
    drawn = side.drawn(vigie, resampling)
    return Comparison(
        first_month=month_text(int(rows.months[common].min())),
        last_month=month_text(int(rows.months[common].max())),
        firm_months=int(common.sum()),
        firms=len(np.unique(rows.sirens[common])),
        positives=int(side.labels.sum()),
        vigie=_figures(drawn),
        vigie_monthly_average_precision=side.monthly(vigie),
        vigie_by_half_year=side.by_half_year(vigie),
        vigie_curve=points(side.curve(vigie)),
        references=tuple(
            _beside(side, vigie, drawn, Series(name, scores), resampling) for name, scores in given.items()
        ),
    )


def mean_of(values: Iterable[float | None]) -> float | None:
    """The mean of those that are known; None where none is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


@dataclass(frozen=True)
class _Side:
    """The rows that Vigie and the references share: `there` where all have scored, `common` where judged too."""

    rows: FirmMonths
    days: Days
    there: Bools
    common: Bools
    failing: leads.Failing
    ahead: Floats
    horizon: int

    @cached_property
    def labels(self) -> Bools:
        """The answers of the common rows."""
        return firm_months.labels(self.rows.months[self.common], self.days[self.common], self.horizon)

    def drawn(self, series: Series, resampling: Resampling) -> Floats:
        """The figures of all rows, then of each sample of firms, (1 + samples, NAMES)."""
        measures = Measures(series.of(self.common), self.labels)
        firms = numbered(self.rows.sirens[self.common])
        return np.array(
            [measures.of(np.ones(len(firms))), *(measures.of(weights) for weights in resampling.weights(firms))]
        )

    def curve(self, series: Series) -> Curve:
        """The curve of the common rows."""
        return Ranking(series.scores[self.common], self.labels).curve()

    def by_half_year(self, series: Series) -> dict[str, float | None]:
        """Average precision of the common rows, half-year by half-year."""
        return self._by(strata.half_years(self.rows.months[self.common]), series)

    def monthly(self, series: Series) -> float | None:
        """Mean of the months' average precisions."""
        return mean_of(self._by(strata.by_month(self.rows.months[self.common]), series).values())

    def _by(self, stratum: Stratum, series: Series) -> dict[str, float | None]:
        scores, found = series.scores[self.common], dict[str, float | None]()
        for i, name in enumerate(stratum.names):
            at = stratum.groups == i
            value = average_precision(Ranking(scores[at], self.labels[at]).curve())
            found[name] = None if np.isnan(value) else value
        return found

    def level(self, series: Series, at: Operating | None) -> Level | None:
        """A cut with the lead that it gives."""
        if at is None:
            return None
        there = self.there
        called = series.scores[there] >= at.cut
        return Level(
            at.precision, at.recall, leads.lead(self.failing, self.rows.sirens[there], self.ahead[there], called)
        )


def _beside(side: _Side, vigie: Series, ours: Floats, reference: Series, resampling: Resampling) -> Reference:
    drawn, theirs = side.drawn(reference, resampling), side.curve(reference)
    strong = best(theirs, 0.5)
    same = at_precision(side.curve(vigie), strong.precision) if strong else None
    return Reference(
        name=reference.name,
        figures=_figures(drawn),
        ratios={name: _ratio(ours, drawn, NAMES.index(name)) for name in RATIOS},
        strong=side.level(reference, strong),
        vigie_at_its_precision=side.level(vigie, same),
        monthly_average_precision=side.monthly(reference),
        by_half_year=side.by_half_year(reference),
        curve=points(theirs),
    )


def _figures(drawn: Floats) -> Figures:
    return {name: interval(float(drawn[0, i]), drawn[1:, i]) for i, name in enumerate(NAMES)}


def _ratio(ours: Floats, theirs: Floats, column: int) -> Estimate:
    above, below = ours[:, column], theirs[:, column]
    ratios = np.divide(above, below, out=np.full(len(above), np.nan), where=below != 0)
    return interval(float(ratios[0]), ratios[1:])
