"""Levels are reached at once and left slowly."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.batch import batch_of
from detectors.chain import Chain
from detectors.events import AnyEvent, Clock, Headcount, PaymentDelay
from detectors.models import prior
from detectors.months import first_day, month_of
from detectors.tiers import TierOptions, held, kept, reached

CUTS = np.array([-2.0, -0.5])
BASE = -3.5
OPTIONS = TierOptions(expert_reach=0.5, hysteresis=0.5, dwell_days=60)
logits = st.floats(-6, 4)


def level(logit: float, expert: bool = False) -> int:
    return int(reached(np.array([logit]), np.array([expert]), CUTS, OPTIONS)[0])


def stays(tier: int, logit: float, days: int) -> int:
    since, today = np.array([700_000], np.int32), np.array([700_000 + days], np.int32)
    now = held(np.array([logit]), CUTS, BASE, OPTIONS)
    return int(kept(np.array([tier], np.uint8), since, now, today, OPTIONS)[0])


@pytest.mark.parametrize(
    ("logit", "expert", "expected"),
    [
        (-2.01, False, 0), (-2.0, False, 1), (-0.51, False, 1), (-0.5, False, 2), (3.0, False, 2),
        (-2.51, True, 0), (-2.5, True, 1), (-1.01, True, 1), (-1.0, True, 2), (-6.0, True, 0),
    ],
)  # fmt: skip
def test_a_level_is_reached_at_its_threshold(logit: float, expert: bool, expected: int) -> None:
    assert level(logit, expert) == expected


@pytest.mark.parametrize(("base", "expected"), [(-3.1, -2.5), (-2.6, -2.3), (-2.0, -2.0), (-1.0, -2.0)])
def test_a_level_near_to_most_firms_is_left_half_way_to_them(base: float, expected: float) -> None:
    scores = np.linspace(-4, 0, 401)
    lowest = scores[held(scores, CUTS, base, OPTIONS) >= 1].min()
    assert lowest == pytest.approx(expected, abs=0.0101)


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


def debt(day: date, version: int, euros: float) -> PaymentDelay:
    return PaymentDelay(
        siren="100000001",
        siret=None,
        known_at=day,
        account="a",
        period_start=date(2020, 1, 1),
        period_end=date(2020, 2, 1),
        sequence="1",
        version=version,
        employee_share=euros / 4,
        employer_share=euros,
        counted_from=day.replace(day=1),
        account_state=None,
        proceeding_code=None,
        operation_code=None,
        reason_code=None,
        disputed=None,
    )


def test_a_debt_that_comes_and_goes_is_told_once() -> None:
    """A firm that pays and falls behind again every other month keeps its level; once it pays for good it leaves it."""
    start = month_of(date(2020, 2, 1))
    heads = Headcount(
        siren="100000001",
        siret=None,
        known_at=date(2020, 2, 1),
        account=None,
        month=date(2020, 1, 1),
        headcount=20,
    )
    events: list[AnyEvent] = [heads]
    events += [debt(first_day(start + m).replace(day=9), m, 90_000.0 * (m % 2 == 0)) for m in range(12)]
    events += [debt(date(2021, 2, 9), 12, 0.0), Clock(known_at=date(2021, 12, 1))]
    decisions = [d for outcome in Chain(prior()).step(batch_of(events)) for d in outcome.decisions]
    kinds = [d.kind for d in decisions if d.kind != "jump"]
    assert kinds.count("lowered") == 1
    assert kinds[-1] == "lowered"
    assert kinds.count("raised") <= 2
