"""SIREN and SIRET numbers: digits and their number only, since real ones that fail the Luhn check exist."""

import re

from streams.partners.column import BadValue, Format
from streams.partners.whole import matching

_SIREN = re.compile(r"[0-9]{9}")
_SIRET = re.compile(r"[0-9]{14}")
SIREN_LENGTH = 9


def parse_siren(text: str) -> str:
    """A firm's number.

    >>> parse_siren("000000000")
    '000000000'
    """
    if not _SIREN.fullmatch(text):
        raise BadValue("not a SIREN of 9 digits", text)
    return text


def parse_siret(text: str) -> str:
    """An establishment's number; its first 9 digits are the firm's."""
    if not _SIRET.fullmatch(text):
        raise BadValue("not a SIRET of 14 digits", text)
    return text


SIREN: Format[str] = Format(parse_siren, str, matching(_SIREN.pattern))
SIRET: Format[str] = Format(parse_siret, str, matching(_SIRET.pattern))
