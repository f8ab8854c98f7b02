"""Trees on codes are the trees on ranks, and what their questions add is the score."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import trees
from detectors.growing import with_leaves
from detectors.portfolio import RANKS, Portfolio, count
from detectors.scales import Codes
from detectors.trees import NEVER_ABOVE, Trees, TreesInMonth
from tests.detectors.answering import WIDTH

THEMES = np.arange(WIDTH) % 4
seeds = st.integers(0, 10**9)


def made(seed: int, number: int = 7, depth: int = 3) -> Trees:
    """Random questions and leaves; inner nodes are means of their leaves. Some levels ask nothing."""
    rng = np.random.default_rng(seed)
    features = rng.integers(0, WIDTH, (number, depth)).astype(np.uint8)
    cuts = rng.integers(0, RANKS - 1, (number, depth)).astype(np.uint8)
    cuts[rng.random(cuts.shape) < 0.2] = NEVER_ABOVE
    bare = Trees(features, cuts, np.zeros((number, (1 << (depth + 1)) - 1)))
    size = 1 << depth
    singles = [Trees(bare.features[[i]], bare.cuts[[i]], bare.nodes[[i]]) for i in range(number)]
    return trees.joined([with_leaves(t, rng.normal(size=size), rng.exponential(size=size)) for t in singles])


def firms(seed: int, size: int = 50) -> tuple[Codes, Portfolio]:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 256, (size, WIDTH)).astype(np.uint8)
    return codes, Portfolio(count(rng.integers(0, 256, (300, WIDTH)).astype(np.uint8) // 3 * 3))


def ranks_of(codes: Codes, portfolio: Portfolio) -> Codes:
    return portfolio.ranks[np.arange(WIDTH), codes]


def walked(tree: Trees, ranks: Codes) -> list[float]:
    """By walking down from the root, one firm and one tree at a time."""
    total = []
    for row in ranks.tolist():
        value = 0.0
        for t in range(len(tree)):
            node = 0
            for feature, cut in zip(tree.features[t].tolist(), tree.cuts[t].tolist(), strict=True):
                node = 2 * node + (2 if row[feature] > cut else 1)
            value += float(tree.nodes[t, node])
        total.append(value)
    return total


@settings(max_examples=50, deadline=None)
@given(seeds, st.integers(1, 6))
def test_a_value_is_found_by_walking_down(seed: int, depth: int) -> None:
    some = made(seed, depth=depth)
    codes, portfolio = firms(seed, 10)
    ranks = ranks_of(codes, portfolio)
    assert trees.values(some, ranks) == pytest.approx(walked(some, ranks), rel=1e-12, abs=1e-12)
    assert some.depth == depth
    assert trees.leaf_numbers(some, ranks).shape == (10, 7)


@settings(max_examples=50, deadline=None)
@given(seeds)
def test_trees_under_a_month_say_of_codes_what_they_say_of_ranks(seed: int) -> None:
    some = made(seed)
    codes, portfolio = firms(seed)
    in_month = TreesInMonth(some, portfolio, THEMES, 4)
    assert in_month.score(codes).tolist() == trees.values(some, ranks_of(codes, portfolio)).tolist()


@settings(max_examples=50, deadline=None)
@given(seeds, st.integers(1, 300))
def test_parts_add_up_to_the_score_less_the_base(seed: int, size: int) -> None:
    codes, portfolio = firms(seed, size)
    in_month = TreesInMonth(made(seed, depth=4), portfolio, THEMES, 4)
    parts = in_month.parts(codes)
    assert parts.shape == (size, 4)
    assert parts.sum(axis=1) + in_month.base == pytest.approx(in_month.score(codes), rel=1e-12, abs=1e-12)


def test_a_theme_nobody_asks_about_has_no_part() -> None:
    codes, portfolio = firms(3)
    some = made(3)
    themes = np.where(np.isin(np.arange(WIDTH), some.features), 0, 1)
    parts = TreesInMonth(some, portfolio, themes, 2).parts(codes)
    assert parts[:, 0].any()
    assert not parts[:, 1].any()


@settings(max_examples=20, deadline=None)
@given(seeds, st.integers(1, 40))
def test_a_firm_has_the_same_score_and_parts_to_the_last_bit_in_any_company(seed: int, size: int) -> None:
    codes, portfolio = firms(seed, 300)
    in_month = TreesInMonth(made(seed, 30), portfolio, THEMES, 4)
    score, parts = in_month.score(codes), in_month.parts(codes)
    for start in range(0, len(codes), size):
        block = slice(start, start + size)
        assert in_month.score(codes[block]).tobytes() == score[block].tobytes()
        assert in_month.parts(codes[block]).tobytes() == parts[block].tobytes()


def test_many_firms_are_looked_at_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    codes, portfolio = firms(5, 100)
    in_month = TreesInMonth(made(5), portfolio, THEMES, 4)
    score = in_month.score(codes)
    monkeypatch.setattr(trees, "_BLOCK", 7)
    assert in_month.score(codes).tobytes() == score.tobytes()


def test_a_level_that_asks_nothing_leaves_everybody_on_one_side() -> None:
    silent = Trees(np.zeros((1, 2), np.uint8), np.full((1, 2), NEVER_ABOVE, np.uint8), np.arange(7.0)[None])
    codes, portfolio = firms(1)
    assert (trees.leaf_numbers(silent, ranks_of(codes, portfolio)) == 0).all()
    assert (TreesInMonth(silent, portfolio, THEMES, 4).score(codes) == 3.0).all()


def test_no_tree_says_nothing() -> None:
    codes, portfolio = firms(2)
    empty = TreesInMonth(trees.none(3), portfolio, THEMES, 4)
    assert (len(trees.none(3)), trees.none(3).depth) == (0, 3)
    assert not empty.score(codes).any()
    assert not empty.parts(codes).any()
    assert empty.base == 0.0
    assert trees.values(trees.none(3), codes).shape == (len(codes),)


def test_nobody_has_no_leaf() -> None:
    codes, portfolio = firms(2)
    in_month = TreesInMonth(made(2), portfolio, THEMES, 4)
    assert in_month.score(codes[:0]).shape == (0,)
    assert in_month.parts(codes[:0]).shape == (0, 4)


def test_joined_trees_add_up_and_the_newest_are_the_last() -> None:
    codes, portfolio = firms(4)
    ranks = ranks_of(codes, portfolio)
    old, new = made(4, 5), made(5, 3)
    both = trees.joined([trees.none(3), old, new])
    assert len(both) == 8
    assert trees.values(both, ranks) == pytest.approx(trees.values(old, ranks) + trees.values(new, ranks))
    newest = both.newest(3)
    assert newest.nodes.tobytes() == new.nodes.tobytes()
    assert (newest.features.tolist(), newest.cuts.tolist()) == (new.features.tolist(), new.cuts.tolist())
    assert both.newest(8) is both
    assert both.newest(99) is both


def test_scaled_trees_ask_the_same() -> None:
    codes, portfolio = firms(6)
    ranks, some = ranks_of(codes, portfolio), made(6)
    assert trees.values(some.scaled(0.25), ranks) == pytest.approx(0.25 * trees.values(some, ranks))
    assert np.array_equal(trees.leaf_numbers(some.scaled(0.25), ranks), trees.leaf_numbers(some, ranks))
