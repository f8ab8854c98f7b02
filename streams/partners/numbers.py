"""Numbers as partners write them: decimal point or comma, whole numbers that may be written 16.0.

ASCII digits only: no blank, no thousands separator, no exponent, hence neither infinity nor NaN.
"""

import re
from decimal import Decimal

import polars as pl

from streams.partners.column import BadValue, Format
from streams.partners.whole import matching

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


# The usual spellings, whose size alone keeps them within the limits. Reading them as 64-bit floats gives the numbers
# that `parse` gives: both round once, to the nearest.
_usual_euros = matching(r"[+-]?[0-9]{1,12}(?:[.,][0-9]{0,20})?")
_usual_cents = matching(r"[+-]?[0-9]{1,14}(?:\.0{0,2})?")  # whole: their hundredth is then rounded once
_usual_hours = matching(r"[+-]?[0-9]{1,9}(?:[.,][0-9]{0,20})?")
_usual_count = matching(r"[0-9]{1,9}(?:[.,][0-9]{0,6})?")  # 15 digits: a whole float is a whole number


def _floats(cells: pl.Series) -> pl.Series:
    return cells.str.replace(",", ".", literal=True).cast(pl.Float64)


def _fast_euros(cells: pl.Series) -> pl.Series:
    return _floats(_usual_euros(cells))


def _fast_cents(cells: pl.Series) -> pl.Series:
    # In numpy: polars multiplies by the inverse of a constant, which rounds twice.
    return pl.Series(_usual_cents(cells).cast(pl.Float64).to_numpy() / 100, nan_to_null=True)


def _fast_hours(cells: pl.Series) -> pl.Series:
    return _floats(_usual_hours(cells))


def _fast_count(cells: pl.Series) -> pl.Series:
    return _floats(_usual_count(cells))


EUROS: Format[float] = Format(parse_euros, write_number, _fast_euros)
CENTS: Format[float] = Format(parse_cents, write_cents, _fast_cents)
HOURS: Format[float] = Format(parse_hours, write_number, _fast_hours)
COUNT: Format[int | float] = Format(parse_count, write_number, _fast_count)
WHOLE: Format[int] = Format(parse_whole, str)
