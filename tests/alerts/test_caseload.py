"""How open cases stand, beside what lists show of them."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.caseload import caseload
from alerts.cases import STATES, Case
from alerts.listing import Query, everything, listing
from tests.alerts.making import NOW
from tests.alerts.test_listing import case

some_cases = st.lists(
    st.builds(
        lambda firm, **fields: case(firm, **fields),
        st.integers(0, 5),
        department=st.sampled_from(["21", "2A"]),
        state=st.sampled_from(STATES),
        since=st.integers(0, 90).map(lambda days: NOW - timedelta(days=days)),
        holder=st.sampled_from([None, "a.martin", "b.durand"]),
        until=st.sampled_from([None, NOW.date(), NOW.date() + timedelta(days=1)]),
        tier=st.sampled_from(["strong", "none"]),
        number=st.integers(1, 2),
        live=st.booleans(),
    ),
    max_size=8,
)


@settings(max_examples=60)
@given(some_cases)
def test_it_counts_what_lists_show(cases: list[Case]) -> None:
    found = caseload(cases, NOW)
    seen = [one for one in listing(cases, everything(Query()), NOW).cases if one.is_open]
    assert +found.cases == {state: n for state in STATES if (n := sum(one.state == state for one in seen))}
    assert found.holders == {one.holder for one in seen} - {None}
    told: dict[Any, list[Case]] = {}
    for one in listing([one for one in cases if one.live], Query(states=()), NOW).cases:
        told.setdefault(one.state, []).append(one)
    told.pop("closed", None)
    assert found.oldest == {state: min(one.since for one in some) for state, some in told.items()}
    new = [one.department for one in told.get("new", ())]
    assert found.untaken == {department: new.count(department) for department in {*new}}
