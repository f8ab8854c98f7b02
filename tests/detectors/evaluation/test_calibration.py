"""Against scikit-learn where it has the figure, against the definition where it has not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as reference_log_loss

from detectors.evaluation.calibration import (
    brier_skill,
    calibration_error,
    equal_mass_bins,
    log_losses,
    mean,
    reliability,
    squared_errors,
)

rows = st.lists(
    st.tuples(st.floats(0.0, 1.0, width=16), st.booleans(), st.integers(0, 3)), min_size=1, max_size=60
).filter(lambda rows: sum(weight for _, _, weight in rows) > 0)


def columns(rows: list[tuple[float, bool, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    probabilities, labels, weights = zip(*rows, strict=True)
    return np.array(probabilities), np.array(labels, bool), np.array(weights, float)


@settings(max_examples=200, deadline=None)
@given(rows)
def test_brier_and_log_loss_are_those_of_scikit_learn(rows: list[tuple[float, bool, int]]) -> None:
    p, labels, weights = columns(rows)
    assert mean(squared_errors(p, labels), weights) == pytest.approx(
        brier_score_loss(labels, p, sample_weight=weights, pos_label=True, labels=[False, True])
    )
    clipped = np.clip(p, 1e-15, 1 - 1e-15)
    assert mean(log_losses(p, labels), weights) == pytest.approx(
        reference_log_loss(labels, clipped, sample_weight=weights, labels=[False, True])
    )


@settings(max_examples=200, deadline=None)
@given(rows, st.integers(1, 10))
def test_bins_keep_equal_probabilities_together_in_order_and_none_overflows(
    rows: list[tuple[float, bool, int]], bins: int
) -> None:
    p, _, _ = columns(rows)
    found = equal_mass_bins(p, bins)
    assert found.min() >= 0
    assert found.max() < bins
    assert (np.diff(found[np.argsort(p, kind="stable")]) >= 0).all()
    for value in np.unique(p):
        assert len(np.unique(found[p == value])) == 1


def test_distinct_probabilities_fill_bins_alike() -> None:
    p = np.random.default_rng(1).permutation(1000) / 1000
    assert np.bincount(equal_mass_bins(p, 20)).tolist() == [50] * 20


@settings(max_examples=200, deadline=None)
@given(rows, st.integers(1, 6))
def test_the_error_is_the_weighted_distance_by_bin(rows: list[tuple[float, bool, int]], bins: int) -> None:
    p, labels, weights = columns(rows)
    found = equal_mass_bins(p, bins)
    expected = sum(abs((weights * (p - labels))[found == b].sum()) for b in range(bins)) / weights.sum()
    assert calibration_error(reliability(p, labels, weights, found)) == pytest.approx(expected, abs=1e-12)


def test_four_rows_by_hand() -> None:
    p, labels, ones = np.array([0.1, 0.2, 0.6, 0.9]), np.array([False, True, True, True]), np.ones(4)
    assert mean(squared_errors(p, labels), ones) == pytest.approx((0.01 + 0.64 + 0.16 + 0.01) / 4)
    table = reliability(p, labels, ones, equal_mass_bins(p, 2))
    assert table.predicted == pytest.approx([0.15, 0.75])
    assert table.observed.tolist() == [0.5, 1.0]
    assert calibration_error(table) == pytest.approx((0.35 + 0.25) / 2)


def test_skill_is_against_always_saying_the_base_rate() -> None:
    labels = np.array([True, False, False, False])
    constant = mean(squared_errors(np.full(4, 0.25), labels), np.ones(4))
    assert brier_skill(constant, 0.25) == pytest.approx(0.0)
    assert brier_skill(0.0, 0.25) == 1.0
    assert np.isnan(brier_skill(0.0, 0.0))


def test_certain_and_wrong_is_not_infinite() -> None:
    assert np.isfinite(log_losses(np.array([0.0, 1.0]), np.array([True, False]))).all()


def test_nothing_that_weighs_has_no_mean() -> None:
    assert np.isnan(mean(np.ones(2), np.zeros(2)))
