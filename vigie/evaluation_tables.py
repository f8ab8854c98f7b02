"""An evaluation as tables: the same for the terminal and for the page."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from detectors.evaluation.bootstrap import Estimate
from detectors.evaluation.comparison import Comparison, Level
from detectors.evaluation.leads import Lead
from detectors.evaluation.measures import NAMES, Figures
from detectors.evaluation.ranking import Point
from detectors.evaluation.references import REFIT_MONTHS
from detectors.evaluation.report import Evaluation, Group

NOTHING = "–"
LABELS = {
    "base_rate": "base rate",
    "average_precision": "average precision",
    "auroc": "AUROC",
    "brier": "Brier score",
    "brier_skill": "Brier skill",
    "log_loss": "log loss",
    "ece": "calibration error (ECE)",
    "best_f05": "F0.5 at the best cut",
    "best_f2": "F2 at the best cut",
    "strong_precision": "strong: precision",
    "strong_recall": "strong: recall",
    "strong_f05": "strong: F0.5",
    "strong_f2": "strong: F2",
    "moderate_precision": "moderate or strong: precision",
    "moderate_recall": "moderate or strong: recall",
    "moderate_f05": "moderate or strong: F0.5",
    "moderate_f2": "moderate or strong: F2",
}
MONTHLY = "average precision, mean of the months"
BASELINES = {
    "base_rate": "the base rate",
    "debt_to_contribution": "debt over contribution",
    "any_debt": "any debt",
}
_LEAD_HEADER = (
    *("precision", "recall", "called / failed", "median months ahead"),
    *("any time ahead", "6 months ahead", "12 months ahead"),
)
_EVERY = 5
"""Of the points of a curve, those that a table has."""
_GROUP_FIGURES = ("base_rate", "average_precision", "auroc", "ece", "strong_precision", "strong_recall")


@dataclass(frozen=True)
class Table:
    """A title, a header, and rows of as many cells."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def summary(evaluation: Evaluation) -> list[str]:
    """What was judged, in sentences."""
    counts = evaluation.firm_months
    origin = "--until" if evaluation.until_from == "option" else "the last month that the files cover whole"
    intervals = (
        f"Intervals: 95 %, from {evaluation.bootstrap} samples of firms (seed {evaluation.seed})."
        if evaluation.bootstrap
        else "No intervals were asked for."
    )
    span = (
        f"Scores of {evaluation.first_month} to {evaluation.last_month}, judged on proceedings within "
        f"{evaluation.horizon} months, up to {evaluation.until} ({origin})."
    )
    judged = (
        f"{counts.scored} firm-months scored: {counts.judged} judged, {counts.pending} pending (their "
        f"{evaluation.horizon} months have not passed). {evaluation.firms} firms judged, of which "
        f"{evaluation.failing_firms} failed."
    )
    return [span, judged, intervals]


def overall(evaluation: Evaluation) -> Table:
    """Every figure, beside the dummies'."""
    dummies = evaluation.baselines
    rows = [
        (
            LABELS[name],
            with_interval(evaluation.overall[name]),
            *(number(figures[name].value) for figures in dummies.values()),
        )
        for name in NAMES
    ]
    rows.append((MONTHLY, number(evaluation.monthly_average_precision), *[NOTHING] * len(dummies)))
    rows.append(
        (
            f"precision of each month's first {evaluation.top}",
            number(evaluation.precision_at_top),
            *[NOTHING] * len(dummies),
        )
    )
    rows.append(("alerts a week", number(evaluation.alerts_per_week, 1), *[NOTHING] * len(dummies)))
    return Table("Overall", ("figure", "Vigie", *(BASELINES[name] for name in dummies)), tuple(rows))


def lead_times(evaluation: Evaluation) -> Table:
    """How early the firms that failed were called, by level and at given precisions."""
    names = {"moderate": "moderate or strong", "strong": "strong", "alerts": "an alert"}
    rows = [(names[name], NOTHING, NOTHING, *_lead(lead)) for name, lead in evaluation.leads.items()]
    for at in evaluation.at_precision:
        lead = _lead(at.lead) if at.lead else (NOTHING,) * 5
        rows.append((f"precision of at least {at.asked:g}", number(at.precision), number(at.recall), *lead))
    return Table(
        "Lead time",
        ("called by", *_LEAD_HEADER),
        tuple(rows),
        f"Firms that failed, and were scored in the {evaluation.horizon} months before: the first time within them. "
        "Shares are of the firms that were scored so early.",
    )


def lead_histogram(evaluation: Evaluation) -> Table:
    """Firms called, by whole months before the proceeding."""
    columns = [lead.by_month for lead in evaluation.leads.values()]
    rows = tuple((str(month), *map(str, counts)) for month, counts in enumerate(zip(*columns, strict=True)))
    return Table("Firms by months from the first call to the proceeding", ("months", *evaluation.leads), rows)


def reliability(evaluation: Evaluation) -> Table:
    """What was said and what came."""
    rows = tuple((str(b.firm_months), number(b.predicted), number(b.observed)) for b in evaluation.reliability)
    return Table("Calibration", ("firm-months", "said, mean", "came, share"), rows)


def curve(evaluation: Evaluation) -> Table:
    """Precision at evenly spaced recalls."""
    return _curves("Precision by recall", {"Vigie": evaluation.curve})


def curves_beside(comparison: Comparison) -> Table:
    """The same for the references and Vigie on the firm-months that they share."""
    curves = {"Vigie": comparison.vigie_curve} | {r.name: r.curve for r in comparison.references}
    return _curves("Precision by recall, beside batch models", curves)


def _curves(title: str, curves: dict[str, tuple[Point, ...]]) -> Table:
    rows = zip(*(points[_EVERY - 1 :: _EVERY] for points in curves.values()), strict=True)
    cells = tuple((number(row[0].recall, 2), *(number(point.precision) for point in row)) for row in rows)
    return Table(title, ("recall", *curves), cells)


