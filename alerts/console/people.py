"""Who uses the console, and the one answer to what a person may see and do."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from alerts.clearance import Clearance
from detectors.errors import VigieError


class OutOfScope(VigieError):
    """Somebody asked for a department that is not theirs, or to act without being an agent."""


class Person(NamedTuple):
    """Somebody of the clearance file: `queues` are the departments seen, `acts` is whether cases may be worked on."""

    name: str
    queues: tuple[str, ...]
    acts: bool


def people(clearances: Iterable[Clearance]) -> dict[str, Person]:
    """Those who see a department, by name."""
    found = (Person(c.user, c.queues, "agent" in c.roles) for c in clearances if c.queues)
    return {person.name: person for person in found}


def within(person: Person, departments: Sequence[str] = (), *, to_act: bool = False) -> tuple[str, ...]:
    """The departments asked for, all of the person's where none is; raises OutOfScope for any that is not theirs.

    Everything that reads or changes a case passes here: pages, actions and the stream.
    """
    for department in departments:
        if department not in person.queues:
            raise OutOfScope(f"{person.name} does not see department {department}")
    if to_act and not person.acts:
        raise OutOfScope(f"{person.name} may read and not act")
    return tuple(dict.fromkeys(departments)) or person.queues
