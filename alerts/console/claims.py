"""From what a provider says of somebody to a person: by the clearance file, or by claims alone. Pure.

The clearance file comes first: a user whose `logins` name the subject, or an e-mail address that the provider has
verified. Where nobody's do and claims for roles and places are named, these give the rights; what is no role,
department, region or data of Vigie's in them gives nothing, and nobody has a name of the file's by claims.
"""

from collections.abc import Container, Iterable, Mapping
from typing import Any, NamedTuple

from alerts.cases import SYSTEM
from alerts.clearance import LOCAL_ROLES
from alerts.masking import ALL_DATA, DATA
from alerts.routing import QUEUES
from alerts.scope import Person
from detectors.regions import REGIONS


class Names(NamedTuple):
    """The claims to read, each a name or a path (`realm_access.roles`); None: not from claims."""

    name: str = "preferred_username"
    roles: str | None = None
    departments: str | None = None
    regions: str | None = None
    data: str | None = None


class Known(NamedTuple):
    """Somebody who may log in; `by_claims` where no clearance file says so."""

    person: Person
    by_claims: bool


def known(
    claims: Mapping[str, Any], by_login: Mapping[str, Person], taken: Container[str], names: Names
) -> Known | None:
    """Who it is, None for nobody of ours. `taken` are the names of the clearance file."""
    for login in _logins(claims):
        if login in by_login:
            return Known(by_login[login], by_claims=False)
    roles = {role for role in LOCAL_ROLES if role in _texts(claims, names.roles)}
    queues = {queue for queue in _texts(claims, names.departments) if queue in QUEUES}
    queues.update(queue for region in _texts(claims, names.regions) for queue in REGIONS.get(region, ()))
    name = _name(claims, names)
    if not (roles and queues) or name == SYSTEM or name in taken:
        return None
    said = ALL_DATA if names.data is None else frozenset(d for d in DATA if d in _texts(claims, names.data))
    supervises = "supervisor" in roles
    ordered = tuple(queue for queue in QUEUES if queue in queues)
    return Known(Person(name, ordered, supervises or "agent" in roles, said, supervises), by_claims=True)


def _logins(claims: Mapping[str, Any]) -> Iterable[str]:
    yield str(claims["sub"])
    email = claims.get("email")
    # An address that nobody has verified is what somebody has typed.
    if isinstance(email, str) and claims.get("email_verified") is True:
        yield email.casefold()


def _name(claims: Mapping[str, Any], names: Names) -> str:
    found = _found(claims, names.name)
    name = found if isinstance(found, str) else ""
    return name if name.isprintable() and 0 < len(name) <= 100 else str(claims["sub"])[:100]


def _texts(claims: Mapping[str, Any], path: str | None) -> list[str]:
    """The texts of a claim: a list, or one with spaces or commas between."""
    found = _found(claims, path) if path else None
    if isinstance(found, str):
        return [found, *found.replace(",", " ").split()]
    return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []


def _found(claims: Mapping[str, Any], path: str) -> Any:
    found: Any = claims
    for part in [path] if path in claims else path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
