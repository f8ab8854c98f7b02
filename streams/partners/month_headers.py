"""The headers of wide files, a column a month: effYYYYQM, month M (1 to 3) of quarter Q (1 to 4)."""

import re
from datetime import date

from streams.partners.column import BadValue
from streams.partners.dates import valid_date

_LIKE = re.compile(r"\s*eff[0-9]+\s*", re.IGNORECASE)
_EXACT = re.compile(r"\s*eff([0-9]{4})([1-4])([1-3])\s*", re.IGNORECASE)


def is_month_header(name: str) -> bool:
    """Whether a header means to be a month: eff and digits."""
    return _LIKE.fullmatch(name) is not None


def parse_month_header(name: str) -> date:
    """The first day of the month.

    >>> parse_month_header("eff201022")
    datetime.date(2010, 5, 1)
    """
    match = _EXACT.fullmatch(name)
    if not match:
        raise BadValue("not a month written effYYYYQM, Q 1 to 4, M 1 to 3", name)
    return valid_date(int(match[1]), 3 * (int(match[2]) - 1) + int(match[3]), 1, name)


def write_month_header(month: date) -> str:
    """The header of a month.

    >>> write_month_header(date(2010, 5, 1))
    'eff201022'
    """
    quarter, number = divmod(month.month - 1, 3)
    return f"eff{month.year:04d}{quarter + 1}{number + 1}"
