"""The whole evaluation of a file of scores, in the order in which it is read.

Every name here is a name of the JSON that `vigie evaluate` prints; months are texts, 2019-01.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from detectors.errors import UnusableInput
from detectors.evaluation import calibration, firm_months, leads, strata, workload
from detectors.evaluation.bootstrap import Resampling, numbered
from detectors.evaluation.comparison import Comparison, compare, mean_of
from detectors.evaluation.firm_months import Days, FirmMonths, Proceedings, Sirens
from detectors.evaluation.leads import Lead
from detectors.evaluation.measures import BINS, MODERATE, STRONG, Figures, Series, figures
from detectors.evaluation.ranking import Bools, Curve, Floats, Point, Ranking, at_precision, points
from detectors.evaluation.strata import Stratum
from detectors.months import month_text, months_of
from detectors.options import option
from detectors.panel import NO_DAY

SCHEMA = "vigie-evaluation/1"


@dataclass(frozen=True)
class EvaluationOptions:
    """How scores are judged."""

    bootstrap: int = option(
        200, "Samples of firms behind each 95 % interval; 0 for no intervals", env="VIGIE_EVALUATE_BOOTSTRAP"
    )
    seed: int = option(0, "Seed of the samples", env="VIGIE_EVALUATE_SEED")
    top: int = option(200, "Length of the monthly list whose precision is told", env="VIGIE_EVALUATE_TOP", unit="firms")
    at_precision: tuple[float, ...] = option(
        (0.62, 0.36),
        "Precisions at which recall and lead are told; by default those published for the network's two levels",
        env="VIGIE_EVALUATE_AT_PRECISION",
    )

    def __post_init__(self) -> None:
        """Raises UnusableInput where an option cannot be."""
        if self.bootstrap < 0 or self.seed < 0:
            raise UnusableInput("--bootstrap and --seed must not be negative")
        if self.top < 1:
            raise UnusableInput(f"--top {self.top}: a list has at least one firm")
        if not all(0 < precision <= 1 for precision in self.at_precision):
            raise UnusableInput("--at-precision must lie above 0, and at most at 1")


@dataclass(frozen=True)
class Known:
    """What the files tell of each scored firm by the end of the month, arrays (n,)."""

    headcounts: Floats
    """Employees; nan is unknown."""
    sections: NDArray[np.str_]
    regions: NDArray[np.str_]
    debts: Floats
    """Outstanding social-security debt, euros."""
    contributions: Floats
    """Mean contribution due a month over the last twelve months, euros; 0 where none is known."""


@dataclass(frozen=True)
class Alerts:
    """Alerts that raised a level or told of a jump, arrays (n,): the firm, and the day it was told of."""

    sirens: Sirens
    days: Days


@dataclass(frozen=True)
class Group:
    """The figures of some of the firm-months."""

    name: str
    firm_months: int
    firms: int
    positives: int
    figures: Figures


@dataclass(frozen=True)
class Bin:
    """Firm-months of about the same probability."""

    firm_months: int
    predicted: float
    observed: float


@dataclass(frozen=True)
class AtPrecision:
    """What the lowest cut of a precision gives; all None where no cut reaches it."""

    asked: float
    cut: float | None
    precision: float | None
    recall: float | None
    lead: Lead | None


@dataclass(frozen=True)
class WeeklyLoad:
    """Alerts a week in a month: the firms that came to a level, or the alerts of the file."""

    month: str
    count: int
    per_week: float


@dataclass(frozen=True)
class Counts:
    """Firm-months: scored, judged, and pending, those whose horizon the data do not cover yet."""

    scored: int
    judged: int
    pending: int


@dataclass(frozen=True)
class Evaluation:
    """Everything that `vigie evaluate` tells."""

    horizon: int
    until: str
    """The last month that the data cover whole."""
    until_from: Literal["data", "option"]
    firm_months: Counts
    firms: int
    failing_firms: int
    """Firms with a positive among the judged firm-months."""
    first_month: str
    """Of the judged ones."""
    last_month: str
    bootstrap: int
    seed: int
    overall: Figures
    monthly_average_precision: float | None
    """Mean of the months' own: what a level that moves over time does not touch."""
    top: int
    precision_at_top: float | None
    baselines: dict[str, Figures]
    reliability: tuple[Bin, ...]
    curve: tuple[Point, ...]
    leads: dict[str, Lead]
    """By what called a firm: the levels moderate (or above) and strong, and alerts where they were given."""
    at_precision: tuple[AtPrecision, ...]
    alerts_from: Literal["levels", "alerts"]
    alerts_per_week: float | None
    load: tuple[WeeklyLoad, ...]
    by_month: tuple[Group, ...]
    by_half_year: tuple[Group, ...]
    by_sector: tuple[Group, ...]
    by_size: tuple[Group, ...]
    by_region: tuple[Group, ...]
    references: Comparison | None
    schema: str = field(default=SCHEMA)


