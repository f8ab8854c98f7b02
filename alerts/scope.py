"""What a person may see and do: the one answer for pages, stream, exports and API. Pure.

    see           a firm that one follows oneself; one in one's departments that is or was in alert; one that was
                  opened for a time by breaking the glass
    change        by an agent or a supervisor: the first two of these
    export        the first two of these
    break-glass   by an agent or a supervisor: any other firm

Of what is seen, the data of others are masked (`alerts.masking`). Everything else is refused, with the reason.

    verdict = decide(person, what_of(case, person), "see")

`require` raises where `decide` refuses. Lists pass by `within`, which gives the departments that may be listed, and
`queried`, which refuses a filter or an order that would tell what is masked, and departments of others' but for what
one holds oneself.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec

from alerts.cases import Case
from alerts.clearance import Clearance
from alerts.listing import Query
from alerts.masking import ALL_DATA, NOTHING, Data, Masked
from detectors.errors import VigieError

Act = Literal["see", "change", "export", "break-glass"]
Why = Literal["zone", "no-alert", "role", "needless"]
"""Why not: the firm is not in the person's departments; it never was in alert; the person only reads; the glass need
not be broken for what one sees anyway."""


class Person(NamedTuple):
    """Somebody who uses the console: the departments seen, and what else their roles give.

    `acts`: works on cases. `data`: what is not masked. `supervises`: acts on cases that others hold, and sees for which
    firms of these departments the glass was broken.
    """

    name: str
    queues: tuple[str, ...]
    acts: bool
    data: frozenset[Data] = ALL_DATA
    supervises: bool = False

    @property
    def masked(self) -> Masked:
        """What this person does not see of a firm."""
        return ALL_DATA - self.data


class What(NamedTuple):
    """A firm in a department, as far as rights depend on it."""

    department: str
    in_alert: bool
    """Now, or ever."""
    followed: bool = False
    """By who asks: taken or followed."""
    opened: bool = False
    """To who asks, by breaking the glass."""


class Verdict(NamedTuple):
    """`why` is None where it is allowed; `masked` is what must not be shown then."""

    why: Why | None
    masked: Masked = NOTHING

    @property
    def allowed(self) -> bool:
        """Whether it may be done."""
        return self.why is None


class OutOfScope(VigieError):
    """Somebody asked for what is not theirs; `why` says what is in the way."""

    def __init__(self, message: str, why: Why) -> None:
        super().__init__(message)
        self.why = why


def person_of(clearance: Clearance) -> Person:
    """The person of a clearance."""
    supervises = "supervisor" in clearance.roles
    return Person(
        clearance.user, clearance.queues, supervises or "agent" in clearance.roles, clearance.data, supervises
    )


def people(clearances: Iterable[Clearance]) -> dict[str, Person]:
    """Those who see a department, by name; a program is nobody."""
    found = (person_of(clearance) for clearance in clearances if clearance.queues and "program" not in clearance.roles)
    return {person.name: person for person in found}


def what_of(case: Case, person: Person, *, opened: bool = False) -> What:
    """A case as far as this person's rights depend on it."""
    return What(case.department, case.number > 0, case.holder == person.name, opened)


def decide(person: Person, what: What, act: Act) -> Verdict:
    """Whether a person may do something with a firm, and what is masked. The whole table is in the tests."""
    refused = _own(person, what)
    if act == "break-glass":
        refused = None if refused else "needless"
    elif act == "see" and what.opened:
        refused = None
    if act in ("change", "break-glass") and not person.acts:
        refused = refused or "role"
    return Verdict(refused, NOTHING if refused else person.masked)


def require(person: Person, what: What, act: Act) -> Masked:
    """What is masked of something allowed. Raises OutOfScope."""
    verdict = decide(person, what, act)
    if verdict.why is not None:
        raise OutOfScope(f"{person.name} {_SAID[verdict.why].format(department=what.department)}", verdict.why)
    return verdict.masked


def within(person: Person, departments: Sequence[str] = (), *, to_act: bool = False) -> tuple[str, ...]:
    """The departments asked for, all of the person's where none is: every case listed in them may be seen.

    Raises OutOfScope for any that is not theirs.
    """
    for department in departments:
        require(person, What(department, in_alert=True), "change" if to_act else "see")
    if to_act and not person.acts:
        raise OutOfScope(f"{person.name} {_SAID['role']}", "role")
    return tuple(dict.fromkeys(departments)) or person.queues


def queried(query: Query, person: Person) -> Query:
    """The query as this person may ask it. Raises OutOfScope for a filter or an order by what is masked.

    The standard filter on payment schedules does not apply to who may not know of them, nor the order by priority. Who
    asks for what they hold themselves may ask for any department.
    """
    if query.holder != person.name:
        within(person, query.departments)
    masked = person.masked
    if "score" in masked:
        if query.tiers or query.kinds or query.escalated or query.order == "probability":
            raise OutOfScope(f"{person.name} does not see the score, and may not filter or sort by it", "role")
        if query.order == "priority":
            query = msgspec.structs.replace(query, order="newest")
    if "urssaf" in masked:
        if query.least_debt_euros is not None:
            raise OutOfScope(f"{person.name} does not see debts, and may not filter by them", "role")
        query = msgspec.structs.replace(query, let_through=tuple(dict.fromkeys((*query.let_through, "schedule"))))
    return query


def _own(person: Person, what: What) -> Why | None:
    """None where the firm is the person's: followed, or in their departments and once in alert."""
    if what.followed:
        return None
    if what.department not in person.queues:
        return "zone"
    return None if what.in_alert else "no-alert"


_SAID: dict[Why, str] = {
    "zone": "does not see department {department}",
    "no-alert": "sees no firm that never was in alert",
    "role": "may read and not act",
    "needless": "sees the firm already",
}
