"""The clearance file: who may see which departments, and do what there.

    [groups.ddets-21]
    role = "agent"
    departments = ["21"]

    [users.jdupont]                  # a person, or a program
    groups = ["ddets-21"]
    regions = ["Bretagne"]           # with a role of the user's own, or of one of the groups
    data = ["score", "urssaf"]       # what is not masked; everything, where no table of the user says it
    logins = ["j.dupont@ddets.example"]     # who that is to the OpenID provider: subjects, verified e-mail addresses

What a user may is the sum of what stands at the user and at its groups. Whatever is not understood stops the reading:
a misspelt line must neither give nor take a right in silence.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from alerts.masking import ALL_DATA, DATA, Data
from alerts.routing import QUEUES
from detectors.errors import UnusableInput
from detectors.regions import REGIONS

Role = Literal["reader", "agent", "supervisor", "program", "dispatcher", "operator", "auditor", "console"]
"""Reads; reads and works on cases; also on those that others hold; takes alerts by a consumer group. The four others
see no department by their clearance, but what their work is."""
ROLES: tuple[Role, ...] = get_args(Role)
LOCAL_ROLES: tuple[Role, ...] = ("reader", "agent", "supervisor", "program")
"""Those whose rights are a department's."""
ALL = "all"
_NAME = re.compile(r"[a-z][a-z0-9.-]{0,63}")
_TABLES = ("groups", "users")
_GROUP_FIELDS = ("role", "departments", "regions", "data")
_USER_FIELDS = (*_GROUP_FIELDS, "groups", "logins")


class Grant(NamedTuple):
    """What one table gives, under its own name."""

    source: str
    role: Role | None
    queues: frozenset[str]
    data: frozenset[Data] | None = None
    """None where the table says nothing of it."""


class Clearance(NamedTuple):
    """What a user may, and by which tables: `queues` in the order of the departments."""

    user: str
    roles: tuple[Role, ...]
    queues: tuple[str, ...]
    grants: tuple[Grant, ...]
    data: frozenset[Data] = ALL_DATA
    """What is not masked."""
    logins: tuple[str, ...] = ()
    """Subjects and e-mail addresses (small letters) of the OpenID provider's."""


def read(path: Path) -> list[Clearance]:
    """The users of a clearance file, by name. Raises UnusableInput with file, line and field."""
    return list(_reading(path).clearances())


def tables(path: Path) -> dict[str, Clearance]:
    """What each table gives, by its name in the file (`users.jdupont`, `groups.ddets-21`): of groups those that have a
    role and a department. Raises UnusableInput as `read` does.
    """
    reading = _reading(path)
    made = {f"users.{clearance.user}": clearance for clearance in reading.clearances()}
    for grant in reading.groups().values():
        if grant.role in LOCAL_ROLES and grant.queues:
            made[grant.source] = _summed(grant.source, [grant])
    return made


