"""A whole alert as lines for a terminal."""

from datetime import date

from alerts.alert import Alert, Source
from alerts.headline import headline
from alerts.language import LANGUAGES, WIDE, Language, day, number
from alerts.terminal import clean
from alerts.wording import reasons

SOURCES: dict[Language, dict[str, str]] = {
    "fr": {
        "payment-delay": "impayés",
        "contribution": "cotisations",
        "payment-schedule": "délais de paiement",
        "debt-commission": "CCSF",
        "partial-unemployment-request": "demandes d'activité partielle",
        "partial-unemployment-use": "activité partielle consommée",
        "headcount": "effectifs",
        "insolvency-proceeding": "procédures collectives",
    },
    "en": {
        "payment-delay": "unpaid contributions",
        "contribution": "contributions",
        "payment-schedule": "payment schedules",
        "debt-commission": "CCSF",
        "partial-unemployment-request": "partial-unemployment requests",
        "partial-unemployment-use": "partial unemployment used",
        "headcount": "headcounts",
        "insolvency-proceeding": "collective procedures",
    },
}


def render(alert: Alert, language: Language = "fr") -> list[str]:
    """Headline, a bullet a reason, date and id, and the age of each source's data on that date. Printable lines."""
    as_of = f"au {day(alert.as_of, language)}" if language == "fr" else f"as of {day(alert.as_of, language)}"
    name = "alerte" if language == "fr" else "alert"
    lines = [headline(alert, language)]
    lines += [f"  • {clean(reason)}" for reason in reasons_in(alert, language)]
    lines.append(f"  {as_of} · {name} {clean(alert.id)}")
    if alert.sources:
        data = f"Données{WIDE}:" if language == "fr" else "Data:"
        lines.append(f"  {data} {', '.join(_source(source, alert.as_of, language) for source in alert.sources)}")
    return lines


def reasons_in(alert: Alert, language: Language) -> list[str]:
    """The alert's reasons as written; worded anew only where they are exactly what another language would say.

    So an alert renders the same for ever, and a reader whose language is not the writer's is served as well.
    """
    for other in LANGUAGES:
        if other != language and alert.reasons == _worded(alert, other):
            return _worded(alert, language)
    return alert.reasons


def _worded(alert: Alert, language: Language) -> list[str]:
    return reasons(alert.kind, alert.tier, alert.previous_tier, alert.themes, alert.evidence, language)


def _source(source: Source, as_of: date, language: Language) -> str:
    name = clean(SOURCES[language].get(source.source, source.source))
    days = max(0, (as_of - source.known_to).days)
    if language == "fr":
        age = f"{number(days, language)}{WIDE}jour{'s' if days > 1 else ''}"
        return f"{name} au {day(source.known_to, language)} ({age})"
    return f"{name} to {day(source.known_to, language)} ({number(days, language)} day{'' if days == 1 else 's'})"
