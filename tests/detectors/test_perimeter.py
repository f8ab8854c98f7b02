"""Who is scored: each rule of the perimeter at its edge."""

from collections.abc import Sequence

import pytest

from detectors.events import FirmEvent
from detectors.perimeter import PerimeterOptions, in_perimeter
from tests.detectors.applying import applied, view_of
from tests.detectors.making import JANUARY, contribution, debt, firm, headcount, on, proceeding


def scored(events: Sequence[FirmEvent], options: PerimeterOptions | None = None) -> bool:
    view = view_of(applied(events), JANUARY + 1, on(JANUARY + 1).toordinal())
    return bool(in_perimeter(view, options or PerimeterOptions())[0])


@pytest.mark.parametrize(("heads", "expected"), [(9.99, False), (10, True), (0, False), (350, True)])
def test_ten_employees_at_least(heads: float, expected: bool) -> None:
    assert scored([headcount(heads=heads)]) is expected
    assert scored([headcount(heads=heads, siret=None, account=None), debt()]) is expected


def test_an_employer_of_unknown_size_is_scored() -> None:
    assert scored([debt()])
    assert scored([contribution()])


def test_reference_data_alone_do_not_make_an_employer() -> None:
    assert not scored([firm(name="A", department="75", activity="62.01Z")])
    assert scored([firm(name="A", department="75", activity="62.01Z"), debt()])


@pytest.mark.parametrize(
    ("activity", "expected"),
    [("84.11Z", False), ("85.31Z", False), ("83.00Z", True), ("86.10Z", True), ("", True), ("?", True), ("8", True)],
)
def test_administration_and_teaching_are_left_out(activity: str, expected: bool) -> None:
    assert scored([headcount(), firm(activity=activity)]) is expected


def test_a_firm_in_a_proceeding_is_left_out() -> None:
    assert not scored([headcount(), proceeding()])
    assert not scored([headcount(), proceeding(action="sauvegarde", stage=None)])


@pytest.mark.parametrize("stage", ["fin_procedure", "inclusion_autre_procedure"])
def test_a_stage_that_opens_nothing_leaves_the_firm_in(stage: str) -> None:
    assert scored([headcount(), proceeding(stage=stage)])


@pytest.mark.parametrize("active", [True, False, None])
def test_the_state_at_extraction_plays_no_part(active: bool | None) -> None:
    assert scored([headcount(), firm(active=active)])


def test_the_rules_are_settings() -> None:
    assert scored([headcount(heads=3)], PerimeterOptions(headcount_floor=3.0))
    assert scored([headcount(), firm(activity="85.31Z")], PerimeterOptions(excluded_divisions=(84,)))
    assert not scored([headcount(), firm(activity="62.01Z")], PerimeterOptions(excluded_divisions=(62,)))
