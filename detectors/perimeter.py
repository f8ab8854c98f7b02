"""Who is scored: employers of at least ten, outside administration and teaching, not yet in a proceeding.

The four numbers and lists are settings; the rest is what a score means, and is not.
"""

import math
import re
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from detectors.errors import UnusableInput
from detectors.options import option
from detectors.view import View

DIVISIONS = frozenset(range(1, 100)) - {4, 34, 40, 44, 48, 54, 57, 67, 76, 83, 89}
"""The divisions of the NAF rev. 2 (INSEE, 2008)."""
_OVERSEAS = frozenset({*(f"97{n}" for n in range(1, 9)), "984", "986", "987", "988", "989"})
DEPARTMENTS = frozenset({f"{n:02d}" for n in range(1, 96)} - {"20"}) | {"2A", "2B"} | _OVERSEAS
"""The departments and overseas collectivities, by their INSEE code."""


@dataclass(frozen=True)
class PerimeterOptions:
    """The perimeter of the network, as settings. Raises UnusableInput for values that mean nothing."""

    headcount_floor: float = option(10.0, "Smallest headcount that is scored", unit="employees")
    excluded_divisions: tuple[int, ...] = option(
        (84, 85), "A NAF division that is not scored, 1 to 99; can be given again"
    )
    departments: tuple[str, ...] = option(
        (), "Code of a department that is covered; can be given again. None given: all"
    )

    def __post_init__(self) -> None:
        if not math.isfinite(self.headcount_floor) or self.headcount_floor < 0:
            raise UnusableInput(
                f"--headcount-floor (VIGIE_HEADCOUNT_FLOOR): {self.headcount_floor} is no number of employees. "
                "Give 0 or more"
            )
        for division in self.excluded_divisions:
            if division not in DIVISIONS:
                raise UnusableInput(
                    f"--excluded-divisions (VIGIE_EXCLUDED_DIVISIONS): {division} is no division of the NAF. "
                    "Give the first two digits of an activity code, as 84 of 84.11Z"
                )
        for code in self.departments:
            if code not in DEPARTMENTS:
                raise UnusableInput(
                    f"--departments (VIGIE_DEPARTMENTS): {code!r} is not the code of a department.{_meant(code)} "
                    "Give codes as INSEE writes them: 01, 2A, 75, 974"
                )


def _meant(code: str) -> str:
    """What a code that is nearly right may stand for."""
    if code.strip().upper() in {"20", "2"}:
        return " Corsica is 2A and 2B."
    near = code.strip().upper().zfill(2)
    if near in DEPARTMENTS:
        return f" Did you mean {near}?"
    several = re.split(r"[\s,;]+", code.strip())
    return " Give one code at a time." if len(several) > 1 else ""


def in_perimeter(view: View, options: PerimeterOptions) -> NDArray[np.bool_]:
    """Which firms of the view are scored, shape (n,).

    A firm of unknown headcount is scored once it shows itself as an employer (any event but reference data): the
    headcount files may be missing, and nobody should go unseen for that. For the same reason a firm of unknown
    department is scored whatever the departments covered: its address may come later, or never. `active` is the state
    at the extraction and would tell the future of old months: it plays no part.
    """
    firms = view.firms
    # Nothing is smaller than what is not known.
    small = view.headcount < options.headcount_floor
    activity = _scored_divisions(options.excluded_divisions).take(firms["division"])
    inside = ~small & activity & (firms["employer"] == 1) & ~view.in_proceeding
    return inside & _covered(firms["department"], options.departments) if options.departments else inside


@cache
def _scored_divisions(excluded: tuple[int, ...]) -> NDArray[np.bool_]:
    """By division, 0 where it is not known."""
    scored = np.ones(256, bool)
    scored[list(excluded)] = False
    return scored


def _covered(codes: NDArray[np.bytes_], departments: tuple[str, ...]) -> NDArray[np.bool_]:
    """Which codes (n,), S3, are among the departments, or unknown."""
    return np.isin(codes, np.array([b"", *(code.encode() for code in departments)], "S3"))
