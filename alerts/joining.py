"""An alert joins its firm's case, or opens one: pure, and the same whenever the same alerts come in the same order.

Kafka keeps the order of a firm's alerts, so a Redis that is filled again from there has the same cases. The wall clock
does not count: what an alert brings is dated by its own `raised_at`.
"""

import math
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import msgspec

from alerts.alert import Alert
from alerts.cases import SYSTEM, Case, Ended, State, as_seen, awake, changed, own_end

Event = Literal["opened", "joined", "rose", "woken", "fell", "ended"]
"""`opened`: a case of its own. `rose`: worse than what the case had. `woken`: so much that its snooze ends. `fell`:
less. `ended`: no longer at risk, so that a case which nobody holds is closed. `joined`: none of these."""

LEVELS = {"none": 0, "moderate": 1, "strong": 2}


class Joined(NamedTuple):
    """The case after an alert; `event` is None where the case held that alert already, or where nothing is told."""

    case: Case
    event: Event | None
    before: State | None
    """The state before it, of the same case."""


def join(case: Case | None, alert: Alert, queue: str, live_days: float) -> Joined:
    """What an alert does to its firm's case, the last one, or None.

    An alert whose event time lies more than `live_days` before its raising is a backfill's.
    """
    at = moment(alert)
    live = (at.date() - alert.as_of).days <= live_days
    if case is not None and case.skip:
        return Joined(changed(case, skip=case.skip - 1), None, case.state)
    case = None if case is None else as_seen(case, at)
    if case is None or not case.is_open:
        if alert.kind == "lowered" and (case is not None or alert.tier == "none"):
            return _nothing_to_end(case, alert, queue, at)
        return Joined(_opened(case, alert, queue, at, live=live), "opened", None)
    return _joined(case, alert, at, live=live)


def moment(alert: Alert) -> datetime:
    """When the alert was raised, UTC."""
    return alert.raised_at.astimezone(UTC) if alert.raised_at.tzinfo else alert.raised_at.replace(tzinfo=UTC)


def _joined(case: Case, alert: Alert, at: datetime, *, live: bool) -> Joined:
    counts = {"alerts": case.alerts + 1, "received": case.received + 1}
    if alert.as_of < case.as_of:
        # Late: the case knows better.
        return Joined(changed(case, **counts), "joined", case.state)
    worse = alert.kind != "lowered" and (LEVELS[alert.tier] > LEVELS[case.tier] or alert.probability > case.probability)
    less = LEVELS[alert.tier] < LEVELS[case.tier]
    strong_since = (case.strong_since or at) if alert.tier == "strong" else None
    after = changed(case, **counts, **_of_alert(alert), live=case.live or live, strong_since=strong_since)
    if worse and case.state == "snoozed":
        return Joined(awake(after, at), "woken", case.state)
    if alert.tier == "none" and (case.state == "new" or (case.state == "snoozed" and case.holder is None)):
        # Whoever holds a case decides on its end; nobody has to end what nobody began.
        ended = awake(after, at) if case.state == "snoozed" else _ended(after, at)
        return Joined(ended, "ended", case.state)
    return Joined(after, "rose" if worse else "fell" if less else "joined", case.state)


def _opened(case: Case | None, alert: Alert, queue: str, at: datetime, *, live: bool) -> Case:
    previous = None
    if case is not None and case.number:
        previous = Ended(case.number, case.outcome, case.by, case.since)
    return Case(
        siren=alert.siren,
        department=queue,
        number=case.number + 1 if case else 1,
        version=case.version + 1 if case else 1,
        state="new",
        since=at,
        by=SYSTEM,
        opened_at=at,
        opened_on=alert.as_of,
        received=case.received + 1 if case else 1,
        live=live,
        strong_since=at if alert.tier == "strong" else None,
        previous=previous,
        proposed={code: proposed for code, proposed in (case.proposed if case else {}).items() if not proposed.outcome},
        **_of_alert(alert),
    )


def _nothing_to_end(case: Case | None, alert: Alert, queue: str, at: datetime) -> Joined:
    """The fall of a risk that no open case has: counted, so that alerts which come again can be told."""
    if case is not None:
        return Joined(changed(case, received=case.received + 1), None, case.state)
    opened = _opened(None, alert, queue, at, live=False)
    return Joined(msgspec.structs.replace(_ended(opened, at), number=0), None, None)


def _ended(case: Case, at: datetime) -> Case:
    # At the version it has: whoever calls has counted the change.
    return msgspec.structs.replace(case, state="closed", since=at, by=SYSTEM, outcome=own_end(case))


def _of_alert(alert: Alert) -> dict[str, Any]:
    values = {item.field: item.value for item in alert.evidence}
    debts = [values.get("debt_employee_euros"), values.get("debt_employer_euros")]
    known = [debt for debt in debts if debt is not None and math.isfinite(debt)]
    return {
        "alert": alert.id,
        "tier": alert.tier,
        "kind": alert.kind,
        "probability": alert.probability,
        "as_of": alert.as_of,
        "model_version": alert.model_version,
        "name": alert.name,
        "activity": alert.activity,
        "headcount": values.get("headcount"),
        "debt_euros": sum(known) if known else None,
        "schedule_running": bool(values.get("schedule_running")),
        "proceeding": bool(values.get("in_proceeding")),
    }
