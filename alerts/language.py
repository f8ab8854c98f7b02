"""The two languages of agents, and how each writes numbers and dates."""

import math
from datetime import date
from typing import Literal

Language = Literal["fr", "en"]
LANGUAGES: tuple[Language, ...] = ("fr", "en")

NARROW = "\u202f"
"""Narrow no-break space: between thousands in French, and before ; ! ?"""
WIDE = "\u00a0"
"""No-break space: in French before : % € and a unit, and inside guillemets."""


def known(value: float | None) -> float | None:
    """The value, or None for what is unknown or no number at all."""
    return value if value is not None and math.isfinite(value) else None


def number(value: float, language: Language, decimals: int = 0) -> str:
    """A number with thousands apart. Rounding to zero loses the sign.

    >>> number(-1234.56, "en", 1)
    '−1,234.6'
    """
    text = f"{abs(value):,.{decimals}f}"
    negative = value < 0 and any(digit in "123456789" for digit in text)
    if language == "fr":
        text = text.replace(",", NARROW).replace(".", ",")
    return f"−{text}" if negative else text


def signed(value: float, language: Language, decimals: int = 0) -> str:
    """A change: the sign shows even when it is a plus."""
    text = number(value, language, decimals)
    return f"+{text}" if value > 0 and any(digit in "123456789" for digit in text) else text


def percent(share: float, language: Language) -> str:
    """A share as a percentage, with one decimal below 10 % where there is one.

    >>> percent(0.045, "en"), percent(0.05, "en")
    ('4.5%', '5%')
    """
    points = share * 100
    decimals = 0 if abs(points) >= 9.95 or f"{points:.1f}".endswith(".0") else 1
    return number(points, language, decimals) + (f"{WIDE}%" if language == "fr" else "%")


def signed_percent(share: float, language: Language) -> str:
    """A relative change as a percentage."""
    text = percent(share, language)
    return f"+{text}" if share > 0 and any(digit in "123456789" for digit in text) else text


def probability(value: float, language: Language) -> str:
    """A probability as a percentage that never rounds to certainty.

    >>> probability(0.9999, "en"), probability(0.0001, "en")
    ('over 99%', 'under 0.1%')
    """
    if 0.995 <= value < 1:
        return ("plus de " if language == "fr" else "over ") + percent(0.99, language)
    if 0 < value < 0.0005:
        return ("moins de " if language == "fr" else "under ") + percent(0.001, language)
    return percent(value, language)


def euros(value: float, language: Language) -> str:
    """An amount in whole euros."""
    if language == "fr":
        return f"{number(value, language)}{WIDE}€"
    text = number(value, language)
    return f"−€{text[1:]}" if text.startswith("−") else f"€{text}"


def plural(value: float, language: Language) -> bool:
    """Whether a noun counted by the value is in the plural: from 2 on in French, anything but 1 in English.

    >>> plural(1.5, "fr"), plural(0, "fr"), plural(0, "en")
    (False, False, True)
    """
    return abs(value) >= 2 if language == "fr" else abs(value) != 1


def day(value: date, language: Language) -> str:
    """31/01/2019 in French, 2019-01-31 in English, where the order of day and month is not agreed upon."""
    return f"{value.day:02d}/{value.month:02d}/{value.year:04d}" if language == "fr" else value.isoformat()
