from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.partners.column import BadValue
from streams.partners.numbers import (
    parse_cents,
    parse_count,
    parse_euros,
    parse_hours,
    parse_whole,
    write_cents,
    write_number,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [("12,50", 12.5), ("12.50", 12.5), ("-3", -3.0), ("+3", 3.0), (",5", 0.5), ("5,", 5.0), ("1000000000000", 1e12)],
)
def test_euros(text: str, value: float) -> None:
    assert parse_euros(text) == value


@pytest.mark.parametrize(
    "text", ["", "nan", "inf", "-Infinity", "1e3", "1 000", "1.000,5", "1_000", "٣", "0x10", ".", "12€", "1" * 5000]
)
def test_what_is_no_number(text: str) -> None:
    for parse in (parse_euros, parse_cents, parse_hours, parse_count, parse_whole):
        with pytest.raises(BadValue, match="not a number"):
            parse(text)


@pytest.mark.parametrize(
    ("parse", "text", "why"),
    [
        (parse_euros, "1000000000000.01", "1e12"),
        (parse_euros, "-1000000000001", "1e12"),
        (parse_cents, "100000000000001", "1e12"),
        (parse_hours, "-1000000001", "1e9"),
        (parse_count, "-1", "below 0"),
        (parse_count, "1000000000.5", "1e9"),
        (parse_whole, "16.5", "whole"),
    ],
)
def test_what_is_out_of_range(parse: Callable[[str], float], text: str, why: str) -> None:
    with pytest.raises(BadValue, match=why):
        parse(text)


def test_counts_are_whole_where_they_can_be() -> None:
    assert [type(parse_count(text)) for text in ("16", "16.0", "16,5")] == [int, int, float]


@given(st.integers(-(10**14), 10**14))
def test_cents_are_exact(cents: int) -> None:
    assert parse_cents(str(cents)) == cents / 100
    assert write_cents(cents / 100) == str(cents)


@given(st.floats(-1e12, 1e12).filter(lambda value: value == 0 or abs(value) > 1e-10))
def test_numbers_come_back(value: float) -> None:
    assert parse_euros(write_number(value)) == value
    assert parse_cents(write_cents(value)) == value
