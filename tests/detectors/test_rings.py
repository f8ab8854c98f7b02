"""Rings of months against a dictionary from month to value."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import rings
from detectors.rings import MONTHS, NEVER

START = 2016 * 12 + 5
writes = st.lists(
    st.tuples(st.integers(0, 2), st.integers(START, START + 40), st.integers(1, 99)), min_size=1, max_size=40
)


@settings(max_examples=200, deadline=None)
@given(writes, st.sampled_from([0, -7]), st.integers(-3, 30))
def test_a_ring_holds_the_last_months(told: list[tuple[int, int, int]], blank: int, ahead: int) -> None:
    latest = np.full(3, NEVER, np.int32)
    ring, twin = np.full((3, MONTHS), 5, np.int64), np.zeros((3, MONTHS), np.int64)
    expected: list[dict[int, int]] = [{}, {}, {}]
    for row, month, value in told:
        rows, months = np.array([row]), np.array([month], np.int32)
        rings.advance(latest, months, (ring, twin), rows, blank)
        if rings.within(latest[rows], months)[0]:
            ring[row, month % MONTHS] = value
            expected[row][month] = value
    for row in range(3):
        last = max((m for r, m, _ in told if r == row), default=NEVER)
        assert latest[row] == last
        if last == NEVER:
            continue
        values = rings.ordered(latest[[row]], ring[[row], None])[0][:, 0].tolist()
        assert values == [expected[row].get(last - back, blank) for back in range(MONTHS)]
        until = last + ahead
        shown = rings.ordered(latest[[row]], ring[[row], None], np.array([until], np.int32))[0][:, 0].tolist()
        there = range(last - MONTHS + 1, last + 1)
        assert shown == [expected[row].get(m, blank) if m in there else 0 for m in range(until, until - MONTHS, -1)]


def test_several_rows_move_at_once_and_none_back() -> None:
    latest, ring = np.array([START, START + 5], np.int32), np.ones((2, MONTHS), np.int64)
    rings.advance(latest, np.array([START + 2, START + 3], np.int32), (ring,), np.array([0, 1]))
    assert latest.tolist() == [START + 2, START + 5]
    assert ring.sum(axis=1).tolist() == [MONTHS - 2, MONTHS]


def test_a_series_never_seen_is_empty() -> None:
    latest, ring = np.array([NEVER], np.int32), np.ones((1, MONTHS), np.int64)
    assert not rings.ordered(latest, ring[:, None], np.array([START], np.int32))[0].any()
    assert not rings.within(latest, np.array([START], np.int32)).any()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.just(NEVER), st.integers(START, START + 40)), min_size=1, max_size=5))
def test_each_column_has_the_month_that_belongs_in_it(last: list[int]) -> None:
    found = rings.months(np.array(last, np.int32))
    assert (found % MONTHS == np.arange(MONTHS)).all()
    assert rings.within(np.array(last, np.int32)[:, None], found).all()


def test_the_window_is_the_last_month_and_the_twelve_before() -> None:
    months = np.arange(START - 14, START + 2, dtype=np.int32)
    inside = months[rings.within(np.full(len(months), START, np.int32), months)]
    assert inside.tolist() == list(range(START - 12, START + 1))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(START, START + 20), st.integers(-20, 20)), min_size=1, max_size=6), st.booleans())
def test_rows_are_put_in_order_together_as_they_are_alone(firms: list[tuple[int, int]], one_end: bool) -> None:
    latest = np.array([last for last, _ in firms], np.int32)
    until = np.full(len(firms), START + 10, np.int32) if one_end else latest + np.array([a for _, a in firms], np.int32)
    ring = np.arange(1, 1 + len(firms) * MONTHS).reshape(-1, MONTHS)
    together = rings.ordered(latest, np.stack([ring, -ring], 1), until)
    assert (together[0] == -together[1]).all()
    for i in range(len(firms)):
        assert (together[0][:, i] == rings.ordered(latest[[i]], ring[[i], None], until[[i]])[0][:, 0]).all()
