from datetime import date

import pytest

from streams.partners.column import BadValue
from streams.partners.urssaf import parse_urssaf_date, parse_urssaf_period, write_urssaf_period


@pytest.mark.parametrize(("text", "day"), [("1180203", date(2018, 2, 3)), ("990505", date(1999, 5, 5))])
def test_dates(text: str, day: date) -> None:
    assert parse_urssaf_date(text) == day


@pytest.mark.parametrize("text", ["", "0", "20180203", "80203", "1181303", "1180230", "791231", "118020A", "-180203"])
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(BadValue):
        parse_urssaf_date(text)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("201712", date(2017, 2, 1), date(2017, 3, 1)),
        ("1712", date(2017, 2, 1), date(2017, 3, 1)),
        ("9943", date(1999, 12, 1), date(2000, 1, 1)),
        ("4911", date(2049, 1, 1), date(2049, 2, 1)),
        ("201840", date(2018, 10, 1), date(2019, 1, 1)),
        ("201810", date(2018, 1, 1), date(2018, 4, 1)),
        ("1862", date(2018, 1, 1), date(2019, 1, 1)),
        ("201862", date(2018, 1, 1), date(2019, 1, 1)),
    ],
)
def test_periods(text: str, start: date, end: date) -> None:
    assert parse_urssaf_period(text) == (start, end)
    assert parse_urssaf_period(write_urssaf_period((start, end))) == (start, end)


@pytest.mark.parametrize(
    "text",
    ["", "2018", "201818", "199904", "201850", "201861", "201863", "201800", "18100", "5011", "999962", "٢٠١٨١٠"],
)
def test_what_is_no_period(text: str) -> None:
    with pytest.raises(BadValue):
        parse_urssaf_period(text)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2018, 1, 1), date(2018, 3, 1)),
        (date(2018, 2, 1), date(2018, 5, 1)),
        (date(2018, 2, 1), date(2019, 2, 1)),
        (date(2018, 1, 2), date(2018, 2, 2)),
    ],
)
def test_what_urssaf_has_no_name_for(start: date, end: date) -> None:
    with pytest.raises(ValueError, match="neither a month, nor a quarter, nor a year"):
        write_urssaf_period((start, end))
