"""How open cases stand: how many there are by state, since when the oldest, who works on them. Pure."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from alerts.cases import Case, State, as_seen
from alerts.holds import holds


class Caseload(NamedTuple):
    """Of some departments. `oldest` is when the state of the case began that has been in it longest.

    It and `untaken` (cases by department that nobody has taken) are of what agents see in their lists: not of a
    replay's or a backfill's cases, nor of new ones that the standard filters hold back.
    """

    cases: Counter[State]
    oldest: dict[State, datetime]
    untaken: Counter[str]
    holders: frozenset[str]
    """Who has a case."""


def caseload(cases: Iterable[Case], now: datetime) -> Caseload:
    """Of open cases, as they are seen now."""
    found = Caseload(Counter(), {}, Counter(), frozenset())
    holders = set()
    for case in cases:
        seen = as_seen(case, now)
        if not seen.is_open:
            continue
        found.cases[seen.state] += 1
        if seen.holder is not None:
            holders.add(seen.holder)
        if not seen.live or (seen.state == "new" and holds(seen)):
            continue
        found.oldest[seen.state] = min(seen.since, found.oldest.get(seen.state, seen.since))
        if seen.state == "new":
            found.untaken[seen.department] += 1
    return found._replace(holders=frozenset(holders))
