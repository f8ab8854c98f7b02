"""Figures of one cohort, against scikit-learn's and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from detectors.evaluation.prequential import figures, precision_at
from detectors.evaluation.ranking import Ranking
from detectors.logits import sigmoid


def test_the_figures_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(1)
    labels = random.random(3_000) < 0.06
    logits = random.normal(-3, 1, 3_000) + 1.5 * labels
    found, p = figures(logits, labels), sigmoid(logits)
    assert (found.firms, found.positives, found.base_rate) == (3_000, labels.sum(), labels.mean())
    assert found.average_precision == pytest.approx(average_precision_score(labels, logits))
    assert found.auroc == pytest.approx(roc_auc_score(labels, logits))
    assert found.log_loss == pytest.approx(log_loss(labels, p))
    assert found.brier == pytest.approx(brier_score_loss(labels, p))
    assert found.precision_at_list == labels[np.argsort(-logits)[:200]].mean()


def test_scores_that_mean_what_they_say_have_little_calibration_error() -> None:
    random = np.random.default_rng(2)
    logits = random.normal(-2, 1, 20_000)
    labels = random.random(20_000) < sigmoid(logits)
    assert figures(logits, labels).calibration_error < 0.01
    assert figures(logits + 1, labels).calibration_error > 0.05


def test_a_cohort_without_positives_ranks_nothing() -> None:
    found = figures(np.array([-2.0, -3.0]), np.array([False, False]))
    assert np.isnan(found.average_precision)
    assert np.isnan(found.auroc)
    assert (found.base_rate, found.precision_at_list) == (0, 0)


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=12), st.integers(1, 15))
def test_equal_scores_share_their_places(rows: list[tuple[int, bool]], size: int) -> None:
    """As the mean over many orders of the rows would have it."""
    scores, labels = (np.array(column) for column in zip(*rows, strict=True))
    found = precision_at(Ranking(scores.astype(float), labels.astype(bool)).curve(), size)
    wanted, left, hits = min(size, len(rows)), min(size, len(rows)), 0.0
    for score in sorted(set(scores.tolist()), reverse=True):
        tied = labels[scores == score]
        hits += tied.mean() * min(left, len(tied))
        left -= min(left, len(tied))
    assert found == pytest.approx(hits / wanted)
