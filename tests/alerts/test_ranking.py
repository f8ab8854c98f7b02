"""A number orders cases as the list does, and says which of its filters hold them back."""

from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.cases import STATES, Case, Ended, is_due_back
from alerts.holds import HOLDS, holds
from alerts.listing import SHOWN, Query, listing
from alerts.ranking import AWAY, HELD_BY_AGENTS, due_back, number, priority, priority_of, slots
from tests.alerts.making import NOW, a_case, live

FIELDS: dict[str, Any] = {
    "state": st.sampled_from(STATES),
    "number": st.integers(0, 2),
    "tier": st.sampled_from(["moderate", "strong", "none"]),
    "probability": st.floats(0, 1),
    "escalated_at": st.sampled_from([None, NOW]),
    "proceeding": st.booleans(),
    "schedule_running": st.booleans(),
    "previous": st.sampled_from([None, Ended(1, "ok", "-", NOW - timedelta(days=9))]),
    "until": st.sampled_from([None, *((NOW + timedelta(days=days)).date() for days in (-1, 0, 1))]),
    "since": st.sampled_from([NOW - timedelta(days=days) for days in range(3)]),
}


@st.composite
def cases(draw: st.DrawFn) -> list[Case]:
    made = a_case(live())
    found = []
    for firm in range(draw(st.integers(0, 12))):
        fields = {name: draw(values) for name, values in FIELDS.items()}
        if fields["state"] not in ("snoozed", "withdrawn"):
            fields["until"] = None
        if fields["state"] in ("taken", "followed", "snoozed"):
            fields["holder"] = "a.martin"
        found.append(msgspec.structs.replace(made, siren=f"{firm:09d}", **fields))
    return found


@settings(max_examples=150)
@given(cases(), st.sets(st.sampled_from(HOLDS)))
def test_numbers_give_the_list(found: list[Case], let_through: set[Any]) -> None:
    query = Query(let_through=tuple(let_through))
    listed = listing([case for case in found if case.number], query, NOW)
    numbered = [(case, kept) for case in found if (kept := number(case)) is not None]
    back = due_back(NOW.date())
    assert {case.siren for case, kept in numbered if back[0] <= kept < back[1]} == {
        case.siren for case in found if case.number and is_due_back(case, NOW.date())
    }
    chosen = slots(let_through)
    awake = [(case, kept) for case, kept in numbered if case.state in SHOWN]
    shown = [(case, kept) for case, kept in awake if any(low <= kept < high for low, high in chosen.shown)]
    ordered = [case.siren for case, kept in sorted(shown, key=lambda pair: (priority_of(pair[1]), pair[0].siren))]
    assert ordered == [case.siren for case in listed.cases if case in found]
    for hold, (low, high) in chosen.held:
        for case, kept in awake:
            if low <= kept < high:
                assert next(one for one in holds(case) if one not in let_through) == hold
    spans = sorted([*chosen.shown, *(span for _, span in chosen.held)])
    assert spans[0][0] == 0
    assert [low for low, _ in spans[1:]] == [high for _, high in spans[:-1]], "nothing between, nothing twice"
    mine = {case.siren for case, kept in awake if HELD_BY_AGENTS[0] <= kept < HELD_BY_AGENTS[1]}
    assert mine == {case.siren for case, _ in awake if case.holder}


@given(cases())
def test_a_double_holds_them(found: list[Case]) -> None:
    for case in found:
        kept = number(case)
        assert kept is None or (int(float(kept)) == kept and 0 <= kept < 2**53)
        assert 0 <= priority(case) < 2**48
    assert AWAY == 16


def test_what_is_held_back_is_counted_in_as_few_ranges_as_there_are_reasons() -> None:
    assert [hold for hold, _ in slots(()).held] == ["recent", "schedule", "proceeding", "known"]
    assert len(slots(()).shown) == 1
    assert slots(HOLDS).held == []
