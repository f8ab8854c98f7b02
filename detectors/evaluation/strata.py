"""The groups that figures are told apart by: time, sector, size, region."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.evaluation.firm_months import Months
from detectors.evaluation.ranking import Floats
from detectors.months import month_text
from detectors.regions import REGIONS

UNKNOWN = "unknown"

SECTIONS: tuple[tuple[str, int, int, str], ...] = (
    ("A", 1, 3, "agriculture"),
    ("B", 5, 9, "mining"),
    ("C", 10, 33, "manufacturing"),
    ("D", 35, 35, "energy"),
    ("E", 36, 39, "water and waste"),
    ("F", 41, 43, "construction"),
    ("G", 45, 47, "trade"),
    ("H", 49, 53, "transport"),
    ("I", 55, 56, "hotels and restaurants"),
    ("J", 58, 63, "information"),
    ("K", 64, 66, "finance"),
    ("L", 68, 68, "real estate"),
    ("M", 69, 75, "professional services"),
    ("N", 77, 82, "support services"),
    ("O", 84, 84, "administration"),
    ("P", 85, 85, "teaching"),
    ("Q", 86, 88, "health"),
    ("R", 90, 93, "arts"),
    ("S", 94, 96, "other services"),
    ("T", 97, 98, "households"),
    ("U", 99, 99, "international bodies"),
)
"""Sections of NAF rev. 2 by their divisions, both ends included."""

SIZES: tuple[tuple[str, float], ...] = (
    ("under 10", 0),
    ("10 to 19", 10),
    ("20 to 49", 20),
    ("50 to 99", 50),
    ("100 to 249", 100),
    ("250 and more", 250),
)
"""Size classes by the least headcount of each."""

OVERSEAS = "overseas"


@dataclass(frozen=True)
class Stratum:
    """One way to tell rows apart: the names of its groups in order, and each row's group, (n,)."""

    names: tuple[str, ...]
    groups: NDArray[np.intp]


def section(activity: str | None) -> str:
    """The section of a NAF code, its letter and what it is."""
    digits = (activity or "")[:2]
    if not (len(digits) == 2 and digits.isascii() and digits.isdecimal()):
        return UNKNOWN
    division = int(digits)
    return next((f"{letter} {name}" for letter, low, high, name in SECTIONS if low <= division <= high), UNKNOWN)


def region(department: str | None) -> str:
    """The region of a department's code."""
    if department is None:
        return UNKNOWN
    return next((name for name, codes in REGIONS.items() if department in codes), OVERSEAS)


def sizes(headcounts: Floats) -> Stratum:
    """Size classes of headcounts (n,), nan where unknown."""
    names = tuple(name for name, _ in SIZES)
    lower = np.array([low for _, low in SIZES])
    found = np.searchsorted(lower, np.nan_to_num(headcounts), side="right") - 1
    return _present((*names, UNKNOWN), np.where(np.isnan(headcounts), len(names), np.maximum(found, 0)))


def half_years(months: Months) -> Stratum:
    """Half-years of months (n,), as 2019-H1."""
    halves, groups = np.unique(months // 6, return_inverse=True)
    return Stratum(tuple(f"{half // 2}-H{half % 2 + 1}" for half in halves.tolist()), groups)


def by_month(months: Months) -> Stratum:
    """Months (n,), as 2019-01."""
    distinct, groups = np.unique(months, return_inverse=True)
    return Stratum(tuple(month_text(month) for month in distinct.tolist()), groups)


def named(names: NDArray[np.str_]) -> Stratum:
    """Groups by their names (n,), in order of the alphabet, the unknown last."""
    distinct, groups = np.unique(names, return_inverse=True)
    known = [name for name in distinct.tolist() if name != UNKNOWN]
    place = {name: i for i, name in enumerate([*known, UNKNOWN])}
    order = np.array([place[name] for name in distinct.tolist()], np.intp)
    return _present((*known, UNKNOWN), order[groups] if len(groups) else groups)


def _present(names: tuple[str, ...], groups: NDArray[np.intp]) -> Stratum:
    """The same without the groups that have no row."""
    there, renumbered = np.unique(groups, return_inverse=True)
    return Stratum(tuple(names[i] for i in there.tolist()), renumbered)
