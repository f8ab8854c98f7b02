"""Features are finite whatever happened, described, and move the way they say."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.events import FirmEvent
from detectors.features import FEATURES, THEMES, Feature, matrix, names, signed_log, theme_matrix
from detectors.view import View
from tests.detectors.applying import applied, view_of
from tests.detectors.making import (
    JANUARY,
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
from tests.detectors.strategies import MONTHS, START, event_lists

HUGE = 1e12
TODAY = on(JANUARY + 1).toordinal()
YEAR = [contribution(month=JANUARY - k, due=20_000.0, paid=20_000.0) for k in range(12)]
BASE: list[FirmEvent] = [headcount(), *YEAR]


def value(name: str, events: Sequence[FirmEvent]) -> float:
    """A feature of one firm of forty on a day of February."""
    view = view_of(applied(events), JANUARY + 1, TODAY)
    return float(matrix(view)[0, names().index(name)])


def test_names_are_unique_and_there_are_as_many_as_were_agreed() -> None:
    assert len(names()) == len(set(names())) == len(FEATURES) == 24


@pytest.mark.parametrize("feature", FEATURES, ids=names())
def test_each_has_a_theme_a_unit_and_a_description(feature: Feature) -> None:
    name, theme, unit, compute = feature
    assert theme in THEMES
    assert unit
    assert compute.__doc__
    assert compute.__doc__.endswith(".")
    assert compute.__name__ == name


def test_each_belongs_to_one_theme_and_each_theme_has_some() -> None:
    table = theme_matrix()
    assert (table.sum(axis=1) == 1).all()
    assert (table.sum(axis=0) > 0).all()


@settings(max_examples=50, deadline=None)
@given(event_lists, st.integers(-3, 40), st.integers(1, 28))
def test_they_are_finite_whatever_happened(events: list[FirmEvent], ahead: int, day: int) -> None:
    panel, month = applied(events), START + MONTHS + ahead
    rows = np.arange(len(panel), dtype=np.int32)
    days = np.full(len(rows), on(month, day).toordinal(), np.int32)
    view = View(panel, rows, month, days)
    features = matrix(view)
    assert features.shape == (len(panel), len(names()))
    assert np.isfinite(features).all()
    for feature, column in zip(FEATURES, features.T, strict=True):
        if feature.unit == "0 or 1":
            assert np.isin(column, (0.0, 1.0)).all(), feature.name
        if feature.unit.startswith("share"):
            assert ((column >= 0) & (column <= 1)).all(), feature.name


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
    assert np.isfinite(matrix(view_of(applied(events), JANUARY + 1, TODAY))).all()


def test_nobody_has_no_features() -> None:
    view = View(applied([headcount()]), np.zeros(0, np.int32), JANUARY, np.zeros(0, np.int32))
    assert matrix(view).shape == (0, len(names()))


@settings(max_examples=25, deadline=None)
@given(event_lists)
def test_a_firm_is_described_the_same_to_the_last_bit_in_any_company(events: list[FirmEvent]) -> None:
    others = [debt(f"{n:09d}", employee_share=n * 7.77) for n in range(100, 137)]
    panel = applied([*events, *others])
    rows = np.arange(len(panel), dtype=np.int32)
    days = np.full(len(rows), TODAY, np.int32)
    together = matrix(View(panel, rows, JANUARY + 1, days))
    for row in rows[:3]:
        alone = matrix(View(panel, rows[[row]], JANUARY + 1, days[[row]]))
        assert alone.tobytes() == together[[row]].tobytes()


@pytest.mark.parametrize(
    ("name", "grows"),
    [
        ("debt_to_contribution", lambda x: [debt(employer_share=1000.0 * x)]),
        ("employee_debt_to_contribution", lambda x: [debt(employee_share=1000.0 * x)]),
        ("debt_per_employee", lambda x: [debt(employer_share=1000.0 * x)]),
        ("has_debt", lambda x: [debt(employee_share=0.0, employer_share=float(x > 2) * 50.0)]),
        ("debt_age", lambda x: [debt(counted_from=on(JANUARY - 3 * x, 1))]),
        ("unpaid_ratio", lambda x: [contribution(account="B", due=9e5, paid=9e5 - 1e5 * x)]),
        ("contribution_trend", lambda x: [contribution(account="B", due=5000.0 * x)]),
        ("hours_used_12m", lambda x: [use(month=JANUARY - 7, hours=100.0 * x)]),
        ("hours_used_3m", lambda x: [use(hours=100.0 * x)]),
        ("hours_authorised_12m", lambda x: [request(hours=100.0 * x)]),
        ("request_running", lambda x: [request(end=on(JANUARY + x - 2))]),
        ("headcount", lambda x: [headcount(siret=site("732829320", 2), heads=10 * x)]),
        ("schedule_running", lambda x: [schedule(due_on=on(JANUARY + x - 2))]),
        ("schedule_amount", lambda x: [schedule(amount=1000.0 * x)]),
        ("commission_recent", lambda x: [commission(known_at=on(JANUARY + 4 * x - 20))]),
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
    assert (value("contribution_known", BASE), value("contribution_known", [headcount()])) == (1.0, 0.0)


def test_requests_that_do_not_count_do_not_show() -> None:
    hidden: list[FirmEvent] = [request(reason=6), use()]
    for name in ("hours_used_12m", "hours_used_3m", "hours_authorised_12m", "request_running"):
        assert value(name, [*BASE, *hidden]) == 0.0
        assert value(name, [*BASE, request(reason=2), use()]) > 0.0


def test_signed_log_is_odd_and_grows() -> None:
    x = np.linspace(-1e6, 1e6, 101)
    assert np.array_equal(signed_log(-x), -signed_log(x))
    assert (np.diff(signed_log(x)) > 0).all()
    assert signed_log(np.zeros(1))[0] == 0.0
