"""Jumps counted beside the truth: what is counted where, and the two tables of small worlds."""

import numpy as np
import pytest

from benchmarks.jumps import FOUND, KINDS, RATES, Lives, found, lives, rates, run, together
from detectors.evaluation.bootstrap import Resampling
from detectors.jumps import JumpOptions
from streams.simulate import World

WORLD = World(firms=60, months=26, failures=0.1, clean=True)
EAGER = JumpOptions(rise=0.3, deviations=1.0)


def invented() -> Lives:
    """A year of two firms: the quiet one jumps once, the other twice, five months after its onset and later."""
    jumps = np.zeros((2, 12))
    jumps[0, 2], jumps[1, [5, 9]] = 1, 1
    levels = np.zeros((2, 12))
    levels[1, 4] = 1
    quiet = np.repeat([True, False], 12)
    return Lives(
        firms=np.repeat([0, 1], 12), months=np.tile(np.arange(12), 2).astype(np.int32), jumps=jumps.ravel(),
        levels=levels.ravel(), quiet=quiet, debtless=quiet & (np.arange(24) > 5), moratorium=np.arange(24) % 12 == 2,
        learned=np.arange(24) % 12 > 2,
        onset_firms=np.array([1, 0]), kinds=np.array(["slow", ""]), to_jump=np.array([5.0, np.inf]),
        to_alert=np.array([1.0, np.inf]),
    )  # fmt: skip


def test_rates_are_for_a_hundred_years_of_a_firm() -> None:
    lines = {line[0]: line[1:4] for line in rates(invented(), Resampling(0))}
    assert lines["all firms"] == ["2", "3", "150.000"]
    assert lines["quiet firms"] == ["1", "1", "100.000"]
    assert lines["quiet firms, in the moratorium"] == ["0", "1", "1200.000"]
    assert lines["any firm, in a year without debt"][2] == "0.000"
    assert lines["quiet firms, by the scorecard alone"] == ["0", "1", "400.000"]
    assert lines["quiet firms, once learned"][1:] == ["0", "0.000"]


def test_onsets_are_found_within_so_many_months() -> None:
    lines = {line[0]: line[1:] for line in found(invented(), Resampling(0))}
    assert lines == {
        "slow": ["1", "0.000", "1.000", "1.000", "1.000"],
        "none: chance": ["1", "0.000", "0.000", "0.000", "0.000"],
    }


def test_a_world_and_itself_have_the_rates_of_the_one_and_twice_its_firms() -> None:
    one, both = (list(rates(of, Resampling(0))) for of in (invented(), together([invented()] * 2)))
    assert [line[3:] for line in both] == [line[3:] for line in one]
    assert both[0][1:3] == ["4", "6"]


@pytest.fixture(scope="module")
def alone() -> Lives:
    return lives(WORLD, 3, EAGER, alone=True)


def test_without_levels_only_jumps_are_told(alone: Lives) -> None:
    assert alone.levels.sum() == 0
    assert alone.jumps.sum() > 0


def test_firm_months_occur_once_and_onsets_are_of_what_the_simulator_plants(alone: Lives) -> None:
    pairs = np.column_stack([alone.firms, alone.months])
    assert len(np.unique(pairs, axis=0)) == len(pairs)
    assert set(alone.kinds.tolist()) <= {*KINDS, ""}
    assert not set(alone.firms[alone.quiet].tolist()) & set(alone.onset_firms[alone.kinds != ""].tolist())
    assert (alone.to_alert <= alone.to_jump).all()
    assert alone.moratorium.any()


def test_the_tables(capsys: pytest.CaptureFixture[str]) -> None:
    run(WORLD, [3], EAGER, alone=False, bootstrap=5)
    first, second = capsys.readouterr().out.strip().split("\n\n")
    for table, header in ((first, RATES), (second, FOUND)):
        assert {line.count("|") for line in table.splitlines()} == {len(header) + 1}
