"""Counts of a month's scores: by hand, and the same whatever the partitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.labels import Cohort
from detectors.logits import sigmoid
from detectors.month_scores import CUTS, MonthScores, cells, count, merged

CODES = ("", "2A", "75")
Firm = tuple[int, float, float | None, bool]


def cohort(month: int, sirens: list[int], logits: list[float]) -> Cohort:
    n = len(sirens)
    columns = np.zeros((n, 1), np.uint8), np.zeros((n, 1), np.float32)
    return Cohort(month, np.array(sirens, np.uint32), *columns, np.array(logits, np.float64))


def counted(firms: list[tuple[int, int, float, float | None, bool]]) -> MonthScores:
    """Of firms as SIREN, department, score, earlier score and whether they failed."""
    now = cohort(2, [f[0] for f in firms], [f[2] for f in firms])
    then = [f for f in firms if f[3] is not None]
    before = cohort(1, [f[0] for f in then][::-1], [f[3] or 0.0 for f in then][::-1])
    departments = np.array([CODES[f[1]].encode() for f in firms], "S3")
    return count(now, departments, before, np.array([f[4] for f in then][::-1], bool))


quarters = st.integers(-60, 60).map(lambda quarter: quarter / 4)
firms = st.lists(
    st.tuples(
        st.integers(1, 999),
        st.integers(0, 2),
        quarters,
        st.none() | quarters,
        st.booleans(),
    ),
    max_size=20,
    unique_by=lambda f: f[0],
)


@given(firms)
def test_rises_are_the_firms_that_pass_a_cut(all_firms: list[tuple[int, int, float, float | None, bool]]) -> None:
    found = counted(all_firms)
    assert found.total.sum() == len(all_firms)
    for i, code in enumerate(found.departments):
        here = [f for f in all_firms if CODES[f[1]] == code]
        for cell in (1, 2, 100, 128, 255):
            passed = [f for f in here if f[2] >= CUTS[cell] or cell == 1]
            passed = [f for f in passed if f[3] is None or (f[3] < CUTS[cell] and cell > 1)]
            assert found.rises[i, cell] == len(passed)
    assert found.openings == sum(f[4] for f in all_firms if f[3] is not None)
    assert found.followed == sum(f[3] is not None for f in all_firms)


@given(firms, st.integers(1, 4))
def test_partitions_add_up(all_firms: list[tuple[int, int, float, float | None, bool]], partitions: int) -> None:
    parts = [counted([f for f in all_firms if f[0] % partitions == p]) for p in range(partitions)]
    together, apart = counted(all_firms), merged(parts)
    assert apart.departments == together.departments
    assert (apart.firms == together.firms).all()
    assert (apart.rises == together.rises).all()
    assert (apart.followed, apart.openings) == (together.followed, together.openings)


def test_the_promise_is_the_sum_of_the_probabilities() -> None:
    logits = np.random.default_rng(1).normal(-3, 1.5, 2_000)
    found = counted([(i + 1, 0, float(x), None, False) for i, x in enumerate(logits)])
    assert found.promised == pytest.approx(sigmoid(logits).sum(), rel=0.01)


def test_cells_hold_what_is_at_or_above_their_cut() -> None:
    logits = np.array([np.nan, -20.0, -7.93, 0.0, 0.0624, 0.0625, 20.0])
    assert cells(logits).tolist() == [0, 1, 1, 128, 128, 129, 255]
