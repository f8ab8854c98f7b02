"""A decision in numbers to the alert that agents read."""

from datetime import date, datetime

from alerts.alert import (
    Alert,
    Evidence,
    Months,
    Origin,
    Proceeding,
    Schedule,
    Source,
    Theme,
    Thresholds,
    Tier,
    alert_id,
)
from alerts.language import Language
from alerts.wording import reasons
from detectors.events import content, identity
from detectors.models import Model
from detectors.months import month_text
from detectors.past import Past
from detectors.telling import Decision
from detectors.tiers import NAMES


def alert_of(decision: Decision, model: Model, origin: Origin, raised_at: datetime, language: Language) -> Alert:
    """The alert of a decision; all that a reader needs is in it."""
    tier, previous_tier = _tier(decision.tier), _tier(decision.previous_tier)
    themes = [Theme(name, contribution) for name, contribution in decision.themes]
    # What is not a number is unknown, and is not equal to itself.
    evidence = [
        Evidence(field, now if now == now else None, before if before == before else None)
        for field, now, before in decision.evidence
    ]
    return Alert(
        id=alert_id(decision.siren, decision.kind, previous_tier, tier, content(decision.cause)),
        siren=decision.siren,
        name=decision.name,
        department=decision.department,
        activity=decision.activity,
        tier=tier,
        previous_tier=previous_tier,
        kind=decision.kind,
        probability=decision.probability,
        previous_probability=decision.previous_probability,
        as_of=date.fromordinal(decision.day),
        raised_at=raised_at,
        model_version=model.version,
        thresholds=Thresholds(model.thresholds.moderate, model.thresholds.strong),
        themes=themes,
        reasons=reasons(decision.kind, tier, previous_tier, themes, evidence, language),
        evidence=evidence,
        causes=[identity(decision.cause)],
        sources=[Source(name, date.fromordinal(day)) for name, day in decision.sources],
        source=origin,
        months=_months(decision.past),
    )


def _months(past: Past) -> Months:
    day = date.fromordinal
    return Months(
        month_text(past.month),
        past.employee_debt,
        past.employer_debt,
        past.due,
        past.paid,
        past.hours_used,
        past.hours_authorised,
        past.headcount,
        Schedule(day(past.schedule.until), past.schedule.euros) if past.schedule else None,
        Proceeding(past.proceeding[0], day(past.proceeding[1])) if past.proceeding else None,
    )


def _tier(level: int) -> Tier:
    return NAMES[level]
