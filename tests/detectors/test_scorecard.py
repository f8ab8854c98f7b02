"""The expert prior says what it claims to say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import scorecard
from detectors.features import FEATURES, names
from detectors.logits import sigmoid
from detectors.models import Scorer, prior
from detectors.portfolio import Portfolio, count, nobody
from detectors.scales import UNKNOWN_CODE
from tests.detectors.answering import FIRST, WIDTH, World


def points(name: str, value: float) -> float:
    """The points for a value of a feature, as it comes out of its code."""
    feature = names().index(name)
    return float(scorecard.POINTS[feature, FEATURES[feature].scale.encode(np.array([value]))[0]])


def test_every_weight_belongs_to_a_feature() -> None:
    told = {name for name, row in zip(names(), scorecard.POINTS, strict=True) if row.any()}
    assert told == set(scorecard._POINTS)
    assert scorecard.POINTS.shape == (len(names()), 256)


def test_a_firm_without_a_sign_of_distress_is_at_the_rate_it_states() -> None:
    assert 0.03 < sigmoid(np.array([scorecard.SOUND]))[0] < 0.04
    assert 0.045 < sigmoid(np.array([scorecard.AVERAGE]))[0] < 0.055


def test_what_is_unknown_has_no_points() -> None:
    assert not scorecard.POINTS[:, UNKNOWN_CODE].any()


@pytest.mark.parametrize(
    ("name", "value", "expected", "within"),
    [
        ("debt_to_contribution", 0.0, 0.0, 0.0),
        ("debt_to_contribution", 3.0, 0.6 * np.log(4.0) + 0.3, 0.03),
        ("debt_growth_3m", 0.0, 0.0, 0.0),
        ("debt_growth_3m", -3.0, -0.3 * np.log(4.0), 0.03),
        ("debt_growth_3m", 0.1, 0.3 * np.log(1.1), 0.03),
        ("debt_growth_3m", 1.0, 0.3 * np.log(2.0) + 0.3, 0.03),
        ("months_in_debt", 6.0, 0.4, 0.01),
        ("unpaid_ratio", 1.0, 1.0, 0.0),
        ("request_running", 1.0, 0.1, 0.0),
        ("headcount_change_12m", -0.5, 0.4, 0.01),
        ("headcount", 10.0, -0.1 * np.log(10.0), 0.01),
        ("schedule_running", 1.0, 0.2, 0.0),
        ("months_since_commission", 6.0, 0.5, 0.0),
        ("months_since_commission", 24.0, 0.0, 0.0),
    ],
)
def test_points_are_those_of_judgement(name: str, value: float, expected: float, within: float) -> None:
    assert points(name, value) == pytest.approx(expected, abs=within + 1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 300))
def test_the_mean_firm_of_a_month_has_no_points(seed: int, size: int) -> None:
    codes = np.random.default_rng(seed).integers(0, 256, (size, WIDTH)).astype(np.uint8)
    portfolio = Portfolio(count(codes))
    table = scorecard.table(portfolio)
    each = table[np.arange(WIDTH), codes]
    assert each.mean(axis=0) == pytest.approx(np.zeros(WIDTH), abs=1e-12)
    assert scorecard.base(portfolio) == scorecard.AVERAGE
    # One amount for all is taken off a feature: who stands above whom is what the points say.
    assert table - table[:, :1] == pytest.approx(scorecard.POINTS - scorecard.POINTS[:, :1], abs=1e-12)


def test_a_month_that_is_bad_for_all_accuses_nobody() -> None:
    month = World().month(FIRST)
    worse = month.codes.copy()
    debt = names().index("debt_to_contribution")
    worse[:, debt] = 200
    for codes in (worse, np.where(np.arange(WIDTH) == debt, 1, month.codes).astype(np.uint8)):
        assert not scorecard.table(Portfolio(count(codes)))[debt, codes[:, debt]].any()


def test_before_any_month_the_points_are_plain() -> None:
    assert np.array_equal(scorecard.table(nobody()), scorecard.POINTS)
    assert scorecard.base(nobody()) == scorecard.SOUND


def test_it_is_the_first_model() -> None:
    codes = World().month(FIRST).codes
    plain = scorecard.SOUND + scorecard.POINTS[np.arange(WIDTH), codes].sum(axis=1)
    assert Scorer(prior()).score(codes) == pytest.approx(np.clip(plain, -15, 15), abs=1e-12)
    assert Scorer(prior()).base == scorecard.SOUND
    assert prior().as_of is None
    assert prior().weights == (1.0, 0.0, 0.0, 0.0, 0.0)
