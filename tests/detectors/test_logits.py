import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.logits import MAX_LOGIT, log_loss, logit, sigmoid


@given(st.floats(-MAX_LOGIT, MAX_LOGIT))
def test_log_odds_come_back_from_probabilities(x: float) -> None:
    p = float(sigmoid(np.array([x]))[0])
    assert 0.0 < p < 1.0
    assert logit(p) == pytest.approx(x, abs=1e-8)


def test_extreme_log_odds_neither_overflow_nor_warn() -> None:
    assert sigmoid(np.array([-1e300, -800.0, 0.0, 800.0, 1e300])).tolist() == pytest.approx([0, 0, 0.5, 1, 1])


@given(st.floats(-MAX_LOGIT, MAX_LOGIT))
def test_the_loss_is_minus_the_log_of_what_came_true(x: float) -> None:
    p = float(sigmoid(np.array([x]))[0])
    losses = log_loss(np.array([x, x]), np.array([True, False]))
    assert losses == pytest.approx([-np.log(p), -np.log1p(-p)], rel=1e-7, abs=1e-12)
