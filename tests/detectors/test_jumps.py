"""Quiet firms do not jump, firms that change do."""

import numpy as np
from numpy.typing import NDArray

from detectors.jumps import JumpOptions, jumped, month_end

OPTIONS = JumpOptions()
Scores = NDArray[np.float64]


def watched(scores: Scores, options: JumpOptions = OPTIONS) -> NDArray[np.bool_]:
    """Which of the month-end scores (firms, months) jump, each judged by the ones before it."""
    firms, months = scores.shape
    usual, spread, ends = np.zeros(firms), np.zeros(firms), np.zeros(firms, np.int32)
    found = np.zeros(scores.shape, bool)
    for month in range(months):
        excess = scores[:, month]
        found[:, month] = jumped(excess, usual, spread, ends, options)
        usual, spread = month_end(excess, usual, spread, ends, options)
        ends = ends + 1
    return found


def noise(deviation: float, persistence: float = 0.0, firms: int = 2_000, months: int = 60) -> Scores:
    rng = np.random.default_rng(7)
    steps = rng.normal(0.0, deviation * np.sqrt(1 - persistence**2), (firms, months))
    scores = np.empty_like(steps)
    scores[:, 0] = steps[:, 0]
    for month in range(1, months):
        scores[:, month] = persistence * scores[:, month - 1] + steps[:, month]
    return scores


def test_false_alarms_of_quiet_noisy_firms_are_rare() -> None:
    rates = {d: watched(noise(d))[:, 12:].mean() for d in (0.1, 0.3, 0.5, 1.0)}
    assert rates[0.1] == 0.0
    assert rates[0.3] < 0.001
    # The spread is itself an estimate from about seven months: three deviations are passed more often than the normal
    # law says. Measured: .012 and .016 a month end.
    assert rates[0.5] < 0.013
    assert rates[1.0] < 0.018


def test_false_alarms_are_rarer_where_scores_linger() -> None:
    assert watched(noise(0.5, persistence=0.8))[:, 12:].mean() < 0.002


def test_a_planted_jump_is_found_the_month_it_happens() -> None:
    scores = noise(0.2)
    scores[:, 30:] += 2.0
    found = watched(scores)
    assert found[:, 30].mean() > 0.97
    assert found[:, 12:30].mean() < 0.001


def test_a_slow_rise_is_no_jump() -> None:
    scores = noise(0.1) + 0.05 * np.arange(60)
    assert watched(scores)[:, 12:].mean() < 0.001


def test_a_fall_is_no_jump() -> None:
    scores = noise(0.1)
    scores[:, 30:] -= 3.0
    assert not watched(scores)[:, 12:60].any()


def test_nobody_jumps_before_three_month_ends() -> None:
    scores = np.array([[0.0, 5.0, 10.0, 90.0]])
    assert watched(scores).tolist() == [[False, False, False, True]]


def test_the_first_month_end_is_the_usual_level() -> None:
    usual, spread = month_end(np.array([-1.5]), np.array([9.0]), np.array([4.0]), np.array([0]), OPTIONS)
    assert (usual.tolist(), spread.tolist()) == ([-1.5], [0.0])


def test_the_usual_level_and_the_spread_are_weighted_ones() -> None:
    """Against the weights written out: (1 - memory)^age for each month, what is left for the first."""
    scores, memory = [0.3, -0.4, 1.1, 0.2, 0.9], 0.25
    usual, spread = np.zeros(1), np.zeros(1)
    for n, score in enumerate(scores):
        usual, spread = month_end(np.array([score]), usual, spread, np.array([n]), JumpOptions(memory=memory))
    ages = np.arange(len(scores))[::-1]
    weights = memory * (1 - memory) ** ages
    weights[0] = (1 - memory) ** ages[0]
    mean = weights @ np.array(scores)
    np.testing.assert_allclose(usual[0], mean)
    np.testing.assert_allclose(spread[0], weights @ (np.array(scores) - mean) ** 2)
