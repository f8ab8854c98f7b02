"""One message: an alert that is told at once, or the digest of what was held; and its JSON, the body of a webhook."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any, Literal, NamedTuple

import msgspec

from alerts.alert import Alert, Kind, Tier
from alerts.cases import Case, State
from alerts.language import Language
from alerts.masking import NOTHING, Masked, seen_fields
from alerts.notify.ledger import Held
from alerts.rendering import reasons_in

GATHERED = "gathered"
"""Held for no other reason than that the subscription wants digests."""
MOST_IN_DIGEST = 200
"""Alerts in one digest; the next one has the rest."""


class Item(NamedTuple):
    """What is told of: the entry, its case as it stands, its latest alert (None where it was trimmed)."""

    held: Held
    case: Case
    alert: Alert | None


class Message(NamedTuple):
    """`id` is the same whenever the same is sent again. `remaining` are held still, for the next digest.

    Of the items what is `masked` is gone where it can be; the level, kind and probability are not to be shown then.
    """

    id: str
    kind: Literal["alert", "digest"]
    items: list[Item]
    remaining: int
    masked: Masked = NOTHING

    @property
    def scored(self) -> bool:
        """Whether levels and probabilities may be shown."""
        return "score" not in self.masked

    @property
    def why(self) -> Counter[str]:
        """How many were held, by reason."""
        return Counter(item.held.why for item in self.items)


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """An alert in a webhook's body; what is masked is absent."""

    id: str
    """Of the alert's telling: the same in a digest that overlaps another."""
    event: str
    """What happened: `opened`, `rose`, `woken`, `escalated`, `reminded`, `forgotten`."""
    why: str
    """Why it was held; empty where it was not."""
    alert: str
    siren: str
    name: str | None
    department: str
    activity: str | None
    headcount: float | None
    debt_euros: float | None
    tier: Tier
    kind: Kind
    probability: float
    as_of: date
    state: State
    reasons: list[str]
    page: str | None
    """The firm's page in the console."""


class Body(msgspec.Struct, frozen=True):
    """A webhook's body."""

    id: str
    type: Literal["alert", "digest"]
    subscription: str
    count: int
    held: dict[str, int]
    """How many were held, by reason."""
    remaining: int
    notifications: list[Notification]


def alert_message(item: Item, masked: Masked = NOTHING) -> Message:
    """The message of one alert."""
    return Message(item.held.id, "alert", [item], 0, masked)


def digest_message(
    name: str, held: Sequence[Held], items: list[Item], remaining: int, masked: Masked = NOTHING
) -> Message:
    """The message of what was held: its items are what may be told of it still."""
    made = hashlib.sha256("\n".join([name, *(one.id for one in held)]).encode()).hexdigest()
    return Message(f"digest:{made[:32]}", "digest", items, remaining, masked)


def body(message: Message, name: str, language: Language, console: str | None) -> bytes:
    """The JSON of a message for a subscription."""
    held = dict(message.why) if message.kind == "digest" else {}
    told = [_notification(item, language, console) for item in message.items]
    made = Body(message.id, message.kind, name, len(told), held, message.remaining, told)
    fields: dict[str, Any] = msgspec.to_builtins(made)
    fields["notifications"] = [_seen(one, message) for one in fields["notifications"]]
    return msgspec.json.encode(fields)


def _seen(notification: dict[str, Any], message: Message) -> dict[str, Any]:
    hidden = () if message.scored else ("reasons",)
    seen = seen_fields(notification, message.masked)
    return {name: value for name, value in seen.items() if name not in hidden}


def page(case: Case, console: str | None) -> str | None:
    """The address of the firm's page."""
    return f"{console.rstrip('/')}/firms/{case.department}/{case.siren}" if console else None


def _notification(item: Item, language: Language, console: str | None) -> Notification:
    case = item.case
    return Notification(
        id=item.held.id,
        event=item.held.action,
        why=item.held.why,
        alert=case.alert,
        siren=case.siren,
        name=case.name,
        department=case.department,
        activity=case.activity,
        headcount=case.headcount,
        debt_euros=case.debt_euros,
        tier=case.tier,
        kind=case.kind,
        probability=case.probability,
        as_of=case.as_of,
        state=case.state,
        reasons=reasons_in(item.alert, language) if item.alert else [],
        page=page(case, console),
    )
