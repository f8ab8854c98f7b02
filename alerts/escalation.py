"""What time alone brings to cases: they come back, are escalated, are forgotten by who took them, their firm has moved.

`Desk.sweep` does it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from alerts.cases import SYSTEM, Case, awake, changed, is_due_back
from alerts.notices import NoticeOptions


class Due(NamedTuple):
    """A change that is due: `escalated`, `returned`, `reminded`, `forgotten` or `moved`."""

    action: str
    before: Case
    after: Case


def due(cases: Iterable[Case], options: NoticeOptions, now: datetime) -> list[Due]:
    """What is due among open cases. Where a firm has several departments' cases, it has moved to the latest one's."""
    found: list[Due] = []
    newest: dict[str, Case] = {}
    several: list[Case] = []
    for case in cases:
        other = newest.setdefault(case.siren, case)
        if other is not case:
            older, newest[case.siren] = sorted((other, case), key=lambda c: (c.as_of, c.opened_at, c.department))
            several.append(older)
    left = {(case.department, case.siren) for case in several if case.holder is None and case.state != "withdrawn"}
    for case in [*newest.values(), *several]:
        if (case.department, case.siren) in left:
            after = changed(case, state="closed", since=now, by=SYSTEM, until=None, outcome="moved")
            found.append(Due("moved", case, after))
        elif is_due_back(case, now.date()):
            back = awake(case, now)
            found.append(Due("returned", case, msgspec.structs.replace(back, version=case.version + 1)))
        elif waits_too_long(case, options, now):
            found.append(Due("escalated", case, changed(case, escalated_at=now)))
        elif is_idle(case, options.release_after_days, now):
            found.append(Due("forgotten", case, changed(case, **_BACK, since=now)))
        elif is_idle(case, options.remind_after_days, now) and not is_reminded(case):
            found.append(Due("reminded", case, changed(case, reminded_at=now)))
    return found


def waits_too_long(case: Case, options: NoticeOptions, now: datetime) -> bool:
    """Whether a strong alert has not been taken for longer than it may, and was not escalated yet."""
    if not options.escalate_after_hours or case.state != "new" or case.strong_since is None:
        return False
    if not case.live or (case.escalated_at is not None and case.escalated_at >= case.strong_since):
        return False
    return now - max(case.since, case.strong_since) > timedelta(hours=options.escalate_after_hours)


def is_idle(case: Case, days: float, now: datetime) -> bool:
    """Whether a case was taken and then left without an action for so many days; never where these are 0."""
    return bool(days) and case.state == "taken" and now - _last_action(case) > timedelta(days=days)


def _last_action(case: Case) -> datetime:
    return max(case.since, case.acted_at or case.since)


def is_reminded(case: Case) -> bool:
    """Whether the holder of a taken case was reminded of it, and has done nothing since."""
    return case.state == "taken" and case.reminded_at is not None and case.reminded_at >= _last_action(case)


_BACK: dict[str, Any] = {"state": "new", "by": SYSTEM, "holder": None, "outcome": None, "until": None, "resume": "new"}
