"""What happened to cases, as it is kept: entries of a department's stream of actions, append-only.

An entry has `action`, `siren`, `case` (its number), `version`, `by`, `at`, `from` and `to` (states), and what belongs
to the action. Entries of agents and of time hold the whole case in `state`, so that cases can be made again from them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from alerts import cases
from alerts.actions import Action, name_of
from alerts.alert import Alert
from alerts.cases import SYSTEM, Case, State
from alerts.joining import Joined, moment

_NOTICES = {"escalated": "push", "reminded": "digest", "forgotten": "digest"}
_FIXED = ("action", "siren", "case", "version", "by", "at", "from", "to", "state")

Fields = list[str | bytes]
"""Names and values, in turn, as Redis takes them."""


class Entry(NamedTuple):
    """One entry: what was done to which case, by whom, when; `before` is None where a case begins."""

    queue: str
    id: str
    action: str
    siren: str
    case: int
    version: int
    by: str
    at: datetime
    before: State | None
    after: State
    details: dict[str, str]
    """What belongs to the action: `comment`, `outcome`, `alert`, `tier`, `notice`..."""
    state: Case | None
    """The case afterwards; None of entries that alerts made."""


def of_alert(joined: Joined, alert: Alert) -> Fields:
    """The entry that an alert makes; nothing where there is nothing to tell."""
    if joined.event is None:
        return []
    details = {
        "alert": alert.id,
        "tier": alert.tier,
        "kind": alert.kind,
        "probability": repr(alert.probability),
        "as_of": alert.as_of.isoformat(),
    }
    return _fields(joined.event, joined.before, joined.case, SYSTEM, moment(alert), details)


def of_action(action: Action, before: Case, after: Case, by: str, at: datetime) -> Fields:
    """The entry of an agent's action."""
    details = {name: _text(value) for name, value in msgspec.structs.asdict(action).items() if value is not None}
    if name_of(action) in ("snooze", "withdraw") and after.until is not None:
        details["until"] = after.until.isoformat()
    return [*_fields(name_of(action), before.state, after, by, at, details), "state", cases.encode(after)]


def of_time(action: str, before: Case, after: Case, at: datetime) -> Fields:
    """The entry of what time alone has brought: `escalated`, `returned`, `reminded`, `forgotten`, `moved`."""
    details = {"tier": after.tier, "notice": _NOTICES.get(action, "none")}
    if before.holder != after.holder or action == "reminded":
        details["holder"] = before.holder or ""
    return [*_fields(action, before.state, after, SYSTEM, at, details), "state", cases.encode(after)]


def read(queue: str, entry_id: bytes, fields: Mapping[bytes, bytes]) -> Entry:
    """An entry as Redis gives it. Raises ValueError where it is none of ours (msgspec's errors are ValueErrors)."""
    texts = {name.decode(): value for name, value in fields.items()}
    try:
        state = texts.get("state")
        return Entry(
            queue,
            entry_id.decode(),
            texts["action"].decode(),
            texts["siren"].decode(),
            int(texts["case"]),
            int(texts["version"]),
            texts["by"].decode(),
            datetime.fromisoformat(texts["at"].decode()),
            msgspec.convert(texts["from"].decode() or None, State | None),
            msgspec.convert(texts["to"].decode(), State),
            {name: value.decode() for name, value in texts.items() if name not in _FIXED},
            None if state is None else cases.decode(state),
        )
    except KeyError as error:
        raise ValueError(f"it has no field {error}") from None


def _fields(
    action: str, before: State | None, after: Case, by: str, at: datetime, details: Mapping[str, str]
) -> Fields:
    fixed = {
        "action": action,
        "siren": after.siren,
        "case": str(after.number),
        "version": str(after.version),
        "by": by,
        "at": at.isoformat(),
        "from": before or "",
        "to": after.state,
    }
    return _pairs({**fixed, **details})


def _pairs(values: Mapping[str, str]) -> Fields:
    return [part for pair in values.items() for part in pair]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def order(entry_id: str | bytes) -> tuple[int, ...]:
    """An entry's place in its stream."""
    text = entry_id.decode() if isinstance(entry_id, bytes) else entry_id
    return tuple(int(part) for part in text.split("-"))
