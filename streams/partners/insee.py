"""What both INSEE stocks share: protected cells, the administrative state and departments."""

import re

import polars as pl

from streams.partners.column import BadValue, Format
from streams.partners.whole import where

_COMMUNE = re.compile(r"(?:[0-9]{2}|2[AB])[0-9]{3}")
_POSTAL_CODE = re.compile(r"[0-9]{5}")
_PROTECTED = "[ND]"


def clear(value: str | None) -> str | None:
    """The text, None if INSEE keeps it back: firms may ask not to be named, and their cells then read [ND]."""
    return None if value == _PROTECTED else value


def clear_column(values: pl.Series) -> pl.Series:
    """The same for a whole column."""
    return where(values != _PROTECTED, values)


def parse_commune_department(text: str) -> str | None:
    """The department of a commune's code, None if INSEE keeps it back or it is of undivided Corsica (20).

    >>> parse_commune_department("2A004"), parse_commune_department("97411"), parse_commune_department("73187")
    ('2A', '974', '73')
    """
    if text == _PROTECTED:
        return None
    if not _COMMUNE.fullmatch(text):
        raise BadValue("not a commune's code", text)
    return None if text.startswith("20") else _leading(text)


def parse_postal_department(text: str) -> str | None:
    """The department of a postal code. Corsica's codes begin with 20: 200 and 201 are the South, 2A.

    A few communes have the postal code of the next department, so this stands in where the commune is unknown.

    >>> parse_postal_department("20167"), parse_postal_department("20600"), parse_postal_department("97133")
    ('2A', '2B', '971')
    """
    if text == _PROTECTED:
        return None
    if not _POSTAL_CODE.fullmatch(text):
        raise BadValue("not a postal code", text)
    if text.startswith("20"):
        return "2A" if text[2] in "01" else "2B"
    return _leading(text)


def _leading(code: str) -> str:
    return code[:3] if code.startswith(("97", "98")) else code[:2]


def _commune_in(department: str | None) -> str:
    return department.ljust(5, "0") if department else _PROTECTED


def _postal_code_in(department: str | None) -> str:
    return {"2A": "20000", "2B": "20200"}.get(department or "", _commune_in(department))


def _write_state(active: bool) -> str:
    return "A" if active else "C"


COMMUNE_DEPARTMENT: Format[str | None] = Format(parse_commune_department, _commune_in)
POSTAL_DEPARTMENT: Format[str | None] = Format(parse_postal_department, _postal_code_in)
STATE: Format[bool] = Format("A".__eq__, _write_state)
"""A is active; F (closed, an establishment), C (ceased, a firm) and whatever else is not."""
