"""Weights follow who ranks better, never lose a member, and the calibration finds the line that there is."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.blending import START, Blend, calibrated, reweighted, scorecard_shift
from detectors.labels import Cohort
from detectors.logits import sigmoid
from detectors.models import MEMBERS
from detectors.portfolio import nobody
from detectors.reservoir import Kept
from tests.detectors.answering import WIDTH

FLOOR = 0.02
"""The least weight, before the weights are made to sum to one again."""


def cohort(seed: int, size: int = 2000, skills: tuple[float, ...] = (1.0,) * 5, slope: float = 1.0) -> Kept:
    """Members that see the truth (log-odds about -3) more or less well, and answers drawn from it.

    With `slope` each member says a `slope`-th of what it should.
    """
    rng = np.random.default_rng(seed)
    truth = rng.normal(0.0, 1.5, size)
    noise = rng.normal(0.0, 1.5, (size, len(MEMBERS)))
    share = np.array(skills)
    members = (-3.0 + share * truth[:, None] + (1 - share) * noise) / slope
    labels = rng.random(size) < sigmoid(truth - 3.0)
    return kept(members.astype(np.float32), labels, np.ones(size))


def kept(members: NDArray[np.float32], labels: NDArray[np.bool_], weights: NDArray[np.float64]) -> Kept:
    size = len(labels)
    sirens, codes = np.arange(size, dtype=np.uint32), np.zeros((size, WIDTH), np.uint8)
    return Kept(Cohort(24_200, sirens, codes, members, np.zeros(size)), labels, weights, nobody())


def test_weights_sum_to_one_and_the_scorecard_has_what_was_not_learned() -> None:
    assert len(START) == len(MEMBERS)
    assert sum(START) == pytest.approx(1.0)
    assert Blend().of_members(0.0) == (1.0, 0.0, 0.0, 0.0, 0.0)
    assert Blend().of_members(1.0) == pytest.approx(START)
    for share in (0.1, 0.7):
        weights = Blend().of_members(share)
        assert sum(weights) == pytest.approx(1.0)
        assert weights[1:] == pytest.approx([share * w for w in START[1:]])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.floats(0.0, 1.0), min_size=5, max_size=5), st.floats(0.05, 1.0))
def test_whatever_happens_weights_sum_to_one_and_no_member_is_lost(
    seed: int, skills: list[float], share: float
) -> None:
    blend = Blend()
    for n in range(5):
        blend = reweighted(blend, cohort(seed + n, 200, tuple(skills), slope=0.1), share)
        assert sum(blend.weights) == pytest.approx(1.0)
        assert min(blend.weights) >= FLOOR / (1 + 5 * FLOOR)


def test_a_better_member_gains_and_a_poor_one_keeps_the_floor() -> None:
    blend, skills = Blend(), (0.2, 1.0, 0.2, 0.2, 0.2)
    weights = [blend.weights[1]]
    for n in range(30):
        blend = reweighted(blend, cohort(n, skills=skills), 1.0)
        weights.append(blend.weights[1])
    assert weights[0] < weights[5] < weights[-1]
    assert blend.weights[1] == max(blend.weights)
    assert blend.weights[1] > 0.6
    assert min(blend.weights) < 1.2 * FLOOR


def test_the_level_of_a_member_does_not_count_only_how_it_ranks() -> None:
    """A member that says the same but three units higher for everybody is worth as much."""
    one = cohort(1)
    members = one.cohort.members.copy()
    members[:, 2] = members[:, 1]
    moved = members.copy()
    moved[:, 2] += np.float32(3.0)
    blends = [
        reweighted(Blend(weights=(0.2,) * 5), replace(one, cohort=replace(one.cohort, members=m)), 1.0)
        for m in (members, moved)
    ]
    for blend in blends:
        assert blend.weights[1] == pytest.approx(blend.weights[2], rel=1e-6)


def test_one_cohort_moves_the_weights_a_little() -> None:
    moved = reweighted(Blend(), cohort(3, skills=(0.0, 1.0, 0.0, 0.0, 0.0)), 1.0)
    assert 0 < np.abs(np.array(moved.weights) - START).max() < 0.25


@pytest.mark.parametrize("why", ["a member had not learned", "nobody failed", "everybody failed"])
def test_without_a_comparison_weights_stay(why: str) -> None:
    one = cohort(4)
    if why != "a member had not learned":
        newest = replace(one, labels=np.full(len(one.labels), why == "everybody failed"))
    else:
        members = one.cohort.members.copy()
        members[:, 3] = np.nan
        newest = replace(one, cohort=replace(one.cohort, members=members))
    assert reweighted(Blend(), newest, 0.5) == Blend()


@pytest.mark.parametrize("slope", [0.5, 1.0, 2.0])
def test_the_calibration_finds_the_line_that_there_is(slope: float) -> None:
    """Members that say a half, or twice, of what they should: slope and level come out, month by month."""
    blend = Blend(weights=(0.2,) * 5)
    for n in range(15):
        recent = [cohort(100 * n + k, 20_000, slope=slope) for k in range(6)]
        blend = calibrated(blend, recent, 1.0, horizon=1)
    assert blend.slope == pytest.approx(slope, rel=0.1)
    assert blend.shift == pytest.approx(0.0, abs=0.3)
    test = cohort(99_999, 20_000, slope=slope)
    expected = float(sigmoid(blend.score(test.cohort.members, 1.0)).mean())
    assert expected == pytest.approx(test.labels.mean(), rel=0.08)


def test_a_weight_stands_for_so_many_firms() -> None:
    """Every other no is left out, and the others count twice."""
    whole = cohort(7, 8000)
    left = whole.labels | (np.arange(len(whole.labels)) % 2 == 0)
    half = Kept(whole.cohort.rows(left), whole.labels[left], np.where(whole.labels[left], 1.0, 2.0), whole.portfolio)
    one, other = (calibrated(Blend(), [k], 1.0, horizon=1) for k in (whole, half))
    assert (other.slope, other.shift) == pytest.approx((one.slope, one.shift), abs=0.05)


def test_few_rows_leave_it_at_identity() -> None:
    few = calibrated(Blend(), [cohort(5, 10, slope=5.0)], 1.0, horizon=18)
    assert (few.slope, few.shift) == pytest.approx((1.0, 0.0), abs=0.1)
    assert calibrated(Blend(), [], 1.0, horizon=18) == Blend()


def test_the_calibration_moves_a_fifth_of_the_way() -> None:
    recent = [cohort(k, 20_000, slope=2.0) for k in range(6)]
    first = calibrated(Blend(), recent, 1.0, horizon=1)
    assert 1.15 < first.slope < 1.25


def test_the_calibration_leaves_weights_alone_and_weights_the_calibration() -> None:
    assert calibrated(Blend(), [cohort(1, slope=2.0)], 1.0, 1).weights == Blend().weights
    again = reweighted(Blend(slope=1.3, shift=0.2), cohort(1), 1.0)
    assert (again.slope, again.shift) == (1.3, 0.2)


@pytest.mark.parametrize("away", [-1.5, 0.0, 0.8])
def test_the_scorecard_is_moved_to_the_level_of_the_answers(away: float) -> None:
    rng = np.random.default_rng(6)
    points = rng.normal(-3.0, 1.0, 20_000)
    labels = rng.random(len(points)) < sigmoid(points + away)
    assert scorecard_shift(points, labels, np.ones(len(points)), 1) == pytest.approx(away, abs=0.1)
    # Drawn to no shift where little is known.
    assert abs(scorecard_shift(points[:1], labels[:1], np.ones(1), 18)) < 0.2


def test_a_score_is_the_line_on_the_weighted_mean() -> None:
    members = np.array([[-3.0, -1.0, 0.0, 1.0, 2.0]], np.float32)
    blend = Blend(weights=(0.1, 0.2, 0.3, 0.2, 0.2), slope=2.0, shift=-1.0)
    assert blend.score(members, 1.0) == pytest.approx([2.0 * (-0.3 - 0.2 + 0.0 + 0.2 + 0.4) - 1.0])
    assert blend.raw(members, 0.0) == pytest.approx([-3.0])
