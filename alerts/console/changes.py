"""What a firm's page tells of the way so far: what the last alert says otherwise than the one before, and what a snooze
would have hidden.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from alerts.actions import LONGEST_SNOOZE_MONTHS
from alerts.alert import Alert
from alerts.console.words import field_name
from alerts.history import Entry
from alerts.language import Language, day, number, probability
from alerts.quantities import written
from alerts.terminal import clean
from alerts.wording import TIERS

LABELS: dict[Language, dict[str, str]] = {
    "fr": {
        "title": "Ce qui a changé depuis l'alerte précédente",
        "since": "Alerte précédente du {day}.",
        "nothing": "Les chiffres sont les mêmes.",
        "level": "Niveau",
        "probability": "Probabilité",
        "hides": "En sommeil, le dossier quitte la liste et ne revient avant ce jour que si le risque augmente. Sur "
        "les {months} derniers mois, cela aurait caché {hidden} alerte(s) ; {woken} auraient réveillé le dossier.",
    },
    "en": {
        "title": "What has changed since the alert before",
        "since": "Alert before of {day}.",
        "nothing": "The figures are the same.",
        "level": "Level",
        "probability": "Probability",
        "hides": "Snoozed, the case leaves the list, and comes back before that day only if the risk rises. Over the "
        "last {months} months, that would have hidden {hidden} alert(s); {woken} would have woken the case.",
    },
}

_HIDDEN, _WAKING = ("joined", "fell"), ("rose", "woken")
MONTH = timedelta(days=30.44)


def changes(alerts: Sequence[Alert], language: Language, *, scored: bool = True) -> dict[str, Any] | None:
    """The rows (what, before, now) in which the last alert differs from the one before; None of a first alert.

    `scored` is False for who does not see the score.
    """
    if len(alerts) < 2:
        return None
    before, now = sorted(alerts, key=lambda alert: (alert.as_of, alert.raised_at))[-2:]
    words = LABELS[language]
    rows = []
    if scored and before.tier != now.tier:
        rows.append((words["level"], TIERS[language][before.tier], TIERS[language][now.tier]))
    old, new = probability(before.probability, language), probability(now.probability, language)
    if scored and old != new:
        rows.append((words["probability"], old, new))
    earlier = {item.field: item.value for item in before.evidence}
    for item in now.evidence:
        told = written(item.field, earlier.get(item.field), language), written(item.field, item.value, language)
        if told[0] != told[1]:
            rows.append((clean(field_name(item.field, language)), *told))
    return {"words": words, "since": words["since"].format(day=day(before.as_of, language)), "rows": rows}


def snooze_preview(history: Iterable[Entry], now: datetime, language: Language) -> str:
    """What the longest snooze would have kept from the list, had it begun that long ago."""
    recent = [entry.action for entry in history if entry.at >= now - LONGEST_SNOOZE_MONTHS * MONTH]
    hidden, woken = (sum(action in some for action in recent) for some in (_HIDDEN, _WAKING))
    return LABELS[language]["hides"].format(
        months=LONGEST_SNOOZE_MONTHS, hidden=number(hidden, language), woken=number(woken, language)
    )
