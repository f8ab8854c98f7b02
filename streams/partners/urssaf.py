"""URSSAF's own dates and periods."""

import re
from datetime import date

from detectors.months import first_day, month_of
from streams.partners.column import BadValue, Format
from streams.partners.dates import valid_date

Period = tuple[date, date]
"""[start, end), both the first of a month."""

_DATE = re.compile(r"[0-9]{6,7}")
_PERIOD = re.compile(r"([0-9]{2}|[0-9]{4})([0-9])([0-9])")
_YEAR_MARK = "62"


def parse_urssaf_date(text: str) -> date:
    """A date written (A)AAMMJJ, years counted from 1900.

    >>> parse_urssaf_date("1180203"), parse_urssaf_date("990505")
    (datetime.date(2018, 2, 3), datetime.date(1999, 5, 5))
    """
    if not _DATE.fullmatch(text):
        raise BadValue("not a URSSAF date written AAMMJJ or AAAMMJJ", text)
    return valid_date(1900 + int(text[:-4]), int(text[-4:-2]), int(text[-2:]), text)


def write_urssaf_date(day: date) -> str:
    """A date as (A)AAMMJJ."""
    return f"{day.year - 1900:02d}{day.month:02d}{day.day:02d}"


def parse_urssaf_period(text: str) -> Period:
    """A period written YYQM or YYYYQM: month M (1 to 3) of quarter Q, the quarter if M is 0, the year if QM is 62.

    >>> parse_urssaf_period("201712")
    (datetime.date(2017, 2, 1), datetime.date(2017, 3, 1))
    >>> parse_urssaf_period("1862")
    (datetime.date(2018, 1, 1), datetime.date(2019, 1, 1))
    """
    match = _PERIOD.fullmatch(text)
    if not match:
        raise BadValue("not a URSSAF period written YYQM or YYYYQM", text)
    year, quarter, number = _full_year(match[1]), int(match[2]), int(match[3])
    if match[2] + match[3] == _YEAR_MARK:
        first, months = 0, 12
    elif not 1 <= quarter <= 4 or number > 3:
        raise BadValue("a URSSAF period whose quarter is not 1 to 4 or whose month is not 0 to 3", text)
    else:
        first, months = 3 * (quarter - 1) + max(number - 1, 0), 1 if number else 3
    start = valid_date(year, first + 1, 1, text)
    if year >= date.max.year:
        raise BadValue("no such year in the calendar", text)
    return start, first_day(month_of(start) + months)


def write_urssaf_period(period: Period) -> str:
    """A period as YYYYQM. Raises ValueError on one that URSSAF has no name for.

    >>> write_urssaf_period((date(2018, 4, 1), date(2018, 7, 1)))
    '201820'
    """
    start, end = period
    months, (quarter, number) = month_of(end) - month_of(start), divmod(start.month - 1, 3)
    if start.day == end.day == 1:
        if months == 1:
            return f"{start.year:04d}{quarter + 1}{number + 1}"
        if months == 3 and number == 0:
            return f"{start.year:04d}{quarter + 1}0"
        if months == 12 and start.month == 1:
            return f"{start.year:04d}{_YEAR_MARK}"
    raise ValueError(f"{start} to {end} is neither a month, nor a quarter, nor a year")


def _full_year(text: str) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    return 2000 + year if year < 50 else 1900 + year


URSSAF_DATE: Format[date] = Format(parse_urssaf_date, write_urssaf_date)
URSSAF_PERIOD: Format[Period] = Format(parse_urssaf_period, write_urssaf_period)
