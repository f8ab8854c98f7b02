"""What a firm's alerts tell of its months, put together on one time axis, as charts and as tables.

An alert holds the last thirteen months. Those of the alerts of a case overlap: where two tell of a month, the later one
is right, and together they reach further back than any.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from alerts.alert import Alert, Proceeding, Series
from alerts.console import charts
from alerts.console.axis import Axis, Month, axis_of, parsed, written
from alerts.console.charts import BOTTOM, HEIGHT, TOP
from alerts.headline import level
from alerts.language import Language, day, euros, number, probability

LANE = 18.0
"""Height of a schedule's row."""

LABELS: dict[Language, dict[str, str]] = {
    "fr": {
        "title": "Sur un même axe de temps",
        "risk": "Risque au fil des alertes",
        "debts": "Cotisations impayées (€)",
        "employee": "Part salariale",
        "employer": "Part patronale",
        "contributions": "Cotisations (€)",
        "due": "Dues",
        "paid": "Payées",
        "unemployment": "Activité partielle (heures)",
        "authorised": "Autorisées",
        "used": "Consommées",
        "headcount": "Effectif (salariés)",
        "heads": "Salariés",
        "help": "Délais de paiement et procédures collectives",
        "what": "Nature",
        "from": "Vu depuis le",
        "to": "Jusqu'au",
        "amount": "Montant",
        "schedule": "Délai de paiement",
        "sauvegarde": "Sauvegarde",
        "redressement": "Redressement judiciaire",
        "liquidation": "Liquidation judiciaire",
        "month": "Mois",
        "table": "Les chiffres de ce graphique",
        "none": "Les alertes de ce dossier ne disent rien des mois passés.",
        "unknown": "inconnu",
    },
    "en": {
        "title": "On one time axis",
        "risk": "Risk over the alerts",
        "debts": "Unpaid contributions (€)",
        "employee": "Employee share",
        "employer": "Employer share",
        "contributions": "Contributions (€)",
        "due": "Due",
        "paid": "Paid",
        "unemployment": "Partial unemployment (hours)",
        "authorised": "Authorised",
        "used": "Used",
        "headcount": "Headcount (employees)",
        "heads": "Employees",
        "help": "Payment schedules and collective procedures",
        "what": "What",
        "from": "Seen since",
        "to": "Until",
        "amount": "Amount",
        "schedule": "Payment schedule",
        "sauvegarde": "Safeguard",
        "redressement": "Receivership",
        "liquidation": "Liquidation",
        "month": "Month",
        "table": "The figures of this chart",
        "none": "The alerts of this case tell nothing of past months.",
        "unknown": "unknown",
    },
}

_CHARTS = (
    ("debts", ("employer", "employee"), "stacked"),
    ("contributions", ("due", "paid"), "within"),
    ("unemployment", ("authorised", "used"), "within"),
    ("headcount", ("headcount",), "line"),
)
"""Each chart: its name, the series of `Months` in it, how they are drawn."""

Told = dict[Month, int | None]


class Seen(NamedTuple):
    """Payment schedules, as alerts told of them: since which alert, to which day, for how much."""

    since: date
    until: date
    euros: int


class Past(NamedTuple):
    """What the alerts tell together: series by name, each by month; schedules, the earliest first; a procedure."""

    series: dict[str, Told]
    schedules: list[Seen]
    proceeding: Proceeding | None


class Mark(NamedTuple):
    """A bar; `kind` is its class."""

    kind: str
    x: float
    y: float
    width: float
    height: float


def past_of(alerts: Sequence[Alert]) -> Past:
    """What alerts tell together, in whatever order they come; of two of a day, the one raised later is right."""
    series: dict[str, Told] = {name: {} for _, names, _ in _CHARTS for name in names}
    schedules: dict[date, Seen] = {}
    proceeding = None
    for alert in sorted(alerts, key=lambda one: (one.as_of, one.raised_at)):
        months = alert.months
        if months is None:
            continue
        last = parsed(months.last)
        for name, told in series.items():
            values: Series = getattr(months, name)
            told.update((last - back, value) for back, value in enumerate(values) if value is not None)
        if months.schedule is not None:
            until = months.schedule.until
            since = schedules[until].since if until in schedules else alert.as_of
            schedules[until] = Seen(since, until, months.schedule.euros)
        proceeding = months.proceeding or proceeding
    return Past(
        {name: told for name, told in series.items() if any(told.values())},
        sorted(schedules.values()),
        proceeding,
    )


