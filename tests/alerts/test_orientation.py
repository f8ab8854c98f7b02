"""Which measures are proposed to whom."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Theme
from alerts.catalogue import shipped
from alerts.language import LANGUAGES
from alerts.orientation import Situation, fits, proposals, situation
from alerts.orientation_wording import lines, tally
from tests.alerts.making import a_case, evidence, live

ALL = ["debt", "contributions", "partial-unemployment", "headcount", "schedules", "profile", "model"]


def proposed(**changes: Any) -> list[str]:
    alert = live(**changes)
    return [found.code for found in proposals(shipped(), situation(a_case(alert), alert))]


def a_firm(headcount: float | None = 38.0, employee: float = 0.0, employer: float = 45_200.0, **values: float) -> Any:
    return evidence(debt_employee_euros=employee, debt_employer_euros=employer, headcount=headcount, **values)


@pytest.mark.parametrize(
    ("changes", "offered", "not_offered"),
    [
        ({}, {"delai-urssaf", "ccsf", "codefi", "mandat-ad-hoc", "conciliation"}, {"ciri", "crp", "ccsf-remises"}),
        ({"tier": "moderate"}, {"delai-urssaf", "mandat-ad-hoc"}, {"conciliation"}),
        ({"evidence": a_firm(schedule_running=1.0)}, {"ccsf"}, {"delai-urssaf"}),
        ({"evidence": a_firm(in_proceeding=1.0)}, {"ccsf-remises"}, {"ccsf", "mandat-ad-hoc", "codefi"}),
        ({"evidence": a_firm(60.0)}, {"crp", "codefi"}, {"ciri", "fdes"}),
        ({"evidence": a_firm(900.0)}, {"ciri", "fdes"}, {"crp", "codefi"}),
        ({"evidence": a_firm(None)}, {"codefi", "ccsf"}, {"crp", "ciri", "fdes"}),
        ({"themes": [Theme("headcount", 0.9)], "evidence": a_firm(employer=0.0)}, {"activite-partielle"}, {"ccsf"}),
        ({"themes": [Theme("headcount", 0.9)]}, {"activite-partielle", "ccsf"}, set()),
        ({"themes": [Theme("debt", 0.9)]}, {"ccsf"}, {"activite-partielle"}),
        ({"kind": "lowered", "tier": "none"}, set(), {"ccsf", "codefi", "mandat-ad-hoc"}),
    ],
)
def test_what_fits_a_firm(changes: dict[str, Any], offered: set[str], not_offered: set[str]) -> None:
    found = {*proposed(**({"evidence": a_firm()} | changes))}
    assert offered <= found
    assert not found & not_offered


def test_the_employee_share_comes_first_where_it_is_unpaid() -> None:
    alert = live(evidence=a_firm(employee=8100.0))
    case = a_case(alert)
    found = {item.code: item.pay_first for item in proposals(shipped(), situation(case, alert))}
    assert (found["ccsf"], found["delai-urssaf"], found["codefi"]) == (8100.0, 8100.0, None)
    text = "\n".join(lines(proposals(shipped(), situation(case, alert)), case, "fr"))
    assert "D'abord\u00a0: verser la part salariale impayée (8\u202f100\u00a0€)." in text
    assert "https://entreprendre.service-public.gouv.fr/vosdroits/F38326" in text


def test_a_trimmed_alert_leaves_what_the_case_knows() -> None:
    found = [item.code for item in proposals(shipped(), situation(a_case(live(evidence=a_firm())), None))]
    assert {"ccsf", "codefi"} <= {*found}
    assert "activite-partielle" not in found


SITUATIONS = st.builds(
    Situation,
    st.frozensets(st.sampled_from(ALL)),
    st.sampled_from(("none", "moderate", "strong")),
    st.none() | st.floats(0, 5000),
    st.none() | st.floats(0, 1e6),
    st.none() | st.floats(0, 1e6),
    st.booleans(),
    st.booleans(),
    st.sampled_from((None, "25.62B", "47.11F")),
)


@given(SITUATIONS)
def test_every_firm_at_risk_has_something_to_be_offered_and_each_offer_holds(firm: Situation) -> None:
    found = proposals(shipped(), firm)
    assert [item.code for item in found] == [code for code in shipped() if fits(shipped()[code], firm)]
    assert found or firm.tier == "none"
    for item in found:
        assert item.measure.proceeding == firm.proceeding
        assert item.pay_first is None or item.measure.employee_share_paid


@given(SITUATIONS, st.sampled_from(ALL))
def test_more_reasons_never_take_an_offer_away(firm: Situation, theme: str) -> None:
    before = {item.code for item in proposals(shipped(), firm)}
    more = firm._replace(themes=firm.themes | {theme})
    assert before <= {item.code for item in proposals(shipped(), more)}


def test_counts_are_by_measure_and_outcome_and_nothing_is_lost() -> None:
    counts = {"measure:ccsf:proposed": 3, "measure:ccsf:accorde": 1, "measure:old:proposed": 2, "vote:a:b:c": 9}
    for language in LANGUAGES:
        rows = {code: numbers for code, _, numbers in tally(shipped(), counts, language)}
        assert rows["ccsf"] == {"proposed": 3, "accorde": 1}
        assert (rows["old"], rows["codefi"]) == ({"proposed": 2}, {})
