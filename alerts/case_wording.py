"""A case, its history and refusals in the reader's language, as printable lines."""

from datetime import date, datetime

import msgspec

from alerts.actions import Refusal
from alerts.alert import Tier
from alerts.cases import SYSTEM, Case, State
from alerts.departments import NAMES
from alerts.headline import siren
from alerts.history import Entry
from alerts.holds import Hold, holds
from alerts.language import WIDE, Language, day, euros, number, probability
from alerts.terminal import clean
from alerts.vocabulary import worded
from alerts.wording import TIERS, typeset

STATES: dict[Language, dict[State, str]] = {
    "fr": {
        "new": "à prendre",
        "taken": "prise en charge",
        "followed": "suivie",
        "snoozed": "en sommeil",
        "withdrawn": "retirée",
        "closed": "close",
    },
    "en": {
        "new": "new",
        "taken": "taken",
        "followed": "followed",
        "snoozed": "snoozed",
        "withdrawn": "withdrawn",
        "closed": "closed",
    },
}

HOLD_WORDS: dict[Language, dict[Hold, str]] = {
    "fr": {
        "known": "déjà en alerte auparavant",
        "proceeding": "en procédure collective",
        "schedule": "délai de paiement en cours",
        "recent": "close récemment",
    },
    "en": {
        "known": "in alert before",
        "proceeding": "in a collective procedure",
        "schedule": "payment schedule running",
        "recent": "closed recently",
    },
}

_EVENTS: dict[Language, dict[str, str]] = {
    "fr": {
        "opened": "dossier ouvert",
        "joined": "nouvelle alerte",
        "rose": "le risque augmente",
        "woken": "réveillé : le risque augmente",
        "fell": "le risque baisse",
        "ended": "fin d'alerte, dossier clos",
        "take": "pris en charge",
        "follow": "suivi",
        "snooze": "mis en sommeil",
        "withdraw": "retiré",
        "release": "rendu",
        "close": "clos",
        "vote": "vote",
        "note": "commentaire",
        "propose": "mesure proposée",
        "answer": "suite d'une mesure",
        "escalated": "signalé : personne ne l'a pris",
        "returned": "revenu à échéance",
        "reminded": "rappel : rien n'a été fait depuis longtemps",
        "forgotten": "rendu d'office : rien n'a été fait depuis trop longtemps",
        "moved": "clos : l'entreprise a changé de département",
    },
    "en": {
        "opened": "case opened",
        "joined": "another alert",
        "rose": "the risk rises",
        "woken": "woken: the risk rises",
        "fell": "the risk falls",
        "ended": "alert over, case closed",
        "take": "taken",
        "follow": "followed",
        "snooze": "snoozed",
        "withdraw": "withdrawn",
        "release": "released",
        "close": "closed",
        "vote": "vote",
        "note": "comment",
        "propose": "measure proposed",
        "answer": "what came of a measure",
        "escalated": "escalated: nobody has taken it",
        "returned": "back after its time",
        "reminded": "reminder: nothing has been done for long",
        "forgotten": "given back by itself: nothing has been done for too long",
        "moved": "closed: the firm has moved to another department",
    },
}

_REFUSED: dict[Language, dict[str, str]] = {
    "fr": {
        "stale": "{firm} : le dossier a changé depuis que vous l'avez consulté ; il est maintenant {state}. "
        "Consultez-le et recommencez",
        "held": "{firm} : {holder} s'en occupe déjà ({state}). Demandez-lui de le rendre, ou passez par un superviseur",
        "state": "{firm} : l'action « {action} » n'est pas possible, le dossier est {state}",
        "value": "{firm} : l'action « {action} » est incomplète ou fausse : {detail}",
    },
    "en": {
        "stale": "{firm}: the case has changed since you looked at it; it is now {state}. Look at it and try again",
        "held": "{firm}: {holder} deals with it already ({state}). Ask them to release it, or go through a supervisor",
        "state": "{firm}: {action} is not possible, the case is {state}",
        "value": "{firm}: {action} lacks something or is wrong: {detail}",
    },
}


def refused(refusal: Refusal, language: Language) -> str:
    """Why an action was not done, and how the case stands, in one line."""
    case = refusal.case
    text = _REFUSED[language][refusal.reason].format(
        firm=firm(case, language),
        holder=clean(case.holder or ""),
        state=standing(case, language),
        action=refusal.action,
        detail=clean(refusal.detail),
    )
    return typeset(text, language)