def timeline(alerts: Sequence[Alert], language: Language, *, scored: bool = True) -> dict[str, Any] | None:
    """The charts, one under the other, with their tables; None where there is no alert.

    `scored` is False for who does not see the score.
    """
    if not alerts:
        return None
    past, words = past_of(alerts), LABELS[language]
    axis = axis_of([month for told in past.series.values() for month in told], [alert.as_of for alert in alerts])
    drawn = [_chart(name, names, how, past, axis, language) for name, names, how in _CHARTS]
    return {
        "words": words,
        "risk": _risk(alerts, axis, language) if scored else None,
        "charts": [chart for chart in drawn if chart is not None],
        "help": _help(past, axis, language),
        "opened": axis.at(past.proceeding.since) if past.proceeding else None,
        "first": written(axis.first, language),
        "last": written(axis.last, language),
    }


def _risk(alerts: Sequence[Alert], axis: Axis, language: Language) -> dict[str, Any]:
    ordered = sorted(alerts, key=lambda alert: (alert.as_of, alert.raised_at))
    last = ordered[-1].thresholds
    curve = charts.curve([(axis.at(one.as_of), one.probability) for one in ordered], last.moderate, last.strong)
    return {
        "curve": curve,
        "top": probability(curve.top, language),
        "moderate": probability(last.moderate, language),
        "strong": probability(last.strong, language),
        "rows": [
            (
                day(alert.as_of, language),
                level(alert, language),
                probability(alert.previous_probability, language),
                probability(alert.probability, language),
            )
            for alert in reversed(ordered)
        ],
    }


def _chart(
    name: str, names: Sequence[str], how: str, past: Past, axis: Axis, language: Language
) -> dict[str, Any] | None:
    told = {one: past.series[one] for one in names if one in past.series}
    if not told:
        return None
    months = sorted({month for values in told.values() for month in values})
    series = [told.get(one, {}) for one in names]
    totals = [sum(values.get(month) or 0 for values in series) for month in months]
    highest = max(totals) if how == "stacked" else max(value or 0 for values in series for value in values.values())
    points = ""
    if how == "line":
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in _line(series[0], axis, highest))
    label = {"headcount": "heads"}
    return {
        "name": name,
        "title": LABELS[language][name],
        "marks": _bars(series, names, axis, highest, stacked=how == "stacked") if how != "line" else [],
        "points": points,
        "top": number(highest, language),
        "legend": [(one, LABELS[language][one]) for one in names] if len(names) > 1 else [],
        "columns": [LABELS[language][label.get(one, one)] for one in names],
        "rows": [
            (written(month, language), [_cell(values.get(month), language) for values in series])
            for month in reversed(months)
        ],
    }


def _cell(value: int | None, language: Language) -> str:
    return LABELS[language]["unknown"] if value is None else number(value, language)


def _bars(series: Sequence[Told], names: Sequence[str], axis: Axis, highest: int, *, stacked: bool) -> list[Mark]:
    """Bars of two series: one upon the other, or the second within the first."""
    marks: list[Mark] = []
    base: Mapping[Month, float] = {}
    for place, (name, told) in enumerate(zip(names, series, strict=True)):
        share = 0.8 if stacked or not place else 0.4
        for month, value in sorted(told.items()):
            tall, below = _height(value or 0, highest), base.get(month, 0.0)
            if tall:
                x = axis.begin(month) + axis.slot * (1 - share) / 2
                marks.append(Mark(name, round(x, 1), _foot() - below - tall, round(axis.slot * share, 1), tall))
        if stacked:
            base = {month: _height(value or 0, highest) for month, value in told.items()}
    return marks


def _line(told: Told, axis: Axis, highest: int) -> list[tuple[float, float]]:
    return [
        (axis.begin(month) + axis.slot / 2, _foot() - _height(value, highest))
        for month, value in sorted(told.items())
        if value is not None
    ]


def _foot() -> float:
    return HEIGHT - BOTTOM


def _height(value: int, highest: int) -> float:
    return round((HEIGHT - TOP - BOTTOM) * value / highest, 1)


def _help(past: Past, axis: Axis, language: Language) -> dict[str, Any] | None:
    """Schedules as bars in rows of their own, and the procedure as one that has no end yet."""
    words = LABELS[language]
    rows = [
        (words["schedule"], day(one.since, language), day(one.until, language), euros(one.euros, language))
        for one in past.schedules
    ]
    spans = [("schedule", one.since, one.until) for one in past.schedules]
    if past.proceeding is not None:
        rows.append((words[past.proceeding.action], day(past.proceeding.since, language), "", ""))
        spans.append(("proceeding", past.proceeding.since, date.max))
    if not spans:
        return None
    marks = [
        Mark(
            kind, round(axis.at(since), 1), place * LANE + 3, max(3.0, round(axis.at(until) - axis.at(since), 1)), 12.0
        )
        for place, (kind, since, until) in enumerate(spans)
    ]
    return {"marks": marks, "height": len(spans) * LANE, "rows": rows}


def _span(axis: Axis, since: date, until: date) -> float:
    """A width that shows, however short the time."""
    return max(3.0, round(axis.at(until) - axis.at(since), 1))
