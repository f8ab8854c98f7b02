"""What the two pages show, as texts and places of marks: all that a template has to know."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from alerts.actions import ALLOWED, Close, Follow, Refusal, Release, Snooze, Take, Withdraw
from alerts.alert import Alert
from alerts.case_wording import HOLD_WORDS, STATES, entry_line, firm, refused, standing
from alerts.cases import Case
from alerts.console import charts
from alerts.console.asking import PAGE_SIZE, Asked
from alerts.console.changes import changes, snooze_preview
from alerts.console.timeline import timeline
from alerts.console.words import DATA_WORDS, ORDER_WORDS, WORDS, field_name, sectors, theme_name
from alerts.departments import NAMES
from alerts.desk import Page
from alerts.escalation import is_reminded
from alerts.headline import department, headline
from alerts.history import Entry
from alerts.holds import HOLDS, holds
from alerts.inbox import Received
from alerts.language import Language, day, number, probability, signed
from alerts.masking import DATA, Masked, alert_of
from alerts.quantities import written
from alerts.rendering import SOURCES, reasons_in
from alerts.scope import Person
from alerts.terminal import clean
from alerts.vocabulary import CANCELS, MOTIVES, OUTCOMES, UNFOLLOWS, USELESS, Words
from alerts.wording import TIERS

_ACTIONS: tuple[tuple[str, type[Any]], ...] = (
    ("take", Take),
    ("follow", Follow),
    ("snooze", Snooze),
    ("withdraw", Withdraw),
    ("release", Release),
    ("close", Close),
)


class Row(NamedTuple):
    """A firm in the list."""

    address: str
    name: str
    department: str
    tier: str
    level: str
    probability: str
    why: str
    since: str
    standing: str
    holder: str
    flags: tuple[str, ...]


class Choice(NamedTuple):
    """A value that a filter may have."""

    value: str
    label: str
    chosen: bool


def list_page(
    page: Page, alerts: Mapping[str, Received], asked: Asked, person: Person, language: Language, late: str
) -> dict[str, Any]:
    """The list: rows, filters with what is chosen, what the standard filters hold back, the pages around this one."""
    pages = max(1, -(-page.total // PAGE_SIZE))
    scored = "score" not in person.masked
    orders = [order for order in ORDER_WORDS[language] if scored or order not in ("priority", "probability")]
    kept = [hold for hold in HOLDS if hold != "schedule" or "urssaf" not in person.masked]
    return {
        "scored": scored,
        "rows": [_row(case, alerts.get(case.alert), language, late, scored=scored) for case in page.cases],
        "total": number(page.total, language),
        "page": asked.page,
        "pages": pages,
        "before": asked.address(page=str(asked.page - 1)) if asked.page > 1 else None,
        "after": asked.address(page=str(asked.page + 1)) if asked.page < pages else None,
        "here": asked.address(),
        "search": " ".join(asked.chosen("q")),
        "mine": bool(asked.chosen("mine")),
        "departments": _choices(asked, "department", {q: department_name(q, language) for q in person.queues}),
        "tiers": _choices(asked, "tier", TIERS[language]),
        "states": _choices(asked, "state", STATES[language]),
        "sectors": _choices(asked, "sector", {letter: f"{letter} {name}" for letter, name in sectors().items()}),
        "orders": _choices(asked, "order", {order: ORDER_WORDS[language][order] for order in orders}),
        "holds": [
            (choice, number(page.held[hold], language))
            for hold, choice in zip(
                kept, _choices(asked, "let", {hold: HOLD_WORDS[language][hold] for hold in kept}), strict=True
            )
        ],
        "held": number(sum(page.held.values()), language),
        "exports": [(kind.upper(), asked.export(kind)) for kind in ("csv", "xlsx")],
    }


def firm_page(
    case: Case,
    history: Sequence[Entry],
    received: Sequence[Received],
    person: Person,
    language: Language,
    refusal: Refusal | None,
    now: datetime,
) -> dict[str, Any]:
    """A firm's page: the case, its last alert, its risk over the alerts, its history, and what may be done."""
    alerts = [item.alert for item in received]
    scored = "score" not in person.masked
    return {
        "scored": scored,
        "masked": [DATA_WORDS[language][data] for data in DATA if data in person.masked],
        "name": firm(case, language),
        "place": department_name(case.department, language),
        "here": address(case),
        "standing": standing(case, language),
        "holder": clean(case.holder) if case.holder else None,
        "others": case.holder not in (None, person.name) and not person.supervises,
        "said": clean(case.comment) if case.comment else None,
        "flags": _flags(case, language),
        "version": case.version,
        "refused": refused(refusal, language) if refusal else None,
        "alert": _alert(alerts[-1], language) if alerts else None,
        "changes": changes(alerts, language, scored=scored),
        "snooze_hides": snooze_preview(history, now, language) if scored else None,
        "timeline": timeline(alerts, language, scored=scored),
        "history": [entry_line(entry, language) for entry in reversed(history)],
        "acts": person.acts,
        "actions": actions_of(case, person),
        "today": now.date().isoformat(),
        "motives": _words(MOTIVES, language),
        "outcomes": _words(OUTCOMES, language),
        "reasons": _words({"taken": CANCELS, "followed": UNFOLLOWS}.get(case.state, {}), language),
        "useless": _words(USELESS, language),
    }


