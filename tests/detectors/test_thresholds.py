"""Cuts against trying every one of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.logits import logit
from detectors.models import PRIOR_THRESHOLDS
from detectors.thresholds import GAP, PRIOR_POSITIVES, PRIOR_RATE, best_cut, learn, of_rate

pairs = st.lists(st.tuples(st.integers(-8, 8), st.booleans()), min_size=1, max_size=40).filter(
    lambda rows: any(label for _, label in rows)
)


def f_beta(rows: list[tuple[float, bool]], cut: float, beta: float) -> float:
    """By its definition: precision and recall of calling everybody from `cut` on."""
    called = [label for score, label in rows if score >= cut]
    hits, positives = sum(called), sum(label for _, label in rows)
    if not hits:
        return 0.0
    precision, recall = hits / len(called), hits / positives
    return (1 + beta**2) * precision * recall / (beta**2 * precision + recall)


def columns(rows: list[tuple[float, bool]]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    return np.array([float(score) for score, _ in rows]), np.array([label for _, label in rows])


@settings(max_examples=300, deadline=None)
@given(pairs, st.sampled_from([0.5, 1.0, 2.0]))
def test_no_other_cut_is_better(rows: list[tuple[float, bool]], beta: float) -> None:
    cut = best_cut(*columns(rows), beta)
    assert cut in {score for score, _ in rows}
    best = max(f_beta(rows, score, beta) for score, _ in rows)
    assert f_beta(rows, cut, beta) == pytest.approx(best, rel=1e-12)


@settings(max_examples=100, deadline=None)
@given(pairs)
def test_strong_lies_above_moderate(rows: list[tuple[float, bool]]) -> None:
    levels = learn(*columns(rows))
    assert logit(levels.strong) - logit(levels.moderate) >= GAP - 1e-9
    assert 0 < levels.moderate < levels.strong < 1


def test_without_positives_the_prior_ones_stand() -> None:
    for logits in ([], [3.0]):
        levels = learn(np.array(logits), np.zeros(len(logits), bool))
        # Taken to log-odds and back, which may cost the last bit.
        assert (levels.moderate, levels.strong) == pytest.approx(
            (PRIOR_THRESHOLDS.moderate, PRIOR_THRESHOLDS.strong), rel=1e-14
        )


def test_few_positives_move_the_thresholds_little_and_many_all_the_way() -> None:
    rng = np.random.default_rng(2)
    for positives, share in ((1, 1 / (1 + PRIOR_POSITIVES)), (4000, 4000 / (4000 + PRIOR_POSITIVES))):
        labels = np.arange(positives * 20) < positives
        logits = np.where(labels, 1.0, -4.0) + rng.normal(0, 0.1, len(labels))
        levels = learn(logits, labels)
        expected = share * best_cut(logits, labels, 2.0) + (1 - share) * logit(PRIOR_THRESHOLDS.moderate)
        assert logit(levels.moderate) == pytest.approx(expected)
        assert np.array_equal(logits >= best_cut(logits, labels, 2.0), labels)


def test_moderate_reaches_further_than_strong() -> None:
    rng = np.random.default_rng(3)
    labels = rng.random(20_000) < 0.05
    logits = rng.normal(np.where(labels, -1.0, -3.5), 1.0)
    assert best_cut(logits, labels, 2.0) < best_cut(logits, labels, 0.5)


@settings(max_examples=100, deadline=None)
@given(pairs, st.data(), st.sampled_from([0.5, 2.0]))
def test_a_weight_stands_for_so_many_rows_alike(
    rows: list[tuple[float, bool]], data: st.DataObject, beta: float
) -> None:
    times = data.draw(st.lists(st.integers(1, 4), min_size=len(rows), max_size=len(rows)))
    repeated = [row for row, n in zip(rows, times, strict=True) for _ in range(n)]
    assert best_cut(*columns(rows), beta, np.array(times, np.float64)) == best_cut(*columns(repeated), beta)


@given(st.floats(0.001, 0.5))
def test_the_prior_ones_move_with_the_base_rate(rate: float) -> None:
    """A level is so many times as high, in odds, as what is usual."""
    levels = of_rate(rate)
    for level, prior in ((levels.moderate, PRIOR_THRESHOLDS.moderate), (levels.strong, PRIOR_THRESHOLDS.strong)):
        assert logit(level) - logit(rate) == pytest.approx(logit(prior) - logit(PRIOR_RATE), abs=1e-9)


@pytest.mark.parametrize("rate", [0.0, 1.0, float("nan")])
def test_without_a_rate_the_prior_ones_stand(rate: float) -> None:
    assert of_rate(rate) == PRIOR_THRESHOLDS


def test_few_positives_leave_the_levels_where_the_rate_puts_them() -> None:
    levels, prior = learn(np.array([5.0, -5.0]), np.array([True, False]), rate=0.01), of_rate(0.01)
    assert logit(levels.moderate) == pytest.approx(logit(prior.moderate), abs=0.05)
    assert logit(levels.strong) == pytest.approx(logit(prior.strong), abs=0.05)
