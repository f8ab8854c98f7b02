"""Levels are reached at once and left slowly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.tiers import TierOptions, kept, reached

CUTS = np.array([-2.0, -0.5])
OPTIONS = TierOptions(expert_reach=0.5, hysteresis=0.5, dwell_days=60)
logits = st.floats(-6, 4)


def level(logit: float, expert: bool = False) -> int:
    return int(reached(np.array([logit]), np.array([expert]), CUTS, OPTIONS)[0])


def stays(tier: int, logit: float, days: int) -> int:
    since, today = np.array([700_000], np.int32), np.array([700_000 + days], np.int32)
    return int(kept(np.array([tier], np.uint8), since, np.array([logit]), today, CUTS, OPTIONS)[0])


@pytest.mark.parametrize(
    ("logit", "expert", "expected"),
    [
        (-2.01, False, 0), (-2.0, False, 1), (-0.51, False, 1), (-0.5, False, 2), (3.0, False, 2),
        (-2.51, True, 0), (-2.5, True, 1), (-1.01, True, 1), (-1.0, True, 2), (-6.0, True, 0),
    ],
)  # fmt: skip
def test_a_level_is_reached_at_its_threshold(logit: float, expert: bool, expected: int) -> None:
    assert level(logit, expert) == expected


@given(logits)
def test_the_expert_rule_raises_by_one_level_at_most(logit: float) -> None:
    assert level(logit) <= level(logit, True) <= level(logit) + 1


@pytest.mark.parametrize(
    ("tier", "logit", "days", "expected"),
    [
        (1, -2.49, 60, 1), (1, -2.51, 60, 0), (1, -2.51, 59, 1), (2, -0.99, 60, 2), (2, -1.01, 60, 1),
        (2, -2.51, 60, 0), (2, -6.0, 59, 2), (0, 4.0, 60, 0),
    ],
)  # fmt: skip
def test_a_level_is_left_only_when_clearly_below_and_after_a_while(
    tier: int, logit: float, days: int, expected: int
) -> None:
    assert stays(tier, logit, days) == expected


@given(st.integers(0, 2), logits, st.integers(0, 200))
def test_keeping_never_raises(tier: int, logit: float, days: int) -> None:
    assert stays(tier, logit, days) <= tier


@given(logits, st.floats(-0.24, 0.24))
def test_a_score_that_trembles_does_not_flicker(logit: float, tremble: float) -> None:
    high, low = logit + abs(tremble), logit - abs(tremble)
    assert stays(level(high), low, 365) == level(high)
