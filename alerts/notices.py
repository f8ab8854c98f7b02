"""Whom an alert disturbs: pushed to the agents at once, kept for the digest, or nobody. Pure but for the month's count.

A department has a budget of pushes a month. Inside it, what opens a case, makes one worse or wakes one is pushed;
beyond it, and where the standard filters hold the case back, it waits for the digest. A replay or a backfill disturbs
nobody. The count itself is kept and looked at in Redis, in the step that appends the alert.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from alerts.alert import Alert
from alerts.holds import holds
from alerts.joining import Joined, moment
from detectors.options import option

Notice = Literal["push", "digest", "none"]


@dataclass(frozen=True)
class NoticeOptions:
    """When agents are told, and when a case that nobody takes is brought up again."""

    alert_budget: int = option(200, "pushed alerts a department and month; the others go to the digest")
    live_days: float = option(
        45.0, "an alert whose event time lies further before its raising is a backfill: nobody is told", unit="days"
    )
    notify_within_hours: float = option(
        72.0, "an alert raised longer ago (a rebuild, a long outage) is not pushed any more", unit="hours"
    )
    escalate_after_hours: float = option(
        72.0, "how long a strong alert may wait to be taken before it is escalated; 0: for ever", unit="hours"
    )
    remind_after_days: float = option(
        14.0, "how long a taken case may go without an action before its holder is reminded; 0: for ever", unit="days"
    )
    release_after_days: float = option(
        30.0, "how long a taken case may go without an action before it is given back; 0: for ever", unit="days"
    )


class Wanted(NamedTuple):
    """`push` asks for a place in the budget. Else `why` says what kept the alert from it."""

    notice: Notice
    why: str


def wanted(joined: Joined, alert: Alert, now: datetime, options: NoticeOptions, *, notify: bool = True) -> Wanted:
    """What is wanted for an alert that joined a case so. `notify` is False of a rebuild."""
    if joined.event not in ("opened", "rose", "woken") or alert.kind == "lowered":
        return Wanted("none", "repeat")
    if not notify:
        return Wanted("none", "rebuild")
    if not joined.case.live:
        return Wanted("none", "backfill")
    if now - moment(alert) > timedelta(hours=options.notify_within_hours):
        return Wanted("digest", "late")
    held = holds(joined.case) if joined.case.state == "new" else ()
    return Wanted("digest", held[0]) if held else Wanted("push", "")


def budget_month(alert: Alert) -> str:
    """The month whose budget a push is counted in: that of its raising, UTC.

    In `desk` it is the field `pushed:2026-03`.
    """
    return f"pushed:{moment(alert):%Y-%m}"
