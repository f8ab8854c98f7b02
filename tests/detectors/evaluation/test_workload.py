"""Rises of level counted one by one, and lists with ties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.evaluation.workload import by_month, per_week, precision_at, raised

FEBRUARY = 2019 * 12 + 1
GRID = st.dictionaries(st.tuples(st.integers(1, 4), st.integers(0, 6)), st.integers(0, 2), min_size=1)


@settings(max_examples=200, deadline=None)
@given(GRID, st.randoms())
def test_a_rise_is_a_level_above_that_of_the_month_before(
    tiers: dict[tuple[int, int], int], random: np.random.Generator
) -> None:
    rows = list(tiers.items())
    random.shuffle(rows)
    expected = sorted(month for (firm, month), tier in rows if month > 0 and tier > tiers.get((firm, month - 1), 0))
    found = raised(
        np.array([firm for (firm, _), _ in rows], np.uint32),
        np.array([month for (_, month), _ in rows], np.int32),
        np.array([tier for _, tier in rows], np.uint8),
        first=0,
    )
    assert sorted(found.tolist()) == expected


def test_a_week_is_seven_days_of_the_month() -> None:
    loads = by_month(np.array([FEBRUARY, FEBRUARY, FEBRUARY + 2, FEBRUARY + 9]), FEBRUARY, FEBRUARY + 2)
    assert [(load.count, load.per_week) for load in loads] == [(2, 0.5), (0, 0.0), (1, pytest.approx(7 / 30))]
    assert per_week(loads) == pytest.approx(3 / (89 / 7))
    assert per_week(()) is None


def test_a_list_shares_its_last_places_among_equals() -> None:
    months = np.array([1, 1, 1, 1, 2, 2])
    scores = np.array([0.9, 0.5, 0.5, 0.1, 0.3, 0.2])
    labels = np.array([True, True, False, True, False, True])
    assert precision_at(1, months, scores, labels) == pytest.approx((1 + 0) / 2)
    assert precision_at(2, months, scores, labels) == pytest.approx((1.5 / 2 + 0.5) / 2)
    assert precision_at(100, months, scores, labels) == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert precision_at(1, months[:0], scores[:0], labels[:0]) is None
