from datetime import date

import pytest

from streams.partners.column import BadValue
from streams.partners.month_headers import is_month_header, parse_month_header, write_month_header


def test_every_month_of_a_year_comes_back() -> None:
    months = [date(2018, number, 1) for number in range(1, 13)]
    headers = [write_month_header(month) for month in months]
    assert headers[:4] == ["eff201811", "eff201812", "eff201813", "eff201821"]
    assert [parse_month_header(header) for header in headers] == months


@pytest.mark.parametrize("name", ["eff201850", "eff201814", "eff20181", "eff2018111", "eff197911"])
def test_months_that_are_misspelt_are_told(name: str) -> None:
    assert is_month_header(name)
    with pytest.raises(BadValue):
        parse_month_header(name)


@pytest.mark.parametrize("name", ["eff", "effectif", "EFF_ENT", "xeff201811", "2018"])
def test_other_columns_are_none(name: str) -> None:
    assert not is_month_header(name)
