"""Where a firm stands among all: against counting them one by one, however the month was cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors import portfolio
from detectors.features import FEATURES
from detectors.portfolio import RANKS, Portfolio, count, nobody
from detectors.scales import CODES, UNKNOWN_CODE, Codes
from tests.detectors.answering import WIDTH

months = st.tuples(st.integers(0, 10**9), st.integers(1, 60), st.sampled_from([2, 4, 256]))


def firms(month: tuple[int, int, int]) -> Codes:
    """Firms with codes of which few or many differ."""
    seed, size, kinds = month
    rng = np.random.default_rng(seed)
    return rng.permuted(np.arange(CODES))[:kinds][rng.integers(0, kinds, (size, WIDTH))].astype(np.uint8)


@settings(max_examples=50, deadline=None)
@given(months, st.data())
def test_counts_of_any_cut_add_up(month: tuple[int, int, int], data: st.DataObject) -> None:
    codes = firms(month)
    edges = sorted(data.draw(st.lists(st.integers(0, len(codes)), max_size=5)))
    parts = np.split(codes, edges)
    assert np.array_equal(sum(count(part) for part in parts), count(codes))
    assert (count(codes).sum(axis=1) == len(codes)).all()
    assert count(codes)[3, 7] == (codes[:, 3] == 7).sum()


@settings(max_examples=50, deadline=None)
@given(months)
def test_a_share_is_that_of_the_known_firms_strictly_below(month: tuple[int, int, int]) -> None:
    codes = firms(month)
    shares = Portfolio(count(codes)).shares
    for feature in (0, WIDTH - 1):
        known = codes[codes[:, feature] != UNKNOWN_CODE, feature]
        for code in (1, int(codes[0, feature]), 128, 255):
            expected = (known < code).mean() if len(known) and code != UNKNOWN_CODE else 0.5
            assert shares[feature, code] == pytest.approx(expected, abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(months)
def test_the_known_firms_of_a_month_are_at_its_mean_and_a_deviation_away(month: tuple[int, int, int]) -> None:
    codes = firms(month)
    p = Portfolio(count(codes))
    for feature in (0, 11, WIDTH - 1):
        known = codes[codes[:, feature] != UNKNOWN_CODE, feature]
        if not len(known):
            assert not p.centred[feature].any()
            assert not p.deviations[feature].any()
            continue
        levels = portfolio.LEVELS[feature, known]
        assert p.means[feature] == pytest.approx(levels.mean(), abs=1e-9)
        assert p.centred[feature, known] == pytest.approx(levels - levels.mean(), abs=1e-9)
        spread = max(levels.std(), 0.05)
        assert p.deviations[feature, known] == pytest.approx((levels - levels.mean()) / spread, abs=1e-6)
    assert not p.centred[:, UNKNOWN_CODE].any()
    assert not p.deviations[:, UNKNOWN_CODE].any()


@settings(max_examples=50, deadline=None)
@given(months)
def test_ranks_ascend_with_codes_and_say_who_is_unknown(month: tuple[int, int, int]) -> None:
    ranks = Portfolio(count(firms(month))).ranks
    assert ranks.dtype == np.uint8
    assert (np.diff(ranks[:, 1:].astype(int), axis=1) >= 0).all()
    assert (ranks[:, UNKNOWN_CODE] == 0).all()
    assert ranks[:, 1:].min() >= 1
    assert ranks.max() <= RANKS - 1


def test_ranks_are_finer_at_both_ends() -> None:
    """Firms spread evenly: a rank in the middle is wide, one of the rarest narrow."""
    codes = np.repeat(np.arange(1, 256, dtype=np.uint8), 40)[:, None].repeat(WIDTH, axis=1)
    ranks = Portfolio(count(codes)).ranks[0, 1:]
    widths = np.bincount(ranks)[1:]
    assert ranks[0] == 1
    assert widths[RANKS // 2 - 4 : RANKS // 2 + 4].min() > 3 * widths[50:].max()
    # The last one in two hundred and fifty-five is not yet the rarest of all.
    rare = np.concatenate([np.ones(9_999, np.uint8), [2]])[:, None].repeat(WIDTH, axis=1).astype(np.uint8)
    assert RANKS - 10 < ranks[-1] < Portfolio(count(rare)).ranks[0, 2] == RANKS - 1


def levels_of(values: NDArray[np.float64], unit: float) -> NDArray[np.float64]:
    return np.sign(values) * np.log1p(np.abs(values) / unit)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda f: f.name)
def test_levels_are_signed_logarithms_of_values(feature: object) -> None:
    f = FEATURES[FEATURES.index(feature)]  # type: ignore[arg-type]  # parametrised over FEATURES
    levels = portfolio.LEVELS[FEATURES.index(f)]
    assert levels[1:] == pytest.approx(levels_of(f.scale.decode()[1:], f.scale.unit or f.scale.most / 5))
    assert levels[UNKNOWN_CODE] == 0.0
    assert (np.diff(levels[1:]) >= 0).all()


def test_a_moratorium_that_raises_everybody_moves_nobody_much() -> None:
    """Every firm's debt is higher, and all stand where they stood."""
    before = np.random.default_rng(1).integers(20, 120, (500, WIDTH)).astype(np.uint8)
    after = before + np.uint8(60)
    ranks = [Portfolio(count(codes)).ranks[0, codes[:, 0]] for codes in (before, after)]
    assert np.array_equal(*ranks)


def test_before_any_month_nobody_is_unusual() -> None:
    p = nobody()
    assert p.counts.shape == (WIDTH, CODES)
    assert (p.shares == 0.5).all()
    for table in (p.centred, p.deviations):
        assert not table.any()
    assert set(p.ranks[:, 1:].ravel().tolist()) == {RANKS // 2}
    assert np.array_equal(count(np.zeros((0, WIDTH), np.uint8)), p.counts)


def test_a_feature_that_nobody_knows_says_nothing_of_anybody() -> None:
    codes = np.zeros((30, WIDTH), np.uint8)
    p = Portfolio(count(codes))
    assert (p.shares == 0.5).all()
    assert not p.deviations.any()


def test_where_all_are_alike_the_first_to_differ_stands_out_but_not_without_bounds() -> None:
    codes = np.ones((1000, WIDTH), np.uint8)
    p = Portfolio(count(codes))
    assert p.deviations[:, 1] == pytest.approx(np.zeros(WIDTH), abs=1e-12)
    assert np.isfinite(p.deviations).all()
    assert p.deviations[0, 2] == pytest.approx(portfolio.LEVELS[0, 2] / 0.05)
