"""Which support measures fit a firm: by what its alert says, its size and its stage. Pure.

The point of detecting early is to propose the right help; what is proposed, and what came of it, is an action on the
case (`actions.Propose`, `actions.Answer`).
"""

from typing import NamedTuple

from alerts.alert import Alert, Tier
from alerts.cases import Case
from alerts.catalogue import Catalogue, Measure
from alerts.language import known
from alerts.listing import at_least, in_sectors
from alerts.masking import NOTHING, Masked


class Situation(NamedTuple):
    """What the measures' conditions are about. `themes` are those that stand: see `situation`."""

    themes: frozenset[str]
    tier: Tier | None
    """None where it may not be told: no measure is left out for it then."""
    headcount: float | None
    debt_euros: float | None
    employee_debt_euros: float | None
    schedule_running: bool
    proceeding: bool
    activity: str | None


class Proposal(NamedTuple):
    """A measure that fits; `pay_first` are the euros of employee share that have to be paid before, None: nothing."""

    code: str
    measure: Measure
    pay_first: float | None


def situation(case: Case, alert: Alert | None, masked: Masked = NOTHING) -> Situation:
    """Where a firm stands, by its case and its latest alert (None where it was trimmed), both without what is masked.

    A theme stands where it raised the risk in that alert, or where there is some of it: a debt, hours of partial
    unemployment, a running schedule.
    """
    values = {item.field: known(item.value) for item in alert.evidence} if alert else {}
    standing = {
        "debt": case.debt_euros,
        "partial-unemployment": values.get("partial_unemployment_hours_12m"),
        "schedules": case.schedule_running,
    }
    themes = {theme.theme for theme in alert.themes if theme.contribution > 0} if alert else set()
    return Situation(
        frozenset(themes | {theme for theme, amount in standing.items() if amount}),
        None if "score" in masked else case.tier,
        case.headcount,
        case.debt_euros,
        values.get("debt_employee_euros"),
        case.schedule_running,
        case.proceeding,
        case.activity,
    )


def proposals(catalogue: Catalogue, firm: Situation) -> list[Proposal]:
    """The measures that fit, in the catalogue's order."""
    return [
        Proposal(code, measure, (firm.employee_debt_euros or None) if measure.employee_share_paid else None)
        for code, measure in catalogue.items()
        if fits(measure, firm)
    ]


def fits(measure: Measure, firm: Situation) -> bool:
    """Whether all conditions of a measure hold. An unknown size meets no lower limit, and every upper one."""
    return (
        (firm.tier is None or firm.tier in measure.tiers)
        and firm.proceeding == measure.proceeding
        and measure.schedule in (None, firm.schedule_running)
        and (not measure.themes or not firm.themes.isdisjoint(measure.themes))
        and at_least(firm.headcount, measure.least_headcount)
        and (measure.most_headcount is None or (firm.headcount or 0) <= measure.most_headcount)
        and at_least(firm.debt_euros, measure.least_debt_euros)
        and (not measure.sectors or in_sectors(firm.activity, measure.sectors))
    )