def load(evaluation: Evaluation) -> Table:
    """Alerts a week, month by month."""
    source = "of the alerts file" if evaluation.alerts_from == "alerts" else "firms that came to a level"
    rows = tuple((m.month, str(m.count), number(m.per_week, 1)) for m in evaluation.load)
    return Table("Alerts a week", ("month", "in the month", "a week"), rows, f"Counted: {source}.")


def groups(evaluation: Evaluation) -> list[Table]:
    """By half-year, sector, size, region and month."""
    return [
        _group_table("By half-year", evaluation.by_half_year),
        _group_table("By sector", evaluation.by_sector),
        _group_table("By size (employees)", evaluation.by_size),
        _group_table("By region", evaluation.by_region),
        by_month(evaluation),
    ]


def by_month(evaluation: Evaluation) -> Table:
    """Month by month."""
    return _group_table("By month", evaluation.by_month)


def references(comparison: Comparison) -> list[Table]:
    """Vigie beside the batch references, on the firm-months that they share."""
    note = (
        f"{comparison.firm_months} firm-months of {comparison.first_month} to {comparison.last_month}, "
        f"{comparison.firms} firms, {comparison.positives} positives: those at which the references had a model, "
        f"fitted again every {REFIT_MONTHS} months on the answers there were."
    )
    names = [reference.name for reference in comparison.references]
    figures = [comparison.vigie, *(reference.figures for reference in comparison.references)]
    rows = [(LABELS[name], *(with_interval(f[name]) for f in figures)) for name in NAMES[:9]]
    monthly = [r.monthly_average_precision for r in comparison.references]
    rows.append((MONTHLY, *map(number, [comparison.vigie_monthly_average_precision, *monthly])))
    return [
        Table("Beside batch models", ("figure", "Vigie", *names), tuple(rows), note),
        Table(
            "Vigie's figure over the reference's",
            ("reference", "average precision", "AUROC", "ECE", "Brier score"),
            tuple((r.name, *(with_interval(ratio) for ratio in r.ratios.values())) for r in comparison.references),
            "The same firms are drawn for both. Above 1 is better for the first two, below 1 for the others.",
        ),
        Table(
            "At the reference's best F0.5",
            ("who", *_LEAD_HEADER),
            tuple(_levels(comparison)),
            "The cut is chosen with the answers; Vigie's is the lowest with at least that precision.",
        ),
        Table(
            "Average precision by half-year",
            ("half-year", "Vigie", *names),
            tuple(
                (half, number(value), *(number(r.by_half_year[half]) for r in comparison.references))
                for half, value in comparison.vigie_by_half_year.items()
            ),
        ),
    ]


def _levels(comparison: Comparison) -> Iterable[tuple[str, ...]]:
    for reference in comparison.references:
        yield _level(reference.name, reference.strong)
        yield _level("Vigie, that precise", reference.vigie_at_its_precision)


def _level(name: str, level: Level | None) -> tuple[str, ...]:
    if level is None:
        return (name, *[NOTHING] * 7)
    return (name, number(level.precision), number(level.recall), *_lead(level.lead))


def all_tables(evaluation: Evaluation) -> list[Table]:
    """Everything that the terminal shows, in order."""
    beside = [] if evaluation.references is None else references(evaluation.references)
    return [
        overall(evaluation),
        *beside,
        lead_times(evaluation),
        reliability(evaluation),
        *groups(evaluation),
        load(evaluation),
    ]


def text(evaluation: Evaluation) -> str:
    """The evaluation for a terminal: sentences, then tables that are Markdown too."""
    parts = ["\n".join(summary(evaluation)), *map(_markdown, all_tables(evaluation))]
    return "\n\n".join(parts) + "\n"


def _markdown(table: Table) -> str:
    widths = [max(map(len, column)) for column in zip(table.header, *table.rows, strict=True)]
    lines = [_line(table.header, widths, str.ljust), "|" + "|".join("-" * (width + 2) for width in widths) + "|"]
    lines += [_line(row, widths, str.rjust) for row in table.rows]
    head = [f"## {table.title}", *([table.note] if table.note else []), ""]
    return "\n".join([*head, *lines])


def _line(cells: Sequence[str], widths: Sequence[int], numbers: Callable[[str, int], str]) -> str:
    first, *others = zip(cells, widths, strict=True)
    return "| " + " | ".join([first[0].ljust(first[1]), *(numbers(cell, width) for cell, width in others)]) + " |"


def _group_table(title: str, found: tuple[Group, ...]) -> Table:
    rows = tuple((g.name, str(g.firm_months), str(g.positives), *_cells(g.figures)) for g in found)
    header = ("group", "firm-months", "positives", *(LABELS[name] for name in _GROUP_FIGURES))
    return Table(title, header, rows)


def _cells(figures: Figures) -> tuple[str, ...]:
    return tuple(with_interval(figures[name]) for name in _GROUP_FIGURES)


def _lead(lead: Lead) -> tuple[str, ...]:
    return (
        f"{lead.called} / {lead.firms}",
        number(lead.median_months, 1),
        number(lead.share_called, 2),
        number(lead.share_6_months, 2),
        number(lead.share_12_months, 2),
    )


def number(value: float | None, digits: int = 3) -> str:
    """A figure, or a dash where it is undefined."""
    return NOTHING if value is None else f"{value:.{digits}f}"


def with_interval(estimate: Estimate) -> str:
    """A figure with its interval, where it has one."""
    if estimate.low is None or estimate.high is None:
        return number(estimate.value)
    return f"{number(estimate.value)} [{estimate.low:.3f}, {estimate.high:.3f}]"
