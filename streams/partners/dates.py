"""Dates as partners write them. Every format refuses a date before 1980: no data reach back further."""

import re
from datetime import date

from detectors.events import EARLIEST
from detectors.months import first_day, month_of
from streams.partners.column import BadValue, Format

_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_FRENCH = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_SAS = re.compile(r"([0-9]{2})([A-Za-z]{3})([0-9]{4})")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def valid_date(year: int, month: int, day: int, text: str) -> date:
    """The date, if there is such a day since 1980. Raises BadValue, which quotes `text`."""
    try:
        found = date(year, month, day)
    except ValueError:
        raise BadValue("no such day in the calendar", text) from None
    if found < EARLIEST:
        raise BadValue("a date before 1980", text)
    return found


def parse_iso_date(text: str) -> date:
    """An ISO date; a time of day after it is checked for its form and dropped, without any change of time zone.

    >>> parse_iso_date("2020-12-30T00:00:00.000Z")
    datetime.date(2020, 12, 30)
    """
    match = _ISO.fullmatch(text)
    if not match:
        raise BadValue("not a date written YYYY-MM-DD", text)
    return valid_date(int(match[1]), int(match[2]), int(match[3]), text)


def parse_french_date(text: str) -> date:
    """A date written dd/mm/yyyy.

    >>> parse_french_date("03/02/2018")
    datetime.date(2018, 2, 3)
    """
    match = _FRENCH.fullmatch(text)
    if not match:
        raise BadValue("not a date written dd/mm/yyyy", text)
    return valid_date(int(match[3]), int(match[2]), int(match[1]), text)


def parse_sas_date(text: str) -> date:
    """A date written as SAS does, its month in English.

    >>> parse_sas_date("26MAY2014")
    datetime.date(2014, 5, 26)
    """
    match = _SAS.fullmatch(text)
    if not match or match[2].upper() not in _MONTHS:
        raise BadValue("not a date written like 26MAY2014", text)
    return valid_date(int(match[3]), _MONTHS.index(match[2].upper()) + 1, int(match[1]), text)


def next_month(day: date) -> date:
    """The first day of the month after a day's, when what is told of a whole month is known.

    The calendar's last month has none after it; its own first day is as far in the future.

    >>> next_month(date(2018, 12, 31)), next_month(date.max)
    (datetime.date(2019, 1, 1), datetime.date(9999, 12, 1))
    """
    return first_day(min(month_of(day) + 1, month_of(date.max)))


def write_french_date(day: date) -> str:
    """A date as dd/mm/yyyy."""
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}"


def write_sas_date(day: date) -> str:
    """A date like 26MAY2014."""
    return f"{day.day:02d}{_MONTHS[day.month - 1]}{day.year:04d}"


ISO_DATE: Format[date] = Format(parse_iso_date, date.isoformat)
FRENCH_DATE: Format[date] = Format(parse_french_date, write_french_date)
SAS_DATE: Format[date] = Format(parse_sas_date, write_sas_date)
