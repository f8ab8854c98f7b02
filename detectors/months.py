"""Months and days as integers, so that columns of them are plain arrays.

A month is counted from January of year 0: 2018-02 is 2018 * 12 + 1. A day is a proleptic Gregorian ordinal, as
`datetime.date.toordinal` gives it.
"""

from datetime import date

import numpy as np
from numpy.typing import NDArray

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH_MONTH = 1970 * 12
_DAYS, _MONTHS = np.dtype("datetime64[D]"), np.dtype("datetime64[M]")


def month_of(day: date) -> int:
    """The month that holds a date."""
    return day.year * 12 + day.month - 1


def months_of(days: NDArray[np.int32]) -> NDArray[np.int32]:
    """The months that hold a column of days."""
    return (days - _EPOCH_DAY).astype(_DAYS).astype(_MONTHS).astype(np.int32) + _EPOCH_MONTH


def first_day(month: int) -> date:
    """The first day of a month."""
    return date(month // 12, month % 12 + 1, 1)


def last_day(month: int) -> date:
    """The last day of a month."""
    return date.fromordinal(first_day(month + 1).toordinal() - 1)


def month_text(month: int) -> str:
    """A month as YYYY-MM."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def parse_month(text: str) -> int:
    """The month written YYYY-MM. Raises ValueError on anything else."""
    year, _, number = text.partition("-")
    if len(year) != 4 or len(number) != 2 or not (year + number).isdecimal() or not 1 <= int(number) <= 12:
        raise ValueError(f"{text!r} is not a month written YYYY-MM")
    return int(year) * 12 + int(number) - 1
