from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.partners.column import BadValue, Format
from streams.partners.dates import FRENCH_DATE, ISO_DATE, SAS_DATE, parse_french_date, parse_iso_date, parse_sas_date
from streams.partners.urssaf import URSSAF_DATE


@pytest.mark.parametrize("written", [ISO_DATE, FRENCH_DATE, SAS_DATE, URSSAF_DATE], ids=["iso", "fr", "sas", "urssaf"])
@given(day=st.dates(date(1980, 1, 1), date(2899, 12, 31)))
def test_dates_come_back(written: Format[date], day: date) -> None:
    assert written.parse(written.write(day)) == day


@pytest.mark.parametrize(
    "text", ["2020-12-30", "2020-12-30T00:00:00.000Z", "2020-12-30 23:59", "2020-12-30T23:00:00+02:00"]
)
def test_an_iso_date_may_have_a_time(text: str) -> None:
    assert parse_iso_date(text) == date(2020, 12, 30)


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_iso_date, "2020-02-30"),
        (parse_iso_date, "2020-1-1"),
        (parse_iso_date, "20200101"),
        (parse_iso_date, "2020-01-01T"),
        (parse_iso_date, "2020-01-01 x"),
        (parse_iso_date, "0000-01-01"),
        (parse_iso_date, "1979-12-31"),
        (parse_iso_date, "２020-01-01"),
        (parse_french_date, "2018-02-03"),
        (parse_french_date, "3/2/2018"),
        (parse_french_date, "31/04/2018"),
        (parse_french_date, "03/02/18"),
        (parse_sas_date, "26MAI2014"),
        (parse_sas_date, "6MAY2014"),
        (parse_sas_date, "31JUN2014"),
        (parse_sas_date, "26MAY14"),
    ],
)
def test_what_is_no_date(parse: Callable[[str], date], text: str) -> None:
    with pytest.raises(BadValue):
        parse(text)


def test_a_month_in_small_letters() -> None:
    assert parse_sas_date("26may2014") == date(2014, 5, 26)
