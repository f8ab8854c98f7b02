"""The quantities that explain an alert: to which theme each belongs, and how a change of it is said."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from alerts.alert import Evidence
from alerts.language import (
    WIDE,
    Language,
    euros,
    known,
    number,
    percent,
    plural,
    signed,
    signed_percent,
)

Unit = Literal["euros", "share", "share-change", "months", "contribution-months", "hours", "employees"]


@dataclass(frozen=True)
class Quantity:
    """How a field is named in a sentence; every name is in the singular, with its article in French."""

    theme: str
    unit: Unit
    fr: str
    en: str


QUANTITIES: dict[str, Quantity] = {
    "debt_employer_euros": Quantity(
        "debt", "euros", "la part patronale des cotisations impayées", "the unpaid employer share of contributions"
    ),
    "debt_employee_euros": Quantity(
        "debt", "euros", "la part salariale des cotisations impayées", "the unpaid employee share of contributions"
    ),
    "debt_growth_3m_ratio": Quantity(
        "debt",
        "contribution-months",
        "la variation de la dette sur trois mois",
        "the change of the debt over three months",
    ),
    "debt_age_months": Quantity("debt", "months", "l'âge moyen de la dette", "the mean age of the debt"),
    "unpaid_ratio": Quantity(
        "contributions",
        "share",
        "la part impayée des cotisations dues sur douze mois",
        "the unpaid share of the contributions due over twelve months",
    ),
    "contribution_monthly_euros": Quantity(
        "contributions",
        "euros",
        "la cotisation mensuelle moyenne sur douze mois",
        "the mean monthly contribution over twelve months",
    ),
    "partial_unemployment_hours_12m": Quantity(
        "partial-unemployment",
        "hours",
        "l'activité partielle consommée en douze mois",
        "the partial unemployment used over twelve months",
    ),
    "partial_unemployment_hours_month": Quantity(
        "partial-unemployment",
        "hours",
        "l'activité partielle du dernier mois",
        "the partial unemployment of the last month",
    ),
    "partial_unemployment_authorised_hours_12m": Quantity(
        "partial-unemployment",
        "hours",
        "l'activité partielle autorisée sur douze mois",
        "the partial unemployment authorised over twelve months",
    ),
    "headcount": Quantity("headcount", "employees", "l'effectif", "the headcount"),
    "headcount_change_12m_ratio": Quantity(
        "headcount",
        "share-change",
        "la variation de l'effectif sur douze mois",
        "the change of the headcount over twelve months",
    ),
    "schedule_amount_euros": Quantity(
        "schedules", "euros", "le montant sous échéancier de paiement", "the amount under a payment schedule"
    ),
    "commission_months": Quantity(
        "schedules",
        "months",
        "le temps écoulé depuis la dernière décision de la commission des chefs des services financiers (CCSF)",
        "the time since the last decision of the commission of financial services (CCSF)",
    ),
}
"""By field, in the order in which a theme's quantities are cited."""

SWITCHES: dict[str, tuple[str, dict[Language, tuple[str, str]]]] = {
    "schedule_running": (
        "schedules",
        {
            "fr": ("un échéancier de paiement est en cours", "aucun échéancier de paiement n'est plus en cours"),
            "en": ("a payment schedule is running", "no payment schedule is running any more"),
        },
    ),
}
"""Fields that are 0 or 1: their theme, and what is said at 1, and when 1 has become 0."""

_THEMES = {field: quantity.theme for field, quantity in QUANTITIES.items()}
_THEMES |= {field: theme for field, (theme, _) in SWITCHES.items()}

_Writer = Callable[[float, Language], str]

_AMOUNTS: dict[str, _Writer] = {
    "euros": euros,
    "share": percent,
    "share-change": signed_percent,
    "months": number,
    "contribution-months": lambda value, language: signed(value, language, 1),
    "hours": number,
    "employees": number,
}
_NOUNS: dict[str, dict[Language, tuple[str, str]]] = {
    "months": {"fr": ("mois", "mois"), "en": ("month", "months")},
    "contribution-months": {
        "fr": ("mois de cotisations", "mois de cotisations"),
        "en": ("month of contributions", "months of contributions"),
    },
    "hours": {"fr": ("h", "h"), "en": ("h", "h")},
    "employees": {"fr": ("salarié", "salariés"), "en": ("employee", "employees")},
}
_SENTENCES: dict[Language, dict[str, str]] = {
    "fr": {
        "moved": "{name} passe de {before} à {now}",
        "same": "{name} reste de {now}",
        "new": "{name} est de {now}",
        "lost": "on ne connaît plus {name} ({before} auparavant)",
    },
    "en": {
        "moved": "{name} goes from {before} to {now}",
        "same": "{name} stays at {now}",
        "new": "{name} is {now}",
        "lost": "{name} is no longer known ({before} before)",
    },
}


def moved(evidence: Evidence, language: Language = "fr") -> bool:
    """Whether the field is known here and its value changes on the page, not only behind the decimals shown.

    The same in every language: the one that is read next saves writing the numbers again.
    """
    if evidence.previous == evidence.value:
        return False
    before, now = known(evidence.previous), known(evidence.value)
    quantity = QUANTITIES.get(evidence.field)
    if quantity is None or before is None or now is None or before == now:
        return before != now
    return _text(before, quantity.unit, language) != _text(now, quantity.unit, language)


def theme_of(field: str) -> str | None:
    """The theme that a field speaks for, or None for a field of which nothing is known."""
    return _THEMES.get(field)


def clause(evidence: Evidence, language: Language) -> str | None:
    """What the evidence says, before and now, to stand within a sentence; None where it says nothing."""
    before, now = known(evidence.previous), known(evidence.value)
    if evidence.field in SWITCHES:
        on, off = SWITCHES[evidence.field][1][language]
        return on if now else off if before else None
    quantity = QUANTITIES.get(evidence.field)
    if quantity is None:
        return None
    name, unit = quantity.fr if language == "fr" else quantity.en, quantity.unit
    forms = _SENTENCES[language]
    if now is None:
        return None if before is None else forms["lost"].format(name=name, before=_amount(before, unit, language))
    # "de 42 à 38 salariés", but "de 12 € à 45 €": a noun is said once.
    text = _text(now, unit, language)
    was = "" if before is None else _text(before, unit, language)
    form = "new" if before is None else "same" if was == text else "moved"
    return forms[form].format(name=name, before=was, now=text + _noun(now, unit, language))


def written(field: str, value: float | None, language: Language) -> str:
    """A field's value as a table has it: with its noun where it has one, a dash for what is unknown."""
    value = known(value)
    if value is None:
        return "–"
    if field in QUANTITIES:
        return _amount(value, QUANTITIES[field].unit, language)
    return number(value, language, 0 if value == int(value) else 2)


# Of an alert's numbers most are written twice, and many are those of the alerts before it: nothing owed, nobody there.
@lru_cache(maxsize=4096)
def _text(value: float, unit: Unit, language: Language) -> str:
    return _AMOUNTS[unit](value, language)


def _amount(value: float, unit: Unit, language: Language) -> str:
    """The value with its noun, where it has one."""
    return _text(value, unit, language) + _noun(value, unit, language)


def _noun(value: float, unit: Unit, language: Language) -> str:
    """What follows the value: its noun, where it has one."""
    if unit not in _NOUNS:
        return ""
    shown = round(value, 1) if unit == "contribution-months" else round(value)
    return f"{WIDE}{_NOUNS[unit][language][plural(shown, language)]}"
