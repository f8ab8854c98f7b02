"""What a query shows, holds back and puts first."""

from collections import Counter
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.cases import STATES, Case, Ended
from alerts.holds import HOLDS, holds
from alerts.listing import Query, everything, listing
from alerts.sectors import SECTIONS, section
from tests.alerts.making import NOW, a_case, live


def case(firm: int, /, **fields: Any) -> Case:
    return msgspec.structs.replace(a_case(live(siren=f"{firm:09d}")), **fields)


def shown(cases: list[Case], **asked: Any) -> list[int]:
    return [int(found.siren) for found in listing(cases, Query(**asked), NOW).cases]


CASES = [
    case(0, activity="25.62B", headcount=30.0, debt_euros=5000.0, name="ÉTABLISSEMENTS DUMONT"),
    case(1, activity="4120A", headcount=None, debt_euros=None, name=None, tier="moderate"),
    case(2, activity=None, headcount=300.0, as_of=(NOW - timedelta(days=40)).date(), kind="jump"),
    case(3, state="taken", holder="a.martin", headcount=80.0),
]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, {0, 1, 2, 3}),
        ({"tiers": ("moderate",)}, {1}),
        ({"kinds": ("jump",)}, {2}),
        ({"sectors": ("C",)}, {0, 3}),
        ({"sectors": ("41.20", "256")}, {0, 1, 3}),
        ({"least_headcount": 50}, {2, 3}),
        ({"most_headcount": 50}, {0, 1}),
        ({"least_debt_euros": 1}, {0, 2, 3}),
        ({"since": (NOW - timedelta(days=30)).date()}, {0, 1, 3}),
        ({"siren": "000000002"}, {2}),
        ({"name": "dumont"}, {0, 2, 3}),
        ({"name": "établi"}, {0}),
        ({"holder": "a.martin"}, {3}),
        ({"states": ("taken",)}, {3}),
        ({"escalated": True}, set()),
    ],
)
def test_each_filter(asked: dict[str, Any], expected: set[int]) -> None:
    assert set(shown(CASES, **asked)) == expected


def test_the_standard_filters_hold_back_what_nobody_has_taken() -> None:
    just = Ended(1, "ok", "a.martin", NOW - timedelta(days=30))
    long_ago = Ended(1, "ok", "a.martin", NOW - timedelta(days=400))
    cases = [
        case(0),
        case(1, proceeding=True),
        case(2, schedule_running=True),
        case(3, number=2, previous=just),
        case(4, number=2, previous=long_ago),
        case(5, schedule_running=True, state="followed", holder="a.martin"),
    ]
    found = listing(cases, Query(), NOW)
    assert {int(c.siren) for c in found.cases} == {0, 5}
    assert found.held == Counter(proceeding=1, schedule=1, known=2)
    assert set(shown(cases, let_through=("known",))) == {0, 4, 5}
    assert set(shown(cases, let_through=HOLDS)) == set(range(6))
    assert holds(cases[3]) == ("known", "recent")


def test_what_waits_too_long_comes_first_then_what_is_free_and_moderate() -> None:
    cases = [
        case(0, state="taken", holder="x", probability=0.9),
        case(1, probability=0.5),
        case(2, probability=0.6),
        case(3, tier="moderate", probability=0.2),
        case(4, probability=0.3, escalated_at=NOW),
    ]
    assert shown(cases) == [4, 3, 2, 1, 0]
    assert shown(cases, order="probability")[0] == 0


def test_a_snooze_that_is_over_is_in_the_list_again() -> None:
    snoozed = case(0, state="snoozed", until=NOW.date())
    assert shown([snoozed]) == [0]
    assert shown([snoozed], states=("snoozed",)) == []


@settings(max_examples=50)
@given(
    cases=st.lists(
        st.builds(
            case,
            st.integers(0, 99),
            state=st.sampled_from(STATES),
            schedule_running=st.booleans(),
            number=st.integers(1, 2),
        )
    ),
    states=st.lists(st.sampled_from(STATES), unique=True),
)
def test_what_is_shown_and_what_is_held_back_is_all_that_was_asked_for(cases: list[Case], states: list[Any]) -> None:
    query = Query(states=tuple(states))
    found = listing(cases, query, NOW)
    assert len(found.cases) + found.held.total() == sum(query.accepts(c) for c in cases)
    assert len(listing(cases, everything(query), NOW).cases) == len(cases)


def test_every_division_has_its_section() -> None:
    assert [letter for letter, *_ in SECTIONS] == [chr(ord("A") + n) for n in range(21)]
    assert section("96.09Z") == "S"
    assert section("00") is None
