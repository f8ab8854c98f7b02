"""Answers and openings against going through them one by one."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.evaluation.firm_months import answered, first_openings, labels, month_ends
from detectors.months import last_day, month_of, months_of
from detectors.panel import NO_DAY

JANUARY = 2018 * 12
OPENED = st.lists(st.tuples(st.integers(1, 6), st.integers(736_000, 736_100)), max_size=20)


@settings(max_examples=100, deadline=None)
@given(OPENED, st.lists(st.integers(0, 8), max_size=10))
def test_each_firms_first_opening(opened: list[tuple[int, int]], asked: list[int]) -> None:
    found = first_openings(
        np.array([firm for firm, _ in opened], np.uint32), np.array([day for _, day in opened], np.int32)
    )
    days = found.days_of(np.array(asked, np.uint32)).tolist()
    assert days == [min((day for firm, day in opened if firm == one), default=int(NO_DAY)) for one in asked]


@pytest.mark.parametrize(
    ("opened", "expected"),
    [(date(2018, 1, 31), False), (date(2018, 2, 1), True), (date(2018, 4, 30), True), (date(2018, 5, 1), False)],
)
def test_the_edges_of_the_horizon(opened: date, expected: bool) -> None:
    # The first row is of another month: each row has its own horizon.
    found = labels(np.array([JANUARY + 5, JANUARY], np.int32), np.array([NO_DAY, opened.toordinal()], np.int32), 3)
    assert found.tolist() == [False, expected]


def test_a_month_is_answered_once_its_horizon_is_whole() -> None:
    assert answered(np.array([10, 11, 12], np.int32), 3, 14).tolist() == [True, True, False]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.dates(date(1980, 1, 1), date(2040, 12, 31)), max_size=5))
def test_months_and_days_are_those_of_the_calendar(dates: list[date]) -> None:
    days = np.array([day.toordinal() for day in dates], np.int32)
    months = months_of(days)
    assert months.tolist() == [month_of(day) for day in dates]
    assert month_ends(months).tolist() == [last_day(month_of(day)).toordinal() for day in dates]
