"""The expert prior says what it claims to say."""

import numpy as np

from detectors import scorecard
from detectors.features import names
from detectors.models import prior, sigmoid


def test_every_weight_belongs_to_a_feature() -> None:
    assert set(scorecard.WEIGHTS) <= set(names())
    weights = dict(zip(names(), scorecard.weights().tolist(), strict=True))
    assert {name: weight for name, weight in weights.items() if weight} == scorecard.WEIGHTS


def test_a_firm_without_a_sign_of_distress_is_at_the_rate_it_states() -> None:
    assert 0.03 < sigmoid(np.array([scorecard.BASE]))[0] < 0.04


def test_it_is_the_first_model() -> None:
    assert (prior().base, prior().weights) == (scorecard.BASE, tuple(scorecard.weights().tolist()))
    assert prior().as_of is None
