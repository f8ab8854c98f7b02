"""Numbers as partners write them: decimal point or comma, whole numbers that may be written 16.0.

ASCII digits only: no blank, no thousands separator, no exponent, hence neither infinity nor NaN.
"""

import re
from decimal import Decimal

from streams.partners.column import BadValue, Format

_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,30}(?:[.,][0-9]{0,30})?|[.,][0-9]{1,30})")
_LARGEST_EUROS = 10**12
_LARGEST_COUNT = 10**9


def parse_decimal(text: str) -> Decimal:
    """An exact number.

    >>> parse_decimal("-1234,50")
    Decimal('-1234.50')
    """
    if not _DECIMAL.fullmatch(text):
        raise BadValue("not a number", text)
    return Decimal(text.replace(",", "."))


def parse_euros(text: str) -> float:
    """Euros, at most 1e12 in size.

    >>> parse_euros("1234,50")
    1234.5
    """
    return _euros(parse_decimal(text), text)


def parse_cents(text: str) -> float:
    """Cents, as euros.

    >>> parse_cents("195907")
    1959.07
    """
    return _euros(parse_decimal(text).scaleb(-2), text)


def parse_hours(text: str) -> float:
    """Hours, at most 1e9 in size."""
    value = parse_decimal(text)
    if abs(value) > _LARGEST_COUNT:
        raise BadValue("more than 1e9 hours", text)
    return float(value)


def parse_count(text: str) -> int | float:
    """People, 0 to 1e9: an int, or a float where the partner counts parts of a person.

    >>> parse_count("16.0"), parse_count("2,5")
    (16, 2.5)
    """
    value = _counted(text)
    return int(value) if value == value.to_integral_value() else float(value)


def parse_whole(text: str) -> int:
    """A whole number, 0 to 1e9.

    >>> parse_whole("16.0")
    16
    """
    value = _counted(text)
    if value != value.to_integral_value():
        raise BadValue("not a whole number", text)
    return int(value)


def write_number(value: float) -> str:
    """A number that reads back as the same one.

    >>> write_number(1e-07), write_number(16)
    ('0.0000001', '16')
    """
    return format(Decimal(repr(value)), "f")


def write_cents(value: float) -> str:
    """Euros, as cents.

    >>> write_cents(1959.07)
    '195907'
    """
    return format(Decimal(repr(value)).scaleb(2), "f").removesuffix(".0")


def _euros(value: Decimal, text: str) -> float:
    if abs(value) > _LARGEST_EUROS:
        raise BadValue("more than 1e12 euros", text)
    return float(value)


def _counted(text: str) -> Decimal:
    value = parse_decimal(text)
    if value < 0:
        raise BadValue("a count below 0", text)
    if value > _LARGEST_COUNT:
        raise BadValue("a count beyond 1e9", text)
    return value


EUROS: Format[float] = Format(parse_euros, write_number)
CENTS: Format[float] = Format(parse_cents, write_cents)
HOURS: Format[float] = Format(parse_hours, write_number)
COUNT: Format[int | float] = Format(parse_count, write_number)
WHOLE: Format[int] = Format(parse_whole, str)
