"""Scope: the whole table, every person by every firm by every act."""

from itertools import combinations, product
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from alerts import clearance
from alerts.actions import Actor, Take, apply
from alerts.cases import Case
from alerts.listing import ORDERS, Query
from alerts.masking import ALL_DATA, DATA
from alerts.scope import Act, OutOfScope, Person, What, Why, decide, people, queried, require, what_of, within
from tests.alerts.making import NOW, a_case

CLEARANCES = """
[groups.region]
role = "agent"
regions = ["Bourgogne-Franche-Comté"]
[groups.ddfip]
data = ["urssaf"]
[users.agent]
groups = ["region"]
[users.robot]
role = "program"
departments = ["21"]

[users.reader]
role = "reader"
departments = ["21"]
data = ["score"]
groups = ["ddfip"]
[users.chief]
role = "supervisor"
groups = ["region"]
[users.blind]
role = "reader"
departments = ["71"]
data = []
[users.worker]
role = "dispatcher"
"""

# In the person's zone, is or was in alert, followed, opened: whether it may be seen, changed, exported, and whether the
# glass may be broken, by who acts; `.` is yes, otherwise the reason.
TABLE = """
zone alert followed opened | see      change   export   break-glass
yes  yes   no       no     | .        .        .        needless
yes  yes   yes      no     | .        .        .        needless
yes  yes   no       yes    | .        .        .        needless
yes  yes   yes      yes    | .        .        .        needless
yes  no    no       no     | no-alert no-alert no-alert .
yes  no    yes      no     | .        .        .        needless
yes  no    no       yes    | .        no-alert no-alert .
yes  no    yes      yes    | .        .        .        needless
no   yes   no       no     | zone     zone     zone     .
no   yes   yes      no     | .        .        .        needless
no   yes   no       yes    | .        zone     zone     .
no   yes   yes      yes    | .        .        .        needless
no   no    no       no     | zone     zone     zone     .
no   no    yes      no     | .        .        .        needless
no   no    no       yes    | .        zone     zone     .
no   no    yes      yes    | .        .        .        needless
"""
ROWS = [line.replace("|", " ").split() for line in TABLE.strip().splitlines()]
SUBSETS = [frozenset(some) for size in range(len(DATA) + 1) for some in combinations(DATA, size)]


def test_the_table_has_every_firm_there_can_be() -> None:
    assert {tuple(row[:4]) for row in ROWS[1:]} == set(product(("yes", "no"), repeat=4))
    assert len(ROWS) == 17
    assert tuple(ROWS[0][4:]) == get_args(Act)


@pytest.mark.parametrize("row", ROWS[1:], ids="-".join)
def test_every_person_every_act(row: list[str]) -> None:
    zone, *rest = (word == "yes" for word in row[:4])
    what = What("21", *rest)
    acts: tuple[Act, ...] = get_args(Act)
    for act, said in zip(acts, row[4:], strict=True):
        for works, supervises, data in product((True, False), (True, False), SUBSETS):
            person = Person("p", ("21",) if zone else ("71", "unknown"), works, data, supervises)
            verdict = decide(person, what, act)
            expected = said if works or act in ("see", "export") else "role" if said == "." else said
            assert (verdict.why or ".") == expected, (person, act)
            assert verdict.allowed == (expected == ".")
            assert verdict.masked == (ALL_DATA - data if verdict.allowed else frozenset())
            if verdict.allowed:
                assert require(person, what, act) == ALL_DATA - data
            else:
                with pytest.raises(OutOfScope) as caught:
                    require(person, what, act)
                assert caught.value.why == expected
                assert caught.value.why in get_args(Why)


def test_a_case_is_followed_by_who_holds_it() -> None:
    martin, durand = Person("a.martin", ("71",), True), Person("b.durand", ("71",), True)
    case = a_case()
    assert what_of(case, martin) == What("21", in_alert=True)
    taken = apply(case, Take(), Actor("a.martin"), NOW)
    assert isinstance(taken, Case)
    assert what_of(taken, martin, opened=True) == What("21", True, True, True)
    assert not what_of(taken, durand).followed
    assert not what_of(msgspec.structs.replace(case, number=0), martin).in_alert


def test_people_of_a_clearance_file(tmp_path: Path) -> None:
    path = tmp_path / "clearances.toml"
    path.write_text(CLEARANCES)
    found = people(clearance.read(path))
    assert set(found) == {"agent", "reader", "chief", "blind"}, "who sees no department cannot log in, nor a program"
    rights = {name: (p.acts, p.supervises, sorted(p.data)) for name, p in found.items()}
    assert rights == {
        "agent": (True, False, sorted(DATA)),
        "reader": (False, False, ["score", "urssaf"]),
        "chief": (True, True, sorted(DATA)),
        "blind": (False, False, []),
    }


def test_lists_are_of_ones_own_departments() -> None:
    agent, reader = Person("agent", ("21", "71"), True), Person("reader", ("21",), False)
    for person, departments, to_act, allowed in (
        (agent, (), False, True),
        (agent, (), True, True),
        (agent, ("71", "21", "71"), True, True),
        (agent, ("21", "35"), False, False),
        (reader, ("21",), False, True),
        (reader, (), True, False),
        (reader, ("21",), True, False),
        (reader, ("71",), False, False),
        (reader, ("unknown",), False, False),
        (reader, ("",), False, False),
    ):
        if allowed:
            assert within(person, departments, to_act=to_act) == (tuple(dict.fromkeys(departments)) or person.queues)
        else:
            with pytest.raises(OutOfScope):
                within(person, departments, to_act=to_act)


def test_no_filter_or_order_tells_what_is_masked() -> None:
    blind = Person("p", ("21",), True, frozenset())
    telling: list[dict[str, Any]] = [
        {"tiers": ("strong",)},
        {"kinds": ("jump",)},
        {"escalated": True},
        {"order": "probability"},
        {"least_debt_euros": 1.0},
        {"departments": ("71",)},
    ]
    for fields in telling:
        with pytest.raises(OutOfScope):
            queried(Query(**{"departments": ("21",), **fields}), blind)
        if "departments" not in fields:
            query = Query(**{"departments": ("21",), **fields})
            assert queried(query, blind._replace(data=ALL_DATA)) == query
    asked = queried(Query(departments=("21",)), blind)
    assert (asked.order, asked.let_through) == ("newest", ("schedule",))
    assert {queried(Query(departments=("21",), order=o), blind).order for o in ORDERS if o != "probability"} == {
        "newest",
        "oldest",
        "name",
    }
