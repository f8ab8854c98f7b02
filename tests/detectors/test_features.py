"""Features are finite whatever happened, described, and move the way they say."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.events import AnyEvent, FirmEvent
from detectors.features import FEATURES, THEMES, Feature, codes, matrix, names, themes_of
from detectors.months import first_day
from detectors.panel import CODES_KEPT
from detectors.scales import UNKNOWN_CODE
from detectors.view import View
from tests.detectors.applying import applied, view_of
from tests.detectors.making import (
    JANUARY,
    clock,
    commission,
    contribution,
    debt,
    firm,
    headcount,
    on,
    request,
    schedule,
    site,
    use,
)
from tests.detectors.running import Run
from tests.detectors.strategies import MONTHS, START, event_lists

HUGE = 1e12
TODAY = on(JANUARY + 1).toordinal()
YEAR = [contribution(month=JANUARY - k, due=20_000.0, paid=20_000.0) for k in range(12)]
BASE: list[FirmEvent] = [headcount(), *YEAR]


def old(months: int) -> dict[str, Any]:
    """The period of a debt that ended so many months before January."""
    return {"period_start": first_day(JANUARY - months), "period_end": first_day(JANUARY - months + 1)}


def value(name: str, events: Sequence[FirmEvent]) -> float:
    """A feature of one firm of forty on a day of February."""
    view = view_of(applied(events), JANUARY + 1, TODAY)
    return float(matrix(view)[0, names().index(name)])


def test_names_are_unique_and_there_are_as_many_as_were_agreed() -> None:
    assert len(names()) == len(set(names())) == len(FEATURES) == 53


@pytest.mark.parametrize("feature", FEATURES, ids=names())
def test_each_has_a_theme_a_unit_and_a_description(feature: Feature) -> None:
    name, theme, unit, _, compute = feature
    assert theme in THEMES
    assert unit
    assert compute.__doc__
    assert compute.__doc__.endswith(".")
    assert compute.__name__ == name


def test_each_belongs_to_one_theme_and_each_theme_has_some() -> None:
    assert [THEMES[i] for i in themes_of()] == [feature.theme for feature in FEATURES]
    assert set(themes_of().tolist()) == set(range(len(THEMES)))


MAY_BE_UNKNOWN = {
    "employee_part", "disputed_part", "debt_to_peak", "debt_age", "mean_debt_age", "months_since_debt", "unpaid_ratio",
    "unpaid_ratio_3m", "unpaid_change", "contribution_trend", "contribution_per_employee", "contribution_silence",
    "headcount_change_1m", "headcount_change_3m", "headcount_change_6m", "headcount_change_12m", "headcount_to_peak",
    "months_since_schedule", "months_since_commission", "headcount", "division",
}  # fmt: skip


def assert_sane(features: NDArray[np.float64]) -> None:
    """Every number is finite; unknown is only what can be."""
    assert not np.isinf(features).any()
    for name, column in zip(names(), features.T, strict=True):
        assert name in MAY_BE_UNKNOWN or np.isfinite(column).all(), name


@settings(max_examples=50, deadline=None)
@given(event_lists, st.integers(-3, 40), st.integers(1, 28))
def test_they_are_finite_or_unknown_whatever_happened(events: list[FirmEvent], ahead: int, day: int) -> None:
    panel, month = applied(events), START + MONTHS + ahead
    rows = np.arange(len(panel))
    days = np.full(len(rows), on(month, day).toordinal(), np.int32)
    view = View(panel, rows, month, days)
    features = matrix(view)
    assert features.shape == (len(panel), len(names()))
    assert_sane(features)
    for feature, column in zip(FEATURES, features.T, strict=True):
        if feature.unit == "0 or 1":
            assert np.isin(column, (0.0, 1.0)).all(), feature.name
        if feature.unit == "share":
            assert ((column >= 0) & (column <= 1) | np.isnan(column)).all(), feature.name


@pytest.mark.parametrize(
    "events",
    [
        [firm(name="A")],
        [headcount(heads=0)],
        [headcount(heads=1e9), debt(employee_share=HUGE, employer_share=HUGE)],
        [debt(employee_share=-HUGE, employer_share=HUGE)],
        [contribution(due=-HUGE, paid=HUGE)],
        [contribution(due=0.01, paid=-HUGE), debt(employee_share=HUGE)],
        [request(hours=1e9), use(hours=1e9)],
        [schedule(amount=-HUGE), schedule(case_number="2", amount=HUGE)],
        [commission(known_at=on(JANUARY + 600))],
    ],
    ids=lambda events: "+".join(type(e).__name__ for e in events),
)
def test_extreme_firms_have_finite_features(events: list[FirmEvent]) -> None:
    assert_sane(matrix(view_of(applied(events), JANUARY + 1, TODAY)))


def test_nobody_has_no_features() -> None:
    view = View(applied([headcount()]), np.zeros(0, np.intp), JANUARY, np.zeros(0, np.int32))
    assert matrix(view).shape == codes(view).shape == (0, len(names()))


@settings(max_examples=25, deadline=None)
@given(event_lists)
def test_a_firm_is_described_the_same_to_the_last_bit_in_any_company(events: list[FirmEvent]) -> None:
    others = [debt(f"{n:09d}", employee_share=n * 7.77) for n in range(100, 137)]
    panel = applied([*events, *others])
    rows = np.arange(len(panel))
    days = np.full(len(rows), TODAY, np.int32)
    for described in (matrix, codes):
        together = described(View(panel, rows, JANUARY + 1, days))
        for row in rows[:3]:
            alone = described(View(panel, rows[[row]], JANUARY + 1, days[[row]]))
            assert alone.tobytes() == together[[row]].tobytes()


@settings(max_examples=25, deadline=None)
@given(event_lists)
def test_codes_are_the_numbers_on_their_scales(events: list[FirmEvent]) -> None:
    panel = applied(events)
    rows = np.arange(len(panel))
    view = View(panel, rows, JANUARY + 1, np.full(len(rows), TODAY, np.int32))
    coded = codes(view)
    assert coded.dtype == np.uint8
    for feature, column, encoded in zip(FEATURES, matrix(view).T, coded.T, strict=True):
        assert encoded.tolist() == feature.scale.encode(column).tolist(), feature.name
        assert np.array_equal(encoded == UNKNOWN_CODE, np.isnan(column)), feature.name


def test_a_firm_has_room_for_its_codes() -> None:
    assert len(names()) <= CODES_KEPT


def test_features_of_which_nothing_is_known_are_unknown() -> None:
    view = view_of(applied([firm(name="A")]), JANUARY + 1, TODAY)
    unknown = {name for name, x in zip(names(), matrix(view)[0], strict=True) if np.isnan(x)}
    assert unknown == MAY_BE_UNKNOWN


@pytest.mark.parametrize(
    ("name", "grows"),
    [
        ("debt_to_contribution", lambda x: [debt(employer_share=1000.0 * x)]),
        ("employee_debt_to_contribution", lambda x: [debt(employee_share=1000.0 * x)]),
        ("debt_per_employee", lambda x: [debt(employer_share=1000.0 * x)]),
        ("employee_part", lambda x: [debt(employee_share=1000.0 * x)]),
        ("disputed_part", lambda x: [debt(sequence="1", disputed=True, employee_share=1000.0 * x), debt()]),
        ("debt_age", lambda x: [debt(**old(3 * x))]),
        ("mean_debt_age", lambda x: [debt(), debt(**old(3 * x))]),
        ("months_since_debt", lambda x: [debt(**old(3 * x))]),
        ("open_debts", lambda x: [debt(sequence=str(k)) for k in range(x)]),
        ("debts_a_year", lambda x: [debt(sequence=str(k), employee_share=0.0, employer_share=0.0) for k in range(x)]),
        ("unpaid_ratio", lambda x: [contribution(account="B", due=9e5, paid=9e5 - 1e5 * x)]),
        ("contribution_trend", lambda x: [contribution(account="B", due=5000.0 * x)]),
        ("hours_used_12m", lambda x: [use(month=JANUARY - 7, hours=100.0 * x)]),
        ("hours_used_3m", lambda x: [use(hours=100.0 * x)]),
        ("unpaid_ratio_3m", lambda x: [contribution(account="B", due=9e5, paid=9e5 - 1e5 * x)]),
        ("unpaid_change", lambda x: [contribution(account="B", due=9e5, paid=9e5 - 1e5 * x)]),
        ("contribution_per_employee", lambda x: [contribution(account="B", due=5000.0 * x)]),
        ("hours_authorised_12m", lambda x: [request(hours=100.0 * x)]),
        ("hours_authorised_3m", lambda x: [request(hours=100.0 * x)]),
        ("months_with_hours", lambda x: [use(month=JANUARY - k) for k in range(x)]),
        ("request_running", lambda x: [request(end=on(JANUARY + x - 2))]),
        ("headcount", lambda x: [headcount(siret=site("732829320", 2), heads=10 * x)]),
        ("schedule_running", lambda x: [schedule(due_on=on(JANUARY + x - 2))]),
        ("schedule_amount", lambda x: [schedule(amount=1000.0 * x)]),
        ("months_since_schedule", lambda x: [schedule(due_on=on(JANUARY - 4 * x))]),
        ("months_since_commission", lambda x: [commission(known_at=on(JANUARY - 4 * x))]),
        ("division", lambda x: [firm(activity=f"{10 + x}.01Z")]),
    ],
)
def test_more_of_it_is_more(name: str, grows: object) -> None:
    """Strictly where the feature is a number, and from 0 to 1 where it is a sign."""
    values = [value(name, [*BASE, *grows(x)]) for x in range(1, 5)]  # type: ignore[operator]  # a lambda of the table
    assert values == sorted(values)
    assert values[0] < values[-1]
    if {*values} - {0.0, 1.0}:
        assert len(set(values)) == 4


@pytest.mark.parametrize(("name", "fewer"), [("debt_per_employee", 10), ("hours_used_12m", 10)])
def test_what_is_counted_per_employee_weighs_more_in_a_small_firm(name: str, fewer: int) -> None:
    told: list[FirmEvent] = [*YEAR, debt(), use()]
    assert value(name, [headcount(heads=fewer), *told]) > value(name, [headcount(heads=40), *told])


def test_a_contribution_makes_itself_known() -> None:
    assert value("contribution_silence", BASE) == 1.0
    assert value("contribution_silence", [headcount(), *YEAR[3:]]) == 4.0
    assert math.isnan(value("contribution_silence", [headcount()]))


def owing(month: int, euros: float) -> FirmEvent:
    """From now on this much is owed, in one share."""
    return debt(known_at=on(month, 10), version=month, employee_share=euros, employer_share=0.0, sequence="1", **old(0))


def run_of(amounts: Sequence[float]) -> dict[str, float]:
    """Features of a firm that owed so many contributions of a month at month ends, one month each, the last one now."""
    start: list[AnyEvent] = [headcount(month=JANUARY - 1), clock(on(JANUARY, 1))]
    debts = [owing(JANUARY + k, 24_000.0 * x) for k, x in enumerate(amounts)]
    chain = Run().take_all([*start, *debts]).chain
    view = view_of(chain.panel, chain.swept + 1, chain.day)
    return dict(zip(names(), matrix(view)[0].tolist(), strict=True))


def test_how_a_debt_has_run() -> None:
    found = run_of([0.0, 2.0, 1.0, 1.0, 0.0, 0.0, 3.0, 4.0])
    expected = {
        "debt_to_contribution": 4.0, "employee_debt_to_contribution": 4.0, "debt_per_employee": 4 * 600.0,
        "debt_growth_1m": 1.0, "debt_growth_2m": 4.0, "debt_growth_3m": 4.0, "debt_growth_6m": 2.0,
        "employee_debt_growth_3m": 4.0,
        # It was not known a year ago, and what is not known is no growth.
        "debt_growth_12m": 0.0,
        "debt_mean_12m": 7 / 12, "debt_highest_12m": 3.0, "debt_lowest_6m": 0.0, "months_in_debt": 4.0,
        "debt_rises_12m": 3.0, "debt_falls_12m": 2.0, "debt_run": 1.0, "clean_run": 0.0, "debt_habit": 4 / 8,
        "debt_episodes": 2.0, "debt_to_peak": 1.0, "months_known": 8.0,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    usual = 0.0
    for owed in (2.0, 1.0, 1.0, 0.0, 0.0, 3.0):
        usual += (owed - usual) / 18
    assert found["debt_usual"] == pytest.approx(usual)
    assert found["debt_above_usual"] == pytest.approx(4.0 - usual)


def test_a_debt_that_is_less_than_it_was() -> None:
    found = run_of([4.0, 2.0, 1.0])
    assert found["debt_to_peak"] == pytest.approx(0.25)
    assert found["debt_growth_1m"] == pytest.approx(-1.0)
    assert found["debt_lowest_6m"] == 0.0
    assert run_of([0.0, 0.0, 0.0])["clean_run"] == 2.0


@pytest.mark.parametrize("k", [1, 3, 6, 12])
def test_the_change_of_headcount_over_so_many_months(k: int) -> None:
    heads = [headcount(month=JANUARY + m, heads=100 + m) for m in range(15)]
    chain = Run().take_all([*heads]).chain
    view = view_of(chain.panel, chain.swept + 1, chain.day)
    found = dict(zip(names(), matrix(view)[0].tolist(), strict=True))
    assert found[f"headcount_change_{k}m"] == pytest.approx(114 / (114 - k) - 1)
    assert found["headcount_to_peak"] == 1.0


def test_headcount_beside_its_fading_peak() -> None:
    heads = [headcount(month=JANUARY - 1, heads=100), *(headcount(month=JANUARY + m, heads=40) for m in range(2))]
    chain = Run().take_all([*heads, clock(on(JANUARY + 2, 20))]).chain
    view = view_of(chain.panel, chain.swept + 1, chain.day)
    # A hundred at the end of January, and one month end since.
    assert float(matrix(view)[0, names().index("headcount_to_peak")]) == pytest.approx(40 / (100 * 0.98))


def test_requests_that_do_not_count_do_not_show() -> None:
    hidden: list[FirmEvent] = [request(reason=6), use()]
    for name in ("hours_used_12m", "hours_used_3m", "hours_authorised_12m", "months_with_hours", "request_running"):
        assert value(name, [*BASE, *hidden]) == 0.0
        assert value(name, [*BASE, request(reason=2), use()]) > 0.0