def actions_of(case: Case, person: Person) -> list[str]:
    """What a person may do with a case as it stands, votes and comments aside."""
    if not person.acts or (case.holder not in (None, person.name) and not person.supervises):
        return []
    mine = case.state == "taken" and case.holder == person.name
    return [name for name, action in _ACTIONS if case.state in ALLOWED[action] and not (name == "take" and mine)]


def shown(received: Received, masked: Masked, language: Language) -> Received:
    """An alert as it is shown; the bytes that lie in Redis are not."""
    return received._replace(alert=alert_of(received.alert, masked, language), raw=b"")


def address(case: Case) -> str:
    """Where a case's page is."""
    return address_of(case.department, case.siren)


def address_of(queue: str, siren: str) -> str:
    """Where a firm's page is."""
    return f"/firms/{queue}/{siren}"


def department_name(queue: str, language: Language) -> str:
    """The name and code of a department, for the eye."""
    return department(queue if queue in NAMES else None, language)


def _row(case: Case, received: Received | None, language: Language, late: str, *, scored: bool) -> Row:
    waits = (late,) if case.escalated_at is not None and case.state == "new" else ()
    return Row(
        address=address(case),
        name=firm(case, language),
        department=department_name(case.department, language),
        tier=case.tier if scored else "none",
        level=_level(case, language) if scored else "–",
        probability=probability(case.probability, language) if scored else "–",
        why=_first(reasons_in(received.alert, language)) if received else "",
        since=day(case.opened_on, language),
        standing=standing(case, language),
        holder=clean(case.holder) if case.holder else "",
        flags=(*waits, *_flags(case, language)),
    )


def _first(reasons: Sequence[str]) -> str:
    """The strongest reason, and a sign where there are more."""
    return clean(reasons[0]) + (" …" if len(reasons) > 1 else "") if reasons else ""


def _level(case: Case, language: Language) -> str:
    text = TIERS[language][case.tier]
    return f"{text[0].upper()}{text[1:]}"


def _flags(case: Case, language: Language) -> tuple[str, ...]:
    idle = (WORDS[language]["idle"],) if is_reminded(case) else ()
    return (*idle, *(HOLD_WORDS[language][hold] for hold in holds(case)))


def _choices(asked: Asked, name: str, words: Mapping[Any, str]) -> list[Choice]:
    chosen = asked.chosen(name)
    return [Choice(value, label, value in chosen) for value, label in words.items()]


def _words(words: Words, language: Language) -> list[tuple[str, str]]:
    return [(code, text[language]) for code, text in words.items()]


def _alert(alert: Alert, language: Language) -> dict[str, Any]:
    themes = [
        (clean(theme_name(item.theme, language)), signed(item.contribution, language, 2), item.contribution)
        for item in sorted(alert.themes, key=lambda item: -abs(item.contribution))
    ]
    return {
        "headline": headline(alert, language),
        "reasons": [clean(reason) for reason in reasons_in(alert, language)],
        "day": day(alert.as_of, language),
        "id": clean(alert.id),
        "model": clean(alert.model_version),
        "bars": charts.bars(themes),
        "evidence": [
            (
                clean(field_name(item.field, language)),
                written(item.field, item.previous, language),
                written(item.field, item.value, language),
            )
            for item in alert.evidence
        ],
        "sources": [
            (
                clean(SOURCES[language].get(source.source, source.source)),
                day(source.known_to, language),
                number(max(0, (alert.as_of - source.known_to).days), language),
            )
            for source in alert.sources
        ],
    }
