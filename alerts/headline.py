"""An alert in one line: how serious, which firm, where, how probable."""

from alerts.alert import Alert
from alerts.departments import NAMES
from alerts.language import WIDE, Language, probability
from alerts.terminal import clean
from alerts.wording import TIERS

_LOWERED: dict[Language, str] = {"fr": "retour à un {tier}", "en": "back to {tier}"}
_CLEARED: dict[Language, str] = {"fr": "fin d'alerte", "en": "alert over"}
_JUMP: dict[Language, str] = {"fr": "{tier} en forte hausse", "en": "{tier}, rising sharply"}
_NAMELESS: dict[Language, str] = {"fr": "entreprise au nom inconnu", "en": "firm of unknown name"}
_NOWHERE: dict[Language, str] = {"fr": "département inconnu", "en": "department unknown"}


def headline(alert: Alert, language: Language = "fr") -> str:
    """One printable line, whatever the names in the alert hold."""
    name = clean(alert.name).strip() if alert.name else ""
    firm = f"{name or _NAMELESS[language]} (SIREN {siren(alert.siren)}, {department(alert.department, language)})"
    now, before = probability(alert.probability, language), probability(alert.previous_probability, language)
    if language == "fr":
        chance = f"probabilité d'entrée en procédure collective à 18 mois{WIDE}: {now} ({before} auparavant)"
        return f"{level(alert, language)}{WIDE}: {firm} — {chance}"
    chance = f"probability of a collective procedure within 18 months: {now} ({before} before)"
    return f"{level(alert, language)}: {firm} — {chance}"


def level(alert: Alert, language: Language) -> str:
    """The tier reached, worded by the kind of alert, with a capital."""
    tier = TIERS[language][alert.tier]
    if alert.kind == "lowered":
        text = _CLEARED[language] if alert.tier == "none" else _LOWERED[language].format(tier=tier)
    else:
        text = _JUMP[language].format(tier=tier) if alert.kind == "jump" else tier
    return f"{text[0].upper()}{text[1:]}"


def siren(text: str) -> str:
    """The SIREN in threes, as it is read out."""
    return clean(WIDE.join(text[start : start + 3] for start in range(0, len(text), 3)))


def department(code: str | None, language: Language) -> str:
    """The department's name and code."""
    if code is None:
        return _NOWHERE[language]
    return f"{NAMES[code]} {code}" if code in NAMES else f"{_NOWHERE[language]} {clean(code)}"