def _reading(path: Path) -> "_Reading":
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except OSError as error:
        raise UnusableInput(f"{path}: {error.strerror}. Name a clearance file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnusableInput(f"{path} is not TOML: {error}. Correct it there") from error
    return _Reading(path, text, content)


class _Reading:
    def __init__(self, path: Path, text: str, content: Mapping[str, Any]) -> None:
        self._path = path
        self._lines = text.splitlines()
        self._content = content

    def clearances(self) -> Iterator[Clearance]:
        for name in self._content:
            if name not in _TABLES:
                raise self._error((), name, f"is none of {', '.join(_TABLES)}{_near(name, _TABLES)}")
        groups = self.groups()
        owners: dict[str, str] = {}
        for name, table in sorted(self._tables("users", _USER_FIELDS)):
            logins = [_login(text) for text in self._texts(("users", name), table, "logins")]
            for login in logins:
                if owners.setdefault(login, name) != name:
                    raise self._error(("users", name), "logins", f"has {login!r}, which is {owners[login]}'s")
            grants = [self._grant("users", name, table)]
            for group in self._texts(("users", name), table, "groups"):
                if group not in groups:
                    raise self._error(("users", name), "groups", f"names {group!r}, which is no group of this file")
                grants.append(groups[group])
            yield self._sum(name, grants)._replace(logins=tuple(logins))

    def groups(self) -> dict[str, Grant]:
        """What each group gives, by its name."""
        return {name: self._grant("groups", name, table) for name, table in self._tables("groups", _GROUP_FIELDS)}

    def _sum(self, name: str, grants: list[Grant]) -> Clearance:
        roles = {grant.role for grant in grants if grant.role is not None}
        queues = frozenset[str]().union(*(grant.queues for grant in grants))
        if not roles:
            raise self._error(
                ("users", name), "role", f"is missing, here and in every group: one of {', '.join(ROLES)}"
            )
        if bool(queues) != bool(roles & {*LOCAL_ROLES}):
            lacks = "a department" if not queues else f"one of the roles {', '.join(LOCAL_ROLES)}"
            raise self._error(("users", name), "departments", f"and role do not go together: the user has not {lacks}")
        if "program" in roles and len(roles) > 1:
            others = ", ".join(sorted(roles - {"program"}))
            raise self._error(("users", name), "role", f"program goes with no other, and {others} too is given")
        return _summed(name, grants)

    def _tables(self, kind: str, fields: tuple[str, ...]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        found = self._content.get(kind, {})
        if not isinstance(found, dict):
            raise self._error((), kind, "is no table")
        for name, table in found.items():
            place = (kind, name)
            if not _NAME.fullmatch(name) or name == "default":
                raise self._error(
                    place,
                    "",
                    "cannot be a name: small letters, digits, dots and hyphens, a letter first, not `default`",
                )
            if not isinstance(table, dict):
                raise self._error((kind,), name, "is no table")
            for field in table:
                if field not in fields:
                    raise self._error(place, field, f"is none of {', '.join(fields)}{_near(field, fields)}")
            yield name, table

    def _grant(self, kind: str, name: str, table: Mapping[str, Any]) -> Grant:
        place = (kind, name)
        role = table.get("role")
        if role is not None and role not in ROLES:
            raise self._error(place, "role", f"is {role!r}: write one of {', '.join(ROLES)}{_near(role, ROLES)}")
        queues: set[str] = set()
        for code in self._texts(place, table, "departments"):
            if code != ALL and code not in QUEUES:
                raise self._error(place, "departments", f"has {code!r}, which is no department, nor `{ALL}`")
            queues.update(QUEUES if code == ALL else (code,))
        for region in self._texts(place, table, "regions"):
            if region not in REGIONS:
                hint = _near(region, REGIONS)
                raise self._error(place, "regions", f"has {region!r}, which is no region{hint}")
            queues.update(REGIONS[region])
        return Grant(".".join(place), role, frozenset(queues), self._data(place, table))

    def _data(self, place: tuple[str, ...], table: Mapping[str, Any]) -> frozenset[Data] | None:
        if "data" not in table:
            return None
        texts = self._texts(place, table, "data")
        for text in texts:
            if text not in DATA:
                raise self._error(place, "data", f"has {text!r}: write some of {', '.join(DATA)}{_near(text, DATA)}")
        return frozenset(data for data in DATA if data in texts)

    def _texts(self, place: tuple[str, ...], table: Mapping[str, Any], field: str) -> list[str]:
        values = table.get(field, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self._error(place, field, 'must be a list of texts, as in ["21", "2A"]')
        return values

    def _error(self, place: tuple[str, ...], field: str, what: str) -> UnusableInput:
        name = ".".join((*place, field) if field else place)
        return UnusableInput(f"{self._path}, line {self._line(place, field)}: {name} {what}")

    def _line(self, place: tuple[str, ...], field: str) -> int:
        """Where a field stands, or its table, or the file begins: tomllib tells no lines of what it has read."""
        header = re.compile(r"\s*\[\s*" + r"\s*\.\s*".join(f'"?{re.escape(part)}"?' for part in place) + r"\s*\]")
        at = 0
        if place:
            at = next((n for n, line in enumerate(self._lines) if header.match(line)), 0)
        wanted = re.compile(rf'\s*(\[\s*)?"?{re.escape(field)}"?\s*[=.\]]') if field else header
        for number, line in enumerate(self._lines[at:], at):
            if wanted.match(line):
                return number + 1
            if number > at and line.lstrip().startswith("[") and place:
                break
        return at + 1


def _summed(name: str, grants: Iterable[Grant]) -> Clearance:
    """The sum of what some tables give."""
    given = tuple(grant for grant in grants if grant.role or grant.queues or grant.data is not None)
    roles, queues = {grant.role for grant in given}, frozenset[str]().union(*(grant.queues for grant in given))
    said = [grant.data for grant in given if grant.data is not None]
    data = frozenset[Data]().union(*said) if said else ALL_DATA
    return Clearance(name, tuple(r for r in ROLES if r in roles), tuple(q for q in QUEUES if q in queues), given, data)


def _login(text: str) -> str:
    """An e-mail address in small letters; a subject as it is."""
    return text.casefold() if "@" in text else text


def _near(word: Any, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(str(word), list(known), n=1)
    return f". Did you mean {near[0]}?" if near else ""
