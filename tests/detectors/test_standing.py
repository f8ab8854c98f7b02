"""Ranks among values are those that the portfolio gives, and any value has one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.portfolio import RANKS, Portfolio, count
from detectors.scales import CODES
from detectors.standing import among

columns = st.lists(st.floats(-1e9, 1e9) | st.just(float("nan")) | st.sampled_from([0.0, 1.0]), max_size=300)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 400))
def test_the_ranks_of_codes_are_those_of_the_portfolio(seed: int, firms: int) -> None:
    rng = np.random.default_rng(seed)
    width = len(Portfolio(np.zeros((53, CODES), np.int64)).shares)
    codes = (rng.integers(0, CODES, (firms, width)) * (rng.random((firms, width)) < 0.6)).astype(np.uint8)
    values = np.where(codes == 0, np.nan, codes)
    expected = Portfolio(count(codes)).ranks[np.arange(width), codes]
    assert among(values).ranks(values).tolist() == expected.tolist()


@settings(max_examples=60, deadline=None)
@given(columns, columns)
def test_ranks_ascend_with_values_seen_or_not(seen: list[float], others: list[float]) -> None:
    standing = among(np.array(seen).reshape(-1, 1))
    values = np.sort(np.array([*seen, *others, -np.inf, np.inf]))
    ranks = standing.ranks(values.reshape(-1, 1))[:, 0]
    unknown = np.isnan(values)
    assert (ranks[unknown] == 0).all()
    assert (np.diff(ranks[~unknown].astype(int)) >= 0).all()
    assert ranks[~unknown].min() == 1
    assert ranks.max() < RANKS


def test_a_rank_is_finer_at_both_ends() -> None:
    values = np.arange(10_000.0).reshape(-1, 1)
    ranks = among(values).ranks(values)[:, 0]
    sizes = np.bincount(ranks)[1:]
    assert len(sizes) == RANKS - 1
    assert sizes[0] < sizes[10] < sizes[31] > sizes[-10] > sizes[-1]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (4, 0)])
def test_of_nothing_there_is_a_standing_too(shape: tuple[int, int]) -> None:
    standing = among(np.zeros(shape))
    assert len(standing) == shape[1]
    assert standing.ranks(np.full((2, shape[1]), 5.0)).tolist() == [[1] * shape[1]] * 2
