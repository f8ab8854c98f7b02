"""A bounded memory that depends on the examples alone, and stands for all of them."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import plain_regression, relative_regression, scorecard
from detectors.labels import Examples
from detectors.portfolio import RANKS
from detectors.reservoir import Kept, Reservoir, Stored, evidence
from tests.detectors.answering import FIRST, HORIZON, WIDTH, World, split

ROWS = 60
MONTHS = range(FIRST, FIRST + 12)
WORLD = World()


def examples(month: int, hazard: float = 0.02) -> Examples:
    return World(hazard=hazard).month(month).answered()


def filled(cohorts: int = 5, parts: int = 1, seed: int = 0) -> Reservoir:
    """As in a year's learning: at the end of a month its portfolio is seen, and an older cohort answered."""
    reservoir = Reservoir(cohorts, ROWS)
    for month in MONTHS:
        reservoir.see(month, WORLD.month(month).portfolio.counts, HORIZON)
        if month >= FIRST + HORIZON:
            reservoir.keep(split(examples(month - HORIZON), parts, seed))
    return reservoir


def seasoned() -> Reservoir:
    """One that has seen two months, so that the cohorts of later ones can be compared with the second."""
    reservoir = Reservoir(5, ROWS)
    for month in (FIRST, FIRST + 1):
        reservoir.see(month, WORLD.month(month).portfolio.counts, HORIZON)
    return reservoir


def bytes_of(reservoir: Reservoir) -> bytes:
    return msgspec.msgpack.encode(reservoir.stored())


def test_it_is_bounded() -> None:
    reservoir = filled()
    assert [kept.month for kept in reservoir.kept] == [m - HORIZON for m in MONTHS[-5:]]
    assert all(len(kept.cohort) == len(kept.labels) == len(kept.weights) == ROWS for kept in reservoir.kept)


@settings(max_examples=10, deadline=None)
@given(st.integers(2, 6), st.integers(0, 10**6))
def test_the_way_the_examples_came_does_not_show(parts: int, seed: int) -> None:
    assert bytes_of(filled(parts=parts, seed=seed)) == bytes_of(filled())


@pytest.mark.parametrize("hazard", [0.0005, 0.02, 0.3, 0.9])
def test_weights_stand_for_all_of_their_kind(hazard: float) -> None:
    whole = examples(FIRST + 3, hazard)
    kept = seasoned().keep([whole])
    assert kept is not None
    failed = int(whole.labels.sum())
    assert kept.weights[kept.labels].sum() == pytest.approx(failed)
    assert kept.weights[~kept.labels].sum() == pytest.approx(len(whole.labels) - failed)
    assert kept.labels.sum() == min(failed, ROWS // 2)
    assert len(kept.labels) == min(failed, ROWS // 2) + min(len(whole.labels) - failed, ROWS - min(failed, ROWS // 2))
    # Everything about a firm is kept together.
    place = {siren: i for i, siren in enumerate(whole.cohort.sirens.tolist())}
    at = [place[siren] for siren in kept.cohort.sirens.tolist()]
    assert len(set(at)) == len(at)
    assert kept.labels.tolist() == whole.labels[at].tolist()
    assert kept.cohort.codes.tobytes() == whole.cohort.codes[at].tobytes()


def test_a_small_cohort_is_kept_whole() -> None:
    whole = examples(FIRST + 3)
    few = Examples(whole.cohort.rows(slice(0, 20)), whole.labels[:20])
    kept = seasoned().keep([few])
    assert kept is not None
    assert sorted(kept.cohort.sirens.tolist()) == sorted(few.cohort.sirens.tolist())
    assert kept.weights.tolist() == [1.0] * 20


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.0005, 0.3), min_size=1, max_size=3))
def test_evidence_counts_each_failure_that_is_kept_once(hazards: list[float]) -> None:
    reservoir, failed = seasoned(), 0
    for n, hazard in enumerate(hazards):
        whole = examples(FIRST + 3 + n, hazard)
        reservoir.keep([whole])
        failed += int(whole.labels.sum())
    kept = sum(int(k.labels.sum()) for k in reservoir.kept)
    assert evidence(reservoir.kept) == pytest.approx(kept / failed if failed else 1.0)
    assert 0 < evidence(reservoir.kept) <= 1


def test_other_firms_are_kept_in_other_months() -> None:
    """By a hash of SIREN and month: a firm is not left out for good."""
    first, second = ({*kept.cohort.sirens[~kept.labels].tolist()} for kept in filled().kept[:2])
    assert 0 < len(first & second) < 0.6 * len(first)


def test_firms_are_kept_beside_the_portfolio_of_the_month_before() -> None:
    for kept in filled(cohorts=99).kept[1:]:
        assert np.array_equal(kept.portfolio.counts, WORLD.month(kept.month - 1).portfolio.counts)


@pytest.mark.parametrize("seen", [[], [FIRST + 2], [FIRST + 3], [FIRST + 2, FIRST + 3], [FIRST + 4, FIRST + 9]])
def test_without_an_earlier_portfolio_but_the_first_nothing_is_kept(seen: list[int]) -> None:
    reservoir = Reservoir(5, ROWS)
    for month in seen:
        reservoir.see(month, WORLD.month(month).portfolio.counts, HORIZON)
    assert reservoir.keep([examples(FIRST + 3)]) is None
    assert reservoir.kept == []
    assert reservoir.failures() == 0


