"""What a list's address asks for: the query, and addresses that ask for nearly the same."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from alerts.cases import STATES
from alerts.holds import HOLDS
from alerts.listing import ORDERS, Query, everything
from alerts.routing import QUEUES
from alerts.scope import Person, queried, within
from alerts.sectors import LETTERS
from detectors.errors import UnusableInput

PAGE_SIZE = 50
_NAMES = ("department", "tier", "state", "sector", "let", "q", "mine", "order", "page")
_TIERS = ("strong", "moderate", "none")

Parameters = Sequence[tuple[str, str]]


class Asked(NamedTuple):
    """A query, the page of it (from 1), and the address's parameters as they were written, for forms and links."""

    query: Query
    page: int
    parameters: tuple[tuple[str, str], ...]

    def chosen(self, name: str) -> list[str]:
        """The values of a parameter."""
        return [value for key, value in self.parameters if key == name]

    def address(self, **changes: str | Iterable[str]) -> str:
        """The list's address with other values of some parameters; an empty one takes the parameter out."""
        kept = [(name, value) for name, value in self.parameters if name not in changes]
        for name, value in changes.items():
            kept += [(name, one) for one in ([value] if isinstance(value, str) else value) if one]
        return "/?" + urlencode(kept) if kept else "/"

    def export(self, kind: str) -> str:
        """The address of the same list as a file."""
        return "/export?" + urlencode([*(pair for pair in self.parameters if pair[0] != "page"), ("format", kind)])


def asked(parameters: Parameters, person: Person) -> Asked:
    """Raises UnusableInput for a value that is none of the known ones, OutOfScope for what is not theirs.

    A search goes through the firms in any state, the standard filters aside, unless a state is given. What one holds
    oneself is listed wherever it is, unless a department is given.
    """
    kept = tuple((name, value.strip()) for name, value in parameters if name in _NAMES and value.strip())
    values: dict[str, list[str]] = {name: [] for name in _NAMES}
    for name, value in kept:
        values[name].append(value)
    text = " ".join(values["q"])
    digits = "".join(text.split())
    is_siren = len(digits) == 9 and digits.isascii() and digits.isdecimal()
    mine = bool(values["mine"])
    query = Query(
        departments=QUEUES if mine and not values["department"] else within(person, values["department"]),
        tiers=_among("tier", values, _TIERS),
        sectors=_among("sector", values, LETTERS),
        siren=digits if is_siren else None,
        name=text if text and not is_siren else None,
        holder=person.name if mine else None,
        let_through=_among("let", values, HOLDS),
        order=_one("order", values, ORDERS, "priority"),
    )
    states = _among("state", values, STATES)
    if states:
        query = msgspec.structs.replace(query, states=states)
    elif text:
        query = everything(query)
    return Asked(queried(query, person), _page(values["page"]), kept)


def _among(name: str, values: Mapping[str, list[str]], known: Iterable[str]) -> tuple[Any, ...]:
    for value in values[name]:
        if value not in known:
            raise UnusableInput(f"{name}={value[:40]!r} is none of {', '.join(sorted(known))}")
    return tuple(dict.fromkeys(values[name]))


def _one(name: str, values: Mapping[str, list[str]], known: Iterable[str], default: str) -> Any:
    return (*_among(name, values, known), default)[0]


def _page(values: Sequence[str]) -> int:
    text = values[0] if values else "1"
    if not (text.isascii() and text.isdecimal() and int(text[:9]) > 0):
        raise UnusableInput(f"page={text[:40]!r} is no number of a page")
    return int(text[:9])