def firm(case: Case, language: Language) -> str:
    """The firm's name and SIREN."""
    name = clean(case.name).strip() if case.name else ""
    nameless = "entreprise au nom inconnu" if language == "fr" else "firm of unknown name"
    return f"{name or nameless} (SIREN{WIDE}{siren(case.siren)})"


def told(case: Case, language: Language) -> str:
    """The firm and how its case stands, in one line."""
    return typeset(f"{firm(case, language)}{' :' if language == 'fr' else ':'} {standing(case, language)}", language)


def standing(case: Case, language: Language) -> str:
    """The state, since when, by whom, until when."""
    parts = [STATES[language][case.state]]
    if case.holder:
        parts.append(f"{'par' if language == 'fr' else 'by'} {clean(case.holder)}")
    parts.append(f"{'depuis le' if language == 'fr' else 'since'} {day(case.since.date(), language)}")
    if case.until:
        parts.append(f"{'jusqu’au' if language == 'fr' else 'until'} {day(case.until, language)}")
    elif case.state == "withdrawn":
        parts.append("définitivement" if language == "fr" else "for good")
    if case.outcome and case.state != "new":
        parts.append(f"– {worded(case.outcome, language)}")
    return " ".join(parts)


def summary(case: Case, language: Language, *, scored: bool = True) -> list[str]:
    """Two lines of a list: level, firm and place; then standing, size, debt, number of alerts. `scored`: the level."""
    place = f"{NAMES.get(case.department, case.department)} {case.department}".strip()
    level = TIERS[language][case.tier]
    mark = "! " if case.escalated_at and case.state == "new" else ""
    risk = f"{level[0].upper()}{level[1:]} {probability(case.probability, language)} — " if scored else ""
    first = f"{mark}{risk}{firm(case, language)}, {place}"
    facts = [standing(case, language), *_facts(case, language)]
    return [first, f"  {' · '.join(facts)}"]


def _facts(case: Case, language: Language) -> list[str]:
    french = language == "fr"
    facts = [f"{'alerte du' if french else 'alert of'} {day(case.as_of, language)}"]
    if case.alerts > 1:
        facts.append(f"{number(case.alerts, language)} {'alertes' if french else 'alerts'}")
    if case.activity:
        facts.append(f"NAF {clean(case.activity)}")
    if case.headcount is not None:
        facts.append(f"{number(case.headcount, language)} {'salariés' if french else 'employees'}")
    if case.debt_euros:
        facts.append(f"{'dette' if french else 'debt'} {euros(case.debt_euros, language)}")
    if case.proposed:
        codes = ", ".join(clean(code) for code in case.proposed)
        facts.append(f"proposé{WIDE}: {codes}" if french else f"proposed: {codes}")
    facts += [HOLD_WORDS[language][hold] for hold in holds(case)]
    return facts


def entry_line(entry: Entry, language: Language) -> str:
    """An entry of the history in one line: when, what, by whom, with what."""
    parts = [stamp(entry.at, language), _EVENTS[language].get(entry.action, clean(entry.action))]
    if entry.by != SYSTEM:
        parts.append(f"{'par' if language == 'fr' else 'by'} {clean(entry.by)}")
    details = entry.details
    if details.get("holder"):
        parts.append(f"({clean(details['holder'])})")
    if "probability" in details:
        level = msgspec.convert(details["tier"], Tier)
        parts.append(f"({TIERS[language][level]}, {probability(float(details['probability']), language)})")
    if "useful" in details:
        words = {"fr": ("utile", "inutile"), "en": ("useful", "useless")}[language]
        parts.append(words[0] if details["useful"] == "true" else words[1])
    if "measure" in details:
        parts.append(clean(details["measure"]))
    said = [worded(details[name], language) for name in ("outcome", "reason", "motive") if name in details]
    if "until" in details:
        said.append(
            f"{'jusqu’au' if language == 'fr' else 'until'} {day(date.fromisoformat(details['until']), language)}"
        )
    if "comment" in details:
        said.append(f"« {details['comment']} »" if language == "fr" else f"“{details['comment']}”")
    return typeset(" ".join([*parts, *(["–", clean(", ".join(said))] if said else [])]), language)


def stamp(at: datetime, language: Language) -> str:
    """Day, hour and minute, UTC."""
    return f"{day(at.date(), language)} {at:%H:%M}"
