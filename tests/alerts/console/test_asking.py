from urllib.parse import parse_qsl, urlsplit

import pytest

from alerts.cases import STATES
from alerts.console.asking import asked
from alerts.console.people import OutOfScope
from alerts.holds import HOLDS
from alerts.listing import SHOWN, Query
from detectors.errors import UnusableInput
from tests.alerts.console.site import PEOPLE

DURAND = PEOPLE["b.durand"]


def test_nothing_asked_is_an_agents_queue_within_the_scope() -> None:
    assert asked([], DURAND).query == Query(departments=("21", "71"))
    assert asked([("tier", ""), ("q", "  ")], DURAND).query == Query(departments=("21", "71"))


def test_a_search_goes_through_every_state_unless_one_is_given() -> None:
    found = asked([("q", "123 456 789")], DURAND).query
    assert (found.siren, found.name, found.states, found.let_through) == ("123456789", None, (), HOLDS)
    assert asked([("q", "dumont")], DURAND).query.name == "dumont"
    assert asked([("q", "dumont"), ("state", "closed")], DURAND).query.states == ("closed",)
    assert set(SHOWN) < set(STATES)


def test_filters() -> None:
    pairs = [("tier", "strong"), ("sector", "C"), ("let", "known"), ("order", "name"), ("mine", "yes"), ("page", "2")]
    found = asked([*pairs, ("department", "71"), ("else", "x")], DURAND)
    assert found.page == 2
    assert found.query == Query(
        departments=("71",),
        tiers=("strong",),
        sectors=("C",),
        holder="b.durand",
        let_through=("known",),
        order="name",
    )


def test_addresses_keep_what_was_asked() -> None:
    pairs = [("q", "A & B"), ("state", "new"), ("state", "taken"), ("page", "2")]
    found = asked(pairs, DURAND)
    assert parse_qsl(urlsplit(found.address()).query) == pairs
    assert parse_qsl(urlsplit(found.address(page="3")).query) == [*pairs[:3], ("page", "3")]
    assert asked([], DURAND).address() == "/"


@pytest.mark.parametrize("pair", [("tier", "x"), ("order", "x"), ("page", "0"), ("page", "²"), ("sector", "25")])
def test_what_is_not_known_is_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(UnusableInput):
        asked([pair], DURAND)


def test_another_department_is_out_of_scope() -> None:
    with pytest.raises(OutOfScope):
        asked([("department", "21"), ("department", "75")], DURAND)
