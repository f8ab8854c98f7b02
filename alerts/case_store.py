"""Cases in Redis: what a change of one sends, and how cases are read. No connection, no rule.

A case is one string of JSON. Each change is one script (publish.lua for alerts, commit.lua for all else) that writes
only where the case still is the one on which the change was decided, or has its version: case, its place among the
department's cases, the entry of the history and the counts, all or nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from alerts import cases, ranking
from alerts.cases import Case
from alerts.errors import RedisRefused
from alerts.history import Fields
from alerts.routing import actions_key, case_key, cases_key, desk_key, order_key, trail_key
from alerts.scripts import Call, Command, Script

COMMIT = Script("commit")

ADOPTED = "adopted"
"""The field of `desk` that says how far the alerts of a version without cases have theirs: an entry's id, or `done`."""
RANKED = "ranked"
"""The field of `desk` that says which numbers of `ranking` the department's cases have."""


def score(case: Case) -> int | str:
    """Its place among the department's cases: when it began, or minus when it ended, in milliseconds.

    One that held nothing but the end of an alert stands before all: it is none to be listed.
    """
    if not case.number:
        return "-inf"
    return _ms(case.opened_at) if case.is_open else -_ms(case.since)


def order_score(case: Case) -> int | str:
    """Its place in the list's order; empty where it has none."""
    found = ranking.number(case)
    return "" if found is None else found


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def reading(queue: str, sirens: Sequence[str]) -> Command:
    """The command that reads the cases of some firms, None where there is none."""
    return ("MGET", *(case_key(queue, siren) for siren in sirens))


def case_of(data: bytes | None, queue: str, siren: str) -> Case | None:
    """A case as it was read. Raises RedisRefused where it is not one of ours."""
    if data is None:
        return None
    try:
        return cases.decode(data)
    except msgspec.DecodeError as error:
        raise RedisRefused(
            f"{case_key(queue, siren)} holds no case ({error}): another program has written it; rename it (RENAME) "
            "and start again"
        ) from error


def commit(
    before: Case | None,
    after: Case,
    told: Fields,
    *,
    counts: Mapping[str, int] | None = None,
    adopted: tuple[str, str] | None = None,
) -> Call:
    """The change of a case, a call of COMMIT; `adopted` is how far its queue's old alerts had cases, and have then."""
    queue, siren = after.department, after.siren
    keys = (
        case_key(queue, siren), cases_key(queue), actions_key(queue), trail_key(queue, siren), desk_key(queue),
        order_key(queue),
    )  # fmt: skip
    marker = (ADOPTED, *adopted) if adopted else ("", "", "")
    steps = [part for pair in (counts or {}).items() for part in pair]
    arguments = (
        before.version if before else 0, cases.encode(after), siren, score(after), order_score(after),
        *marker, len(counts or {}), *steps, *told,
    )  # fmt: skip
    return keys, arguments