@dataclass(frozen=True)
class Given:
    """What is judged: the scores, what is known beside them, and how far the data reach."""

    rows: FirmMonths
    known: Known
    proceedings: Proceedings
    horizon: int
    last: int
    """The last month that the data cover whole; its end is the last day on which anything counts."""
    until_from: Literal["data", "option"] = "data"
    alerts: Alerts | None = None
    references: dict[str, Floats] | None = None
    """What batch models gave the rows, by name, (n,), nan where there was none; None leaves them out."""


def evaluate(given: Given, options: EvaluationOptions) -> Evaluation:
    """Judge the scores. Some firm-month must be answered: see `firm_months.answered`."""
    rows, horizon = given.rows, given.horizon
    days = np.where(
        given.proceedings.days_of(rows.sirens) <= _last_day(given.last), given.proceedings.days_of(rows.sirens), NO_DAY
    )
    judged = firm_months.answered(rows.months, horizon, given.last)
    of = rows.of(judged)
    labels = firm_months.labels(of.months, days[judged], horizon)
    firms = numbered(of.sirens)
    resampling = Resampling(options.bootstrap, options.seed)
    vigie = Series("vigie", of.probabilities, of.tiers)
    curve = Ranking(of.probabilities, labels).curve()
    ahead = leads.ahead(firm_months.month_ends(rows.months), days, horizon)
    failing = leads.failing(rows.sirens, ahead, horizon)
    groups = _Groups(of, vigie, labels, firms, resampling)
    loads = _loads(given)
    by_month = groups.by(strata.by_month(of.months), intervals=False)
    return Evaluation(
        horizon=horizon,
        until=month_text(given.last),
        until_from=given.until_from,
        firm_months=Counts(len(rows), int(judged.sum()), int((~judged).sum())),
        firms=len(np.unique(of.sirens)),
        failing_firms=len(np.unique(of.sirens[labels])),
        first_month=month_text(int(of.months.min())),
        last_month=month_text(int(of.months.max())),
        bootstrap=options.bootstrap,
        seed=options.seed,
        overall=figures(vigie, labels, firms, resampling),
        monthly_average_precision=mean_of(group.figures["average_precision"].value for group in by_month),
        top=options.top,
        precision_at_top=workload.precision_at(options.top, of.months, of.probabilities, labels),
        baselines={
            dummy.name: figures(dummy, labels, firms, resampling) for dummy in _dummies(given.known, judged, labels)
        },
        reliability=_reliability(of.probabilities, labels),
        curve=points(curve),
        leads=_leads(given, ahead, failing),
        at_precision=tuple(_at(asked, curve, rows, ahead, failing) for asked in options.at_precision),
        alerts_from="levels" if given.alerts is None else "alerts",
        alerts_per_week=workload.per_week(loads),
        load=tuple(WeeklyLoad(month_text(load.month), load.count, load.per_week) for load in loads),
        by_month=by_month,
        by_half_year=groups.by(strata.half_years(of.months)),
        by_sector=groups.by(strata.named(given.known.sections[judged])),
        by_size=groups.by(strata.sizes(given.known.headcounts[judged])),
        by_region=groups.by(strata.named(given.known.regions[judged])),
        references=None
        if given.references is None
        else compare(rows, judged, days, given.references, horizon, resampling),
    )