def test_a_gap_is_bridged_by_the_last_portfolio_seen() -> None:
    reservoir = Reservoir(5, ROWS)
    for month in (FIRST, FIRST + 1, FIRST + 2):
        reservoir.see(month, WORLD.month(month).portfolio.counts, HORIZON)
    kept = reservoir.keep([examples(FIRST + 7)])
    assert kept is not None
    assert np.array_equal(kept.portfolio.counts, WORLD.month(FIRST + 2).portfolio.counts)


def test_nobody_is_not_kept() -> None:
    reservoir = filled()
    nobody = Examples(examples(FIRST).cohort.rows(slice(0, 0)), np.zeros(0, bool))
    assert reservoir.keep([nobody, nobody]) is None


def test_portfolios_nobody_will_ask_for_are_forgotten() -> None:
    """A cohort answered at the end of a month was scored a horizon before, beside the month before that one."""
    reservoir = filled()
    last = MONTHS[-1]
    assert min(reservoir.portfolios) == last - HORIZON - 2
    assert len(reservoir.portfolios) == HORIZON + 3
    # After a gap the last of those before it is still asked for.
    reservoir.see(last + 50, WORLD.month(last).portfolio.counts, HORIZON)
    assert sorted(reservoir.portfolios) == [last, last + 50]


def test_each_firm_that_failed_is_one_failure() -> None:
    reservoir = filled(cohorts=99)
    failed = {s for kept in reservoir.kept for s in kept.cohort.sirens[kept.labels].tolist()}
    assert reservoir.failures() == len(failed)
    assert len(failed) < sum(int(kept.labels.sum()) for kept in reservoir.kept)


def test_it_comes_back_exactly_and_goes_on_alike() -> None:
    whole, again = filled(), Reservoir(5, ROWS)
    wire = msgspec.msgpack.encode(whole.stored())
    again.restore(msgspec.msgpack.decode(wire, type=Stored))
    assert bytes_of(again) == wire
    assert again.failures() == whole.failures()
    for reservoir in (whole, again):
        reservoir.see(MONTHS[-1] + 1, WORLD.month(MONTHS[-1] + 1).portfolio.counts, HORIZON)
        reservoir.keep([examples(MONTHS[-1] + 1 - HORIZON)])
    assert bytes_of(again) == bytes_of(whole)
    for a, b in zip(again.kept, whole.kept, strict=True):
        for name in ("ranks", "relative", "plain", "points"):
            assert getattr(a, name).tobytes() == getattr(b, name).tobytes()


def test_what_members_look_at() -> None:
    kept: Kept = filled().kept[0]
    codes, at = kept.cohort.codes, np.arange(WIDTH)
    assert kept.ranks.shape == (ROWS, WIDTH)
    assert kept.ranks.max() < RANKS
    assert kept.ranks.tolist() == kept.portfolio.ranks[at, codes].tolist()
    assert np.array_equal(kept.relative, relative_regression.inputs(codes, kept.portfolio))
    assert np.array_equal(kept.plain, plain_regression.inputs(codes, kept.portfolio))
    expected = scorecard.AVERAGE + scorecard.table(kept.portfolio)[at, codes].sum(axis=1)
    assert kept.points == pytest.approx(expected)


def test_what_is_given_is_left_alone() -> None:
    whole = examples(FIRST + 3)
    before = [whole.cohort.sirens.tobytes(), whole.cohort.codes.tobytes(), whole.labels.tobytes()]
    reservoir = filled()
    reservoir.keep([whole])
    assert [whole.cohort.sirens.tobytes(), whole.cohort.codes.tobytes(), whole.labels.tobytes()] == before


@settings(max_examples=10)
@given(st.integers(0, 4), st.integers(0, ROWS - 1))
def test_without_a_firm_the_others_are_as_they_were_and_stand_for_all_but_it(cohort: int, row: int) -> None:
    whole = filled()
    siren = int(whole.kept[cohort].cohort.sirens[row])
    left = Reservoir(5, ROWS)
    left.restore(whole.stored().without(siren))
    assert [kept.month for kept in left.kept] == [kept.month for kept in whole.kept]
    for new, old in zip(left.kept, whole.kept, strict=True):
        stays = old.cohort.sirens != siren
        assert new.cohort.sirens.tolist() == old.cohort.sirens[stays].tolist()
        assert new.cohort.codes.tolist() == old.cohort.codes[stays].tolist()
        assert new.cohort.logits.tolist() == old.cohort.logits[stays].tolist()
        assert new.labels.tolist() == old.labels[stays].tolist()
        for answer in (True, False):
            gone = int((~stays & (old.labels == answer)).sum())
            assert new.weights[new.labels == answer].sum() == pytest.approx(
                old.weights[old.labels == answer].sum() - gone
            )


def test_without_a_firm_that_is_not_there_it_is_the_very_same() -> None:
    stored = filled().stored()
    assert stored.without(123_456_789) is stored


def test_a_cohort_of_one_firm_goes_with_it() -> None:
    reservoir = seasoned()
    whole = examples(FIRST + 3)
    for month in (FIRST + 3, FIRST + 4):
        cohort = replace(whole.cohort.rows(slice(0, month - FIRST - 2)), month=month)
        reservoir.keep([Examples(cohort, whole.labels[: len(cohort)])])
    left = reservoir.stored().without(int(whole.cohort.sirens[0]))
    assert [cohort.month for cohort in left.cohorts] == [FIRST + 4]
