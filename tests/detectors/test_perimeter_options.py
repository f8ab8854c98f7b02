"""The perimeter as settings: what is refused, and whom the departments leave in."""

from typing import Any

import numpy as np
import pytest

from alerts.departments import NAMES
from detectors.errors import UnusableInput
from detectors.perimeter import DEPARTMENTS, DIVISIONS, PerimeterOptions, in_perimeter
from detectors.view import View
from tests.detectors.applying import applied
from tests.detectors.making import JANUARY, firm, headcount, on

FIRMS = {"732829320": "75", "552100554": "2A", "443061841": "974", "130025265": None, "356000000": "07"}


def covered(*departments: str) -> set[str | None]:
    """The departments of the firms that are scored."""
    events = [e for siren, code in FIRMS.items() for e in (headcount(siren), firm(siren, department=code))]
    panel = applied(events)
    rows = panel.rows_of(np.array([int(siren) for siren in FIRMS], np.uint32))
    view = View(panel, rows, JANUARY + 1, np.full(len(rows), on(JANUARY + 1).toordinal(), np.int32))
    inside = in_perimeter(view, PerimeterOptions(departments=departments))
    return {code for code, there in zip(FIRMS.values(), inside.tolist(), strict=True) if there}


@pytest.mark.parametrize(
    ("departments", "expected"),
    [
        ((), set(FIRMS.values())),
        (("75",), {"75", None}),
        (("2A", "974"), {"2A", "974", None}),
        (("97", "01"), None),
        (("976", "01"), {None}),
    ],
)
def test_departments_cover_their_firms_and_those_of_unknown_place(
    departments: tuple[str, ...], expected: set[str | None] | None
) -> None:
    if expected is None:
        with pytest.raises(UnusableInput, match="'97' is not the code"):
            PerimeterOptions(departments=departments)
    else:
        assert covered(*departments) == expected


def test_the_codes_are_those_of_the_alerts() -> None:
    assert set(NAMES) == DEPARTMENTS


def test_the_divisions_are_those_of_the_naf() -> None:
    assert len(DIVISIONS) == 88
    assert {1, 62, 84, 85, 99} <= DIVISIONS


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"headcount_floor": -1.0}, "--headcount-floor .*-1.0"),
        ({"headcount_floor": float("nan")}, "--headcount-floor .*nan"),
        ({"excluded_divisions": (84, 44)}, "--excluded-divisions .*44 is no division"),
        ({"excluded_divisions": (0,)}, "0 is no division"),
        ({"excluded_divisions": (8411,)}, "8411 is no division"),
        ({"departments": ("75", "1")}, "'1' is not .*mean 01"),
        ({"departments": ("2a",)}, "mean 2A"),
        ({"departments": ("20",)}, "Corsica is 2A and 2B"),
        ({"departments": ("75,92",)}, "one code at a time"),
        ({"departments": ("Paris",)}, "'Paris' is not the code of a department. Give codes"),
    ],
)
def test_what_means_nothing_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(UnusableInput, match=message):
        PerimeterOptions(**fields)
