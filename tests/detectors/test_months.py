"""Months and days as numbers, there and back."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.months import first_day, last_day, month_of, month_text, months_of, parse_month

months = st.integers(1 * 12, 9998 * 12 + 11)


@given(months)
def test_a_month_is_its_first_and_its_last_day(month: int) -> None:
    assert month_of(first_day(month)) == month_of(last_day(month)) == month
    assert first_day(month).day == 1
    assert last_day(month) + timedelta(days=1) == first_day(month + 1)


@given(st.dates(max_value=date(9998, 12, 31)))
def test_a_day_lies_in_its_month(day: date) -> None:
    assert first_day(month_of(day)) <= day <= last_day(month_of(day))


@given(months)
def test_a_month_is_read_as_it_is_written(month: int) -> None:
    assert parse_month(month_text(month)) == month


def test_months_as_text() -> None:
    assert month_text(2018 * 12 + 1) == "2018-02"
    assert first_day(2018 * 12 + 1) == date(2018, 2, 1)


@pytest.mark.parametrize(
    "text", ["", "2018", "2018-13", "2018-00", "18-01", "2018-1", "2018-01-01", "2018/01", "2018-0x"]
)
def test_anything_else_is_no_month(text: str) -> None:
    with pytest.raises(ValueError, match="is not a month written YYYY-MM"):
        parse_month(text)


@pytest.mark.parametrize("day", ["0001-01-01", "0001-12-31", "1970-01-01", "2000-02-29", "2024-12-31", "9999-12-31"])
def test_days_fall_into_their_months(day: str) -> None:
    when = date.fromisoformat(day)
    months = months_of(np.array([when.toordinal()], np.int32))
    assert months.tolist() == [month_of(when)]
