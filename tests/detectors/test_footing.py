"""While the world is another, as many firms as usual are called at risk, and scores mean what they did."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors import month_scores
from detectors.footing import MONTHS, Footing, cut_above, followed, hushes, more_fail, share_above
from detectors.labels import Cohort
from detectors.logits import logit, sigmoid
from detectors.models import MEMBERS, Thresholds
from detectors.month_scores import CUTS, MonthScores
from detectors.regime import Finding, Regime

LEVELS = Thresholds(moderate=0.12, strong=0.35)
NOW = 24_000
CALM = Regime(month=NOW)
ALARM = Regime(month=NOW, inputs=Finding("alarm", NOW - 2), openings=3, promised=9.0)
FIRMS = 20_000


def scores_of(logits: NDArray[np.float64]) -> MonthScores:
    n = len(logits)
    cohort = Cohort(
        NOW,
        np.arange(n, dtype=np.uint32),
        np.zeros((n, 1), np.uint8),
        np.zeros((n, len(MEMBERS)), np.float32),
        logits,
    )
    return month_scores.count(cohort, np.full(n, b"75", "S3"), None, np.zeros(0, bool))


def drawn(shift: float = 0.0, spread: float = 0.8, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(-3.0 + shift, spread, FIRMS)


def usual() -> Footing:
    footing = Footing()
    for _ in range(MONTHS):
        footing, _ = followed(footing, scores_of(drawn()), LEVELS, CALM)
    return footing


def called(logits: NDArray[np.float64], levels: Thresholds) -> tuple[float, float]:
    return float((logits >= logit(levels.moderate)).mean()), float((logits >= logit(levels.strong)).mean())


@settings(max_examples=30, deadline=None)
@given(st.floats(-1.0, 1.0), st.floats(0.6, 1.3))
def test_a_swollen_month_calls_as_many_firms_and_means_as_much(shift: float, spread: float) -> None:
    footing, levels = followed(usual(), scores_of(drawn(shift, spread)), LEVELS, ALARM)
    # The next month is like this one, and is scored on the new footing.
    after = drawn(shift, spread) + footing.away
    assert called(after, levels) == pytest.approx(called(drawn(), LEVELS), abs=0.004)
    assert float(sigmoid(after).mean()) == pytest.approx(float(sigmoid(drawn()).mean()), rel=0.02)
    again, same = followed(footing, scores_of(after), levels, ALARM)
    assert called(drawn(shift, spread) + again.away, same) == pytest.approx(called(drawn(), LEVELS), abs=0.004)
    assert abs(again.away - footing.away) <= abs(footing.away) + 1e-9


def test_outside_alarms_levels_stay_and_scores_come_back() -> None:
    away, levels = followed(usual(), scores_of(drawn(1.0)), LEVELS, ALARM)
    assert away.away < -0.5
    back, same = followed(away, scores_of(drawn()), levels, CALM)
    assert same == levels
    assert back.away == away.away / 2
    assert len(back.means) == len(back.shares) == MONTHS


def test_recovering_changes_nothing() -> None:
    recovering = Regime(month=NOW, inputs=Finding("recovering", NOW - 5, 1))
    assert followed(usual(), scores_of(drawn(1.0)), LEVELS, recovering) == (usual(), LEVELS)


def test_where_clearly_more_fail_than_was_promised_scores_rise() -> None:
    """A crisis is no moratorium: a risk that has come true is told."""
    crisis = Regime(month=NOW, inputs=Finding("alarm", NOW), openings=40, promised=20.0)
    assert more_fail(crisis)
    assert followed(usual(), scores_of(drawn(1.0)), LEVELS, crisis) == (usual(), LEVELS)
    assert not hushes(crisis)
    assert not more_fail(Regime(openings=24, promised=20.0))


def test_without_a_past_nothing_is_usual() -> None:
    assert followed(Footing(), scores_of(drawn(1.0)), LEVELS, ALARM) == (Footing(), LEVELS)
    assert followed(usual(), scores_of(np.zeros(0)), LEVELS, ALARM) == (usual(), LEVELS)


def test_only_the_first_month_of_an_alarm_is_hushed() -> None:
    assert hushes(Regime(month=NOW, inputs=Finding("alarm", NOW)))
    assert not hushes(Regime(month=NOW + 1, inputs=Finding("alarm", NOW)))
    assert not hushes(CALM)


@settings(max_examples=50, deadline=None)
@given(st.floats(-6.0, 2.0), st.integers(0, 10**6))
def test_a_cut_and_the_share_above_it_are_each_others_inverse(cut: float, seed: int) -> None:
    logits = drawn(seed=seed)
    total = scores_of(logits).total
    share = share_above(total, cut)
    assert share == pytest.approx(float((logits >= cut).mean()), abs=0.03)
    if 0.001 < share < 0.999:
        assert cut_above(total, share) == pytest.approx(cut, abs=2 * float(CUTS[1] - CUTS[0]))