@dataclass(frozen=True)
class _Groups:
    """Figures group by group."""

    rows: FirmMonths
    series: Series
    labels: Bools
    firms: NDArray[np.intp]
    resampling: Resampling

    def by(self, stratum: Stratum, intervals: bool = True) -> tuple[Group, ...]:
        """A group for each of the stratum's names."""
        resampling = self.resampling if intervals else Resampling(0)
        order = np.argsort(stratum.groups, kind="stable")
        starts = np.searchsorted(stratum.groups[order], np.arange(1, len(stratum.names)))
        parts = np.split(order, starts)
        return tuple(self._of(name, at, resampling) for name, at in zip(stratum.names, parts, strict=True))

    def _of(self, name: str, at: NDArray[np.intp], resampling: Resampling) -> Group:
        labels, firms = self.labels[at], np.unique(self.firms[at], return_inverse=True)[1]
        return Group(
            name=name,
            firm_months=len(at),
            firms=int(firms.max()) + 1 if len(firms) else 0,
            positives=int(labels.sum()),
            figures=figures(self.series.of(at), labels, firms, resampling),
        )


def _dummies(known: Known, judged: Bools, labels: Bools) -> list[Series]:
    """What knows nothing, and what knows the debt alone."""
    debts, contributions = known.debts[judged], known.contributions[judged]
    # A debt without a contribution to measure it by is the worst there is.
    ratio = np.where(contributions > 0, debts / np.where(contributions > 0, contributions, 1.0), debts)
    return [
        Series("base_rate", np.full(len(labels), labels.mean())),
        Series("debt_to_contribution", ratio, probabilities=False),
        Series("any_debt", (debts > 0).astype(np.float64), probabilities=False),
    ]


def _reliability(probabilities: Floats, labels: Bools) -> tuple[Bin, ...]:
    bins = calibration.equal_mass_bins(probabilities, BINS)
    table = calibration.reliability(probabilities, labels, np.ones(len(labels)), bins)
    cells = zip(table.weight.tolist(), table.predicted.tolist(), table.observed.tolist(), strict=True)
    return tuple(Bin(round(weight), predicted, observed) for weight, predicted, observed in cells)


def _leads(given: Given, ahead: Floats, failing: leads.Failing) -> dict[str, Lead]:
    rows = given.rows
    found = {
        name: leads.lead(failing, rows.sirens, ahead, rows.tiers >= level)
        for name, level in (("moderate", MODERATE), ("strong", STRONG))
    }
    if given.alerts is not None:
        told = given.alerts
        opened = given.proceedings.days_of(told.sirens)
        opened = np.where(opened <= _last_day(given.last), opened, NO_DAY)
        gaps = leads.ahead(told.days, opened, given.horizon)
        found["alerts"] = leads.lead(failing, told.sirens, gaps, np.ones(len(gaps), bool))
    return found


def _at(asked: float, curve: Curve, rows: FirmMonths, ahead: Floats, failing: leads.Failing) -> AtPrecision:
    found = at_precision(curve, asked)
    if found is None:
        return AtPrecision(asked, None, None, None, None)
    lead = leads.lead(failing, rows.sirens, ahead, rows.probabilities >= found.cut)
    return AtPrecision(asked, found.cut, found.precision, found.recall, lead)


def _loads(given: Given) -> tuple[workload.Load, ...]:
    rows = given.rows
    first, last = int(rows.months.min()), int(rows.months.max())
    months = (
        workload.raised(rows.sirens, rows.months, rows.tiers, first)
        if given.alerts is None
        else months_of(given.alerts.days)
    )
    # In the first month everything is new.
    return workload.by_month(months, first + 1, last)


def _last_day(month: int) -> int:
    return int(firm_months.month_ends(np.array([month], np.int32))[0])
