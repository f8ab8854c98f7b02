"""The network's four standard filters: why what nobody has taken yet is held back from the list. Pure."""

from datetime import timedelta
from typing import Literal, get_args

from alerts.cases import Case

Hold = Literal["known", "proceeding", "schedule", "recent"]
HOLDS: tuple[Hold, ...] = get_args(Hold)
"""Why a new case is held back: the firm had a case before (not a first alert); a collective procedure is open (not in
bonis); a payment schedule runs; its case before was closed a short while ago."""

RECENT_DAYS = 180


def holds(case: Case) -> tuple[Hold, ...]:
    """Why a case would be held back, were it new: nothing of that depends on the day it is looked at."""
    found: list[Hold] = []
    if case.number > 1:
        found.append("known")
    if case.proceeding:
        found.append("proceeding")
    if case.schedule_running:
        found.append("schedule")
    if case.previous is not None and case.opened_at - case.previous.at < timedelta(days=RECENT_DAYS):
        found.append("recent")
    return tuple(found)
