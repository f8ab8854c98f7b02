"""Statistics of change: what they are, and how often they cry wolf."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from river.drift import PageHinkley

from detectors import drift


def counts(values: list[int]) -> drift.Counts:
    row = np.zeros((1, 256), np.int64)
    row[0, : len(values)] = values
    return row


def test_the_same_distribution_has_no_index() -> None:
    assert drift.stability(counts([5, 100, 100]), counts([50, 1_000, 1_000]))[0] == pytest.approx(0, abs=1e-12)


def test_the_index_is_that_of_its_definition() -> None:
    """Two cells, one bin each: sum of (p - q) log(p / q), with half a firm in each of eleven bins."""
    found = drift.stability(counts([0, 300, 700]), counts([0, 500, 500]))[0]
    p, q = (np.array([n + 0.5 for n in of] + [0.5] * 9) / 1_005.5 for of in ((300, 700), (500, 500)))
    assert found == pytest.approx(((p - q) * np.log(p / q)).sum())


@given(st.lists(st.integers(0, 50), min_size=2, max_size=20), st.lists(st.integers(0, 50), min_size=2, max_size=20))
def test_the_index_is_finite_and_never_negative(month: list[int], reference: list[int]) -> None:
    index = drift.stability(counts(month), counts(reference))[0]
    assert np.isfinite(index)
    assert index >= -1e-12


def test_unknown_values_are_a_bin_of_their_own() -> None:
    assert drift.stability(counts([500, 500]), counts([0, 1_000]))[0] > 1


@pytest.mark.parametrize(
    ("freedom", "rate", "quantile"),
    [(11, 1 / 180, 3.0468), (11, 1 / 1_080, 4.0699), (23, 1 / 180, 2.7614), (23, 1 / 1_080, 3.5165)],
)
def test_the_quantile_is_student_s(freedom: int, rate: float, quantile: float) -> None:
    """The values are SciPy's."""
    assert drift._student(1 - rate, freedom) == pytest.approx(quantile, rel=0.005)


def test_the_limit_is_passed_as_often_as_it_says() -> None:
    random = np.random.default_rng(3)
    draws = random.normal(-2, 0.6, (4_000, 25))
    passed = np.mean([row[-1] > drift.limit(row[:-1].tolist(), 0.02) for row in draws])
    assert 0.013 < passed < 0.028


@pytest.mark.parametrize("months", [180.0, 60.0])
def test_the_errors_are_quiet_for_as_long_as_their_budget_says(months: float) -> None:
    """Steps to the first false alarm, of a count that is as expected; within what Siegmund's formula and six first
    steps without any are off by."""
    random, lengths = np.random.default_rng(4), []
    for _ in range(60):
        test = PageHinkley(
            min_instances=6,
            delta=drift.ALLOWANCE,
            threshold=drift.page_hinkley_threshold(months),
            alpha=1.0,
            mode="both",
        )
        steps = 0
        while not test.drift_detected:
            test.update(drift.surprise(int(random.poisson(20)), 20.0))
            steps += 1
        lengths.append(steps)
    assert 0.6 * months < np.mean(lengths) < 2.5 * months


def test_a_mean_that_moves_is_found_within_months() -> None:
    random = np.random.default_rng(5)
    quiet = [drift.surprise(int(n), 12.0) for n in random.poisson(12, 24)]
    frozen = [drift.surprise(int(n), 12.0) for n in random.poisson(3, 6)]
    found = [drift.mean_moved([*quiet, *frozen[:n]], 180.0) for n in range(1, 7)]
    assert not drift.mean_moved(quiet, 180.0)
    assert any(found[:3])
