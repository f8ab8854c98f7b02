"""A case's place in the agents' list as one number, the first the least, by which Redis keeps cases in order. Pure.

    slot     by which of the standard filters it would be held back, 0 for none; AWAY for what sleeps until a day
    rank     what waits too long, then what nobody has, then moderate before strong: prevention is still possible there
    chance   the greater probability first, in steps of 2**-44

A double holds all of it. Of what sleeps the number says until when. `RANKING` changes whenever a number would.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from alerts.cases import Case
from alerts.holds import HOLDS, Hold, holds

RANKING = "1"
"""Which numbers a department's cases have."""
_CHANCE_BITS, _RANK_BITS = 45, 3
_SLOT = 1 << (_CHANCE_BITS + _RANK_BITS)
_SURE = 1 << (_CHANCE_BITS - 1)
_TIERS = {"moderate": 0, "strong": 1, "none": 2}
_CLOSED = 7
AWAY = 1 << len(HOLDS)

Range = tuple[int, int]
"""Numbers from the first one on, and before the second."""
HELD_BY_AGENTS: Range = (4 << _CHANCE_BITS, _CLOSED << _CHANCE_BITS)
"""Where what somebody has taken or follows stands."""


def priority(case: Case) -> int:
    """Rank and chance; closed cases stand last, the last one that was closed first."""
    if case.state == "closed":
        return (_CLOSED << _CHANCE_BITS) + _SURE - int(case.since.timestamp() * 1000)
    free = case.state == "new"
    waits = free and case.escalated_at is not None
    rank = 0 if waits else 1 + 3 * (not free) + _TIERS[case.tier]
    return (rank << _CHANCE_BITS) + round((1 - min(max(case.probability, 0.0), 1.0)) * _SURE)


def number(case: Case) -> int | None:
    """The number by which a case is kept; None of what the list never shows by itself."""
    if not case.number or case.state == "closed":
        return None
    if case.state in ("snoozed", "withdrawn"):
        return None if case.until is None else AWAY * _SLOT + case.until.toordinal()
    slot = _slot(holds(case)) if case.state == "new" else 0
    return slot * _SLOT + priority(case)


def due_back(today: date) -> Range:
    """What has come to its day."""
    return AWAY * _SLOT, AWAY * _SLOT + today.toordinal() + 1


class Slots(NamedTuple):
    """Which slots a list shows, and the ranges of numbers that each standard filter holds back of it."""

    shown: list[Range]
    held: list[tuple[Hold, Range]]


def slots(let_through: Iterable[Hold]) -> Slots:
    """Those of a list with some standard filters off; what is held back counts under its first reason."""
    off = set(let_through)
    found = Slots([], [])
    for slot in range(AWAY):
        kept = [hold for hold in _holds(slot) if hold not in off]
        span = slot * _SLOT, (slot + 1) * _SLOT
        if not kept:
            found.shown.append(span)
        elif found.held and found.held[-1][0] == kept[0] and found.held[-1][1][1] == span[0]:
            found.held[-1] = kept[0], (found.held[-1][1][0], span[1])
        else:
            found.held.append((kept[0], span))
    return found


def priority_of(kept: float) -> int:
    """The priority within a number."""
    return int(kept) % _SLOT


def _slot(why: Sequence[Hold]) -> int:
    """The first reason is the greatest bit: what it holds back lies together."""
    return sum(1 << (len(HOLDS) - 1 - HOLDS.index(hold)) for hold in why)


def _holds(slot: int) -> list[Hold]:
    return [hold for hold in HOLDS if slot & _slot((hold,))]
