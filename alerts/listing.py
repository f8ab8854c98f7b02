"""Which cases a list shows, in which order: one query for pages, counts, exports and live updates alike. Pure.

What nobody has taken yet is held back by the network's four standard filters, unless the query lets it through: the
list is for whom help can still reach, and for whom nobody is at work already.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Literal, NamedTuple, get_args

import msgspec

from alerts.cases import Case, State, as_seen
from alerts.holds import HOLDS, Hold, holds
from alerts.ranking import priority
from alerts.routing import QUEUES
from alerts.sectors import section

SHOWN: tuple[State, ...] = ("new", "taken", "followed")
"""The states of the queue: what is taken stays in sight."""

Order = Literal["priority", "newest", "probability", "oldest", "name"]
ORDERS: tuple[Order, ...] = get_args(Order)


class Choice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which firms and alerts are wanted, whoever asks; an empty tuple or None means all."""

    departments: tuple[str, ...] = QUEUES
    tiers: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    """Beginnings of NAF codes (`25`, `25.62B`), or section letters (`C`)."""
    least_headcount: float | None = None
    most_headcount: float | None = None
    least_debt_euros: float | None = None

    def fits(self, case: Case) -> bool:
        """Whether a case is wanted, its department aside."""
        return (
            (not self.tiers or case.tier in self.tiers)
            and (not self.kinds or case.kind in self.kinds)
            and (not self.sectors or in_sectors(case.activity, self.sectors))
            and at_least(case.headcount, self.least_headcount)
            and (self.most_headcount is None or (case.headcount or 0) <= self.most_headcount)
            and at_least(case.debt_euros, self.least_debt_euros)
        )


class Query(Choice, frozen=True, kw_only=True):
    """What is asked of the list. Write `Query()` for an agent's queue."""

    states: tuple[State, ...] = SHOWN
    since: date | None = None
    """The first `as_of` wanted."""
    siren: str | None = None
    name: str | None = None
    """A part of the firm's name."""
    holder: str | None = None
    escalated: bool = False
    """Only what has waited too long."""
    let_through: tuple[Hold, ...] = ()
    """The standard filters that do not apply."""
    order: Order = "priority"

    def accepts(self, case: Case) -> bool:
        """Whether a case, as it is seen now, is asked for, the standard filters aside."""
        return (
            (not self.states or case.state in self.states)
            and self.fits(case)
            and (self.since is None or case.as_of >= self.since)
            and (self.siren is None or case.siren == self.siren)
            and (self.name is None or self.name.casefold() in (case.name or "").casefold())
            and (self.holder is None or case.holder == self.holder)
            and (not self.escalated or case.escalated_at is not None)
        )

    def held(self, case: Case) -> tuple[Hold, ...]:
        """Which of the standard filters hold back a case that is asked for; only what nobody has taken."""
        if case.state != "new":
            return ()
        return tuple(hold for hold in holds(case) if hold not in self.let_through)


def everything(query: Query) -> Query:
    """The same without the standard filters, in whatever state."""
    return msgspec.structs.replace(query, states=(), let_through=HOLDS)


def is_queue(query: Query) -> bool:
    """Whether a query asks for an agent's queue with nothing but departments and standard filters chosen."""
    return msgspec.structs.replace(query, departments=(), let_through=()) == Query(departments=())


def sort_key(case: Case, order: Order) -> tuple[float | str, ...]:
    """What an order sorts cases by: alike only for one firm in two departments."""
    return _ORDERS[order](case)


class Listing(NamedTuple):
    """The cases asked for, in order, and by standard filter how many more were held back."""

    cases: list[Case]
    held: Counter[Hold]


def listing(cases: Iterable[Case], query: Query, now: datetime) -> Listing:
    """What a query shows of some cases of its departments. A case held back counts under its first reason."""
    shown: list[Case] = []
    held: Counter[Hold] = Counter()
    for case in cases:
        seen = as_seen(case, now)
        if not query.accepts(seen):
            continue
        reasons = query.held(seen)
        if reasons:
            held[reasons[0]] += 1
        else:
            shown.append(seen)
    shown.sort(key=_ORDERS[query.order])
    return Listing(shown, held)


_Key = tuple[float | str, ...]


_ORDERS: dict[Order, Callable[[Case], _Key]] = {
    "priority": lambda case: (priority(case), case.siren),
    "newest": lambda case: (-case.as_of.toordinal(), -case.opened_at.timestamp(), case.siren),
    "oldest": lambda case: (case.opened_on.toordinal(), case.opened_at.timestamp(), case.siren),
    "probability": lambda case: (-case.probability, case.siren),
    "name": lambda case: ((case.name or "\uffff").casefold(), case.siren),
}


def at_least(value: float | None, least: float | None) -> bool:
    """Whether a value reaches a lower limit, where there is one; what is unknown does not."""
    return least is None or (value is not None and value >= least)


def in_sectors(activity: str | None, sectors: tuple[str, ...]) -> bool:
    """Whether a NAF code is of one of these sections, or begins like one of these codes."""
    plain = (activity or "").replace(".", "").upper()
    return any(
        section(activity) == sector if sector.isalpha() else bool(plain) and plain.startswith(sector.replace(".", ""))
        for sector in sectors
    )
