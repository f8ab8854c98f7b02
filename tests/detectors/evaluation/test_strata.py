"""Groups, and that every row is in the right one."""

import numpy as np
import pytest

from alerts.departments import NAMES
from detectors.evaluation import strata
from detectors.evaluation.strata import UNKNOWN, Stratum
from detectors.regions import REGIONS


def of_rows(stratum: Stratum) -> list[str]:
    return [stratum.names[group] for group in stratum.groups.tolist()]


@pytest.mark.parametrize(
    ("activity", "section"),
    [
        ("01.13Z", "A agriculture"), ("4120A", "F construction"), ("85.10Z", "P teaching"),
        ("33.11Z", "C manufacturing"),
        (None, UNKNOWN), ("", UNKNOWN), ("4", UNKNOWN), ("34.00Z", UNKNOWN), ("x1.1", UNKNOWN),
    ],
)  # fmt: skip
def test_sections(activity: str | None, section: str) -> None:
    assert strata.section(activity) == section


def test_every_mainland_department_is_in_one_region() -> None:
    listed = [code for codes in REGIONS.values() for code in codes]
    assert len(listed) == len(set(listed)) == 96
    assert set(listed) == {code for code in NAMES if len(code) == 2}
    assert strata.region("2A") == "Corse"
    assert strata.region("974") == strata.OVERSEAS
    assert strata.region(None) == UNKNOWN


def test_sizes_and_half_years() -> None:
    found = strata.sizes(np.array([np.nan, 9.5, 10, 19, 20, 5000, 0]))
    assert of_rows(found) == [UNKNOWN, "under 10", "10 to 19", "10 to 19", "20 to 49", "250 and more", "under 10"]
    assert found.names == ("under 10", "10 to 19", "20 to 49", "250 and more", UNKNOWN)
    months = np.array([2019 * 12 + 6, 2018 * 12, 2018 * 12 + 5], np.int32)
    assert of_rows(strata.half_years(months)) == ["2019-H2", "2018-H1", "2018-H1"]
    assert of_rows(strata.by_month(months)) == ["2019-07", "2018-01", "2018-06"]


def test_names_in_order_the_unknown_last() -> None:
    found = strata.named(np.array(["z", UNKNOWN, "a", "z"]))
    assert found.names == ("a", "z", UNKNOWN)
    assert of_rows(found) == ["z", UNKNOWN, "a", "z"]
    assert strata.named(np.array([], str)).names == ()
