"""Who sees a case need not see all its data: what belongs to whom, and cases, alerts and history without it. Pure.

    score    level, probability, themes, model, reasons; what tells that the risk rose or fell
    urssaf   debts, contributions, payment schedules and commissions, the expert rule
    dgefp    partial unemployment, asked for and used
    bdf      the Bank of France's ratios: no figure of Vigie's has them yet

What is masked is absent: from pages, JSON, exports and the stream. What nothing is known of is absent as well, for
whoever does not see all. Names, places, headcounts, proceedings and what agents did are everybody's.
"""

from typing import Any, Literal, get_args

import msgspec

from alerts.alert import Alert, Months
from alerts.cases import Case
from alerts.history import Entry
from alerts.language import Language
from alerts.quantities import theme_of
from alerts.rendering import reasons_in
from alerts.wording import reasons

Data = Literal["score", "urssaf", "dgefp", "bdf"]
DATA: tuple[Data, ...] = get_args(Data)
ALL_DATA: frozenset[Data] = frozenset(DATA)
Masked = frozenset[Data]
NOTHING: Masked = frozenset()

_CASE: dict[str, Data] = {
    "tier": "score",
    "kind": "score",
    "probability": "score",
    "model_version": "score",
    "strong_since": "score",
    "escalated_at": "score",
    "debt_euros": "urssaf",
    "schedule_running": "urssaf",
}
_ALERT = ("tier", "previous_tier", "kind", "probability", "previous_probability", "model_version", "thresholds")
"""The fields of an alert that are the score's and cannot be emptied."""
_VOTE = ("rule", "model")
_DETAILS = ("tier", "kind", "probability", "notice")
_MOVES = ("rose", "fell", "woken", "escalated")
"""What happens to a case because of its score; who does not see that is told that an alert has come."""

_THEMES: dict[str | None, Data] = {
    "debt": "urssaf",
    "contributions": "urssaf",
    "schedules": "urssaf",
    "partial-unemployment": "dgefp",
}
_MONTHS: dict[Data, dict[str, Any]] = {
    "urssaf": {"employee": [], "employer": [], "due": [], "paid": [], "schedule": None},
    "dgefp": {"used": [], "authorised": []},
}
"""The fields of an alert's months that are somebody's, and what stands for nothing in them."""
_EVENTS: dict[str, Data] = {
    "payment-delay": "urssaf",
    "contribution": "urssaf",
    "payment-schedule": "urssaf",
    "debt-commission": "urssaf",
    "partial-unemployment-request": "dgefp",
    "partial-unemployment-use": "dgefp",
}
_OPEN_EVENTS = ("headcount", "insolvency-proceeding", "firm", "clock")
_OPEN_FIELDS = ("headcount", "headcount_change_12m_ratio", "in_proceeding")


def sees_field(field: str, masked: Masked) -> bool:
    """Whether a field of the evidence may be seen."""
    if not masked or field in _OPEN_FIELDS:
        return True
    data = "urssaf" if field == "expert_rule" else _THEMES.get(theme_of(field))
    return data is not None and data not in masked


def sees_events(kind: str, masked: Masked) -> bool:
    """Whether what is known of a kind of event may be seen."""
    if not masked or kind in _OPEN_EVENTS:
        return True
    data = _EVENTS.get(kind)
    return data is not None and data not in masked


def case_of(case: Case, masked: Masked) -> Case:
    """The case without what is masked, where it can be without: level, kind, probability and model stay.

    Show those by `case_fields`, or not at all.
    """
    if not masked:
        return case
    changes: dict[str, Any] = {}
    if "urssaf" in masked:
        changes |= {"debt_euros": None, "schedule_running": False}
    if "score" in masked:
        changes |= {"strong_since": None, "escalated_at": None}
    return msgspec.structs.replace(case, **changes)


def case_fields(case: Case, masked: Masked) -> dict[str, Any]:
    """A case's JSON, without what is masked."""
    fields = seen_fields(msgspec.to_builtins(case), masked)
    if "score" in masked:
        for vote in fields.get("votes", {}).values():
            _drop(vote, _VOTE)
    return fields


def seen_fields(fields: dict[str, Any], masked: Masked) -> dict[str, Any]:
    """Those of some fields, named as a case's, that may be seen."""
    return {name: value for name, value in fields.items() if _CASE.get(name) not in masked}


def alert_of(alert: Alert, masked: Masked, language: Language) -> Alert:
    """The alert without what is masked, where it can be without: see `case_of`. The reasons are in the language."""
    if not masked:
        return alert
    evidence = [item for item in alert.evidence if sees_field(item.field, masked)]
    themes = [] if "score" in masked else alert.themes
    return msgspec.structs.replace(
        alert,
        themes=themes,
        evidence=evidence,
        reasons=_reasons(msgspec.structs.replace(alert, evidence=evidence), masked, language),
        causes=[cause for cause in alert.causes if sees_events(str(cause.get("type")), masked)],
        sources=[source for source in alert.sources if sees_events(source.source, masked)],
        months=alert.months and _months_of(alert.months, masked),
    )


def alert_fields(alert: Alert, masked: Masked, language: Language) -> dict[str, Any]:
    """An alert's JSON, without what is masked."""
    fields: dict[str, Any] = msgspec.to_builtins(alert_of(alert, masked, language))
    if "score" in masked:
        _drop(fields, (*_ALERT, "themes", "reasons"))
    return fields


def entry_of(entry: Entry, masked: Masked) -> Entry:
    """An entry of the history without what is masked; it holds no case then."""
    if not masked:
        return entry
    details = dict(entry.details)
    if details.get("why") == "schedule" and "urssaf" in masked:
        # Told as if that filter were not: what is left out would say that a payment schedule runs.
        details |= {"notice": "push", "why": ""}
    if "score" in masked:
        _drop(details, _DETAILS)
    return entry._replace(action=action_of(entry.action, masked), details=details, state=None)


def action_of(action: str, masked: Masked) -> str:
    """The name of what happened to a case."""
    return "joined" if "score" in masked and action in _MOVES else action


def _months_of(months: Months, masked: Masked) -> Months:
    for data, fields in _MONTHS.items():
        if data in masked:
            months = msgspec.structs.replace(months, **fields)
    return months


def _reasons(alert: Alert, masked: Masked, language: Language) -> list[str]:
    """Worded anew from what is left: the written ones hold the figures."""
    if "score" in masked:
        return []
    if not masked & {"urssaf", "dgefp"}:
        return reasons_in(alert, language)
    words = alert.kind, alert.tier, alert.previous_tier
    made = reasons(*words, alert.themes, alert.evidence, language)
    # That no factor stands out is not true of an alert whose factor is masked.
    return [] if made == reasons(*words, [], [], language) else made


def _drop(fields: dict[str, Any] | dict[str, str], names: tuple[str, ...]) -> None:
    for name in names:
        fields.pop(name, None)
