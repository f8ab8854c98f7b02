"""Whom the provider's claims make: by the clearance file first, by claims where these are named."""

from typing import Any

import pytest

from alerts.console.claims import Known, Names, known
from alerts.masking import ALL_DATA
from alerts.scope import Person
from detectors.regions import REGIONS

MARTIN = Person("a.martin", ("21",), True)
FILE = {"s-1": MARTIN, "martin@ddets.example": MARTIN}
NAMES = Names("preferred_username", "realm_access.roles", "departments", "regions", "data")
CLAIMS: dict[str, Any] = {
    "sub": "s-9",
    "preferred_username": "c.petit",
    "realm_access": {"roles": ["agent", "offline_access"]},
    "departments": ["21", "2A", "99"],
}


@pytest.mark.parametrize(
    ("claims", "known_"),
    [
        ({"sub": "s-1"}, True),
        ({"sub": "s-2", "email": "Martin@ddets.example", "email_verified": True}, True),
        ({"sub": "s-2", "email": "martin@ddets.example", "email_verified": False}, False),
        ({"sub": "s-2", "email": "martin@ddets.example"}, False),
        ({"sub": "s-2", "email": "martin@ddets.example", "email_verified": "true"}, False),
        ({"sub": "S-1"}, False),
        ({"sub": "s-2", "preferred_username": "a.martin"}, False),
    ],
)
def test_the_file_knows_subjects_and_verified_addresses(claims: dict[str, Any], known_: bool) -> None:
    for names in (Names(), NAMES):
        assert known(claims, FILE, ("a.martin",), names) == (Known(MARTIN, by_claims=False) if known_ else None)


def test_claims_give_rights_where_they_are_named() -> None:
    assert known(CLAIMS, {}, (), Names()) is None
    found = known(CLAIMS, FILE, ("a.martin",), NAMES)
    assert found == Known(Person("c.petit", ("2A", "21"), True, frozenset()), by_claims=True)
    told = known({**CLAIMS, "data": "score urssaf"}, {}, (), NAMES)
    assert told is not None
    assert told.person.data == {"score", "urssaf"}
    everything = known({**CLAIMS, "departments": "21"}, {}, (), NAMES._replace(data=None))
    assert everything is not None
    assert (everything.person.queues, everything.person.data) == (("21",), ALL_DATA)
    chief = known({**CLAIMS, "realm_access": {"roles": "supervisor,reader"}}, {}, (), NAMES)
    assert chief is not None
    assert (chief.person.acts, chief.person.supervises) == (True, True)
    region = known({**CLAIMS, "departments": None, "regions": ["Bretagne", "Atlantide"]}, {}, (), NAMES)
    assert region is not None
    assert set(region.person.queues) == set(REGIONS["Bretagne"])


@pytest.mark.parametrize(
    "changes",
    [
        {"realm_access": {"roles": ["admin", "operator", "console", "auditor"]}},
        {"realm_access": "agent"},
        {"realm_access": None},
        {"departments": []},
        {"departments": ["all"]},
        {"departments": {"21": True}},
        {"preferred_username": "vigie"},
        {"preferred_username": "a.martin"},
    ],
)
def test_what_is_not_understood_gives_nothing_and_nobody_else_s_name(changes: dict[str, Any]) -> None:
    assert known({**CLAIMS, **changes}, FILE, ("a.martin",), NAMES) is None


def test_a_name_that_is_none_is_the_subject() -> None:
    for name in ("", "a\nb", "x" * 101, 7, None):
        found = known({**CLAIMS, "preferred_username": name}, {}, (), NAMES)
        assert found is not None
        assert found.person.name == "s-9"
