"""The question that is asked is the best of all, tried one by one; and of noise nothing is made."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import trees
from detectors.growing import Growth, Rows, grow, with_leaves
from detectors.portfolio import RANKS
from detectors.trees import NEVER_ABOVE

seeds = st.integers(0, 10**9)


def some_rows(seed: int, size: int = 60, width: int = 4) -> Rows:
    rng = np.random.default_rng(seed)
    ranks = rng.integers(0, RANKS, (size, width)).astype(np.uint8)
    ranks[:, 0] //= 20
    return Rows(ranks, rng.normal(size=size), rng.exponential(size=size))


def gain(rows: Rows, feature: int, cut: int, growth: Growth) -> float:
    """Of one question asked of everybody, by its definition."""
    high = rows.ranks[:, feature] > cut
    g, h = rows.gradients, rows.curvatures
    sides = [(g[side].sum(), h[side].sum()) for side in (high, ~high)]
    if min(weight for _, weight in sides) < growth.least:
        return 0.0
    return float(sum(a * a / (b + growth.ridge) for a, b in sides) - g.sum() ** 2 / (h.sum() + growth.ridge))


def gained(tree: trees.Trees, rows: Rows, growth: Growth) -> float:
    """What all questions of a tree gained."""
    leaves = trees.leaf_numbers(tree, rows.ranks)[:, 0]
    g = np.bincount(leaves, rows.gradients, 1 << tree.depth)
    h = np.bincount(leaves, rows.curvatures, 1 << tree.depth)
    return float((g**2 / (h + growth.ridge)).sum())


@settings(max_examples=60, deadline=None)
@given(seeds, st.sampled_from([0.1, 5.0]), st.sampled_from([0.0, 3.0, 20.0]))
def test_no_other_first_question_gains_more(seed: int, ridge: float, least: float) -> None:
    rows, growth = some_rows(seed), Growth(1, ridge, least)
    tree = grow(rows, np.arange(4), growth)
    gains = [gain(rows, f, cut, growth) for f in range(4) for cut in range(RANKS - 1)]
    if tree.cuts[0, 0] == NEVER_ABOVE:
        assert max(gains) <= 1e-9
    else:
        found = gain(rows, int(tree.features[0, 0]), int(tree.cuts[0, 0]), growth)
        assert found == pytest.approx(max(gains), rel=1e-9)
        assert found > 0


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_no_other_second_question_gains_more(seed: int) -> None:
    """Asked in both nodes alike, with the first one given."""
    rows, growth = some_rows(seed, 40, 3), Growth(2, 1.0, 0.0)
    tree = grow(rows, np.arange(3), growth)
    others = []
    for feature in range(3):
        for cut in range(RANKS - 1):
            features, cuts = tree.features.copy(), tree.cuts.copy()
            features[0, 1], cuts[0, 1] = feature, cut
            others.append(gained(trees.Trees(features, cuts, tree.nodes), rows, growth))
    assert gained(tree, rows, growth) == pytest.approx(max(others), rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(seeds, st.sampled_from([0.01, 2.0, 50.0]))
def test_leaves_are_newton_steps_and_nodes_the_means_of_what_is_below(seed: int, ridge: float) -> None:
    rows, growth = some_rows(seed), Growth(3, ridge, 0.5)
    tree = grow(rows, np.arange(4), growth)
    leaves = trees.leaf_numbers(tree, rows.ranks)[:, 0]
    for leaf in np.unique(leaves):
        inside = leaves == leaf
        step = rows.gradients[inside].sum() / (rows.curvatures[inside].sum() + ridge)
        assert tree.leaves[0, leaf] == pytest.approx(step)
    for node, shift in ((0, 3), (1, 2), (2, 2)):
        below = leaves >> shift == (node - ((1 << (3 - shift)) - 1))
        if below.any():
            mean = np.average(tree.leaves[0, leaves[below]], weights=rows.curvatures[below])
            assert tree.nodes[0, node] == pytest.approx(mean)


def test_a_ridge_draws_the_leaves_to_zero() -> None:
    rows = some_rows(1)
    sizes = [np.abs(grow(rows, np.arange(4), Growth(3, ridge, 0.5)).leaves).max() for ridge in (0.1, 10.0, 1e6)]
    assert sizes[0] > sizes[1] > sizes[2]
    assert sizes[2] < 1e-3


@settings(max_examples=40, deadline=None)
@given(seeds, st.sampled_from([2.0, 10.0, 25.0]))
def test_neither_side_of_a_question_is_lighter_than_the_least(seed: int, least: float) -> None:
    """Of the first one; those below may leave some nodes whole."""
    rows = some_rows(seed)
    tree = grow(rows, np.arange(4), Growth(1, 1.0, least))
    if tree.cuts[0, 0] != NEVER_ABOVE:
        high = rows.ranks[:, tree.features[0, 0]] > tree.cuts[0, 0]
        assert min(rows.curvatures[high].sum(), rows.curvatures[~high].sum()) >= least - 1e-9


def test_only_the_features_given_are_asked_about() -> None:
    rows = some_rows(2, 300, 9)
    for features in ([7], [2, 5], [8, 1, 3]):
        tree = grow(rows, np.array(features), Growth(4, 1.0, 0.5))
        asked = tree.features[tree.cuts != NEVER_ABOVE]
        assert len(asked)
        assert set(asked.tolist()) <= set(features)


def test_the_same_rows_give_the_same_tree() -> None:
    rows, growth = some_rows(3), Growth(4, 1.0, 0.5)
    first, second = (grow(rows, np.arange(4), growth) for _ in range(2))
    assert first.nodes.tobytes() == second.nodes.tobytes()
    assert (first.features.tolist(), first.cuts.tolist()) == (second.features.tolist(), second.cuts.tolist())


@pytest.mark.parametrize("rows", [
    Rows(np.full((20, 3), 9, np.uint8), np.ones(20), np.ones(20)),
    Rows(np.arange(60, dtype=np.uint8).reshape(20, 3), np.zeros(20), np.ones(20)),
    Rows(np.zeros((0, 3), np.uint8), np.zeros(0), np.zeros(0)),
], ids=["all alike", "nothing to correct", "nobody"])  # fmt: skip
def test_where_nothing_can_be_gained_nothing_is_asked(rows: Rows) -> None:
    tree = grow(rows, np.arange(3), Growth(3, 1.0, 0.5))
    assert (tree.cuts == NEVER_ABOVE).all()
    assert np.isfinite(tree.nodes).all()
    assert (trees.leaf_numbers(tree, rows.ranks) == 0).all()
    assert trees.values(tree, rows.ranks) == pytest.approx(np.full(len(rows.ranks), tree.nodes[0, 0]))


def test_questions_end_where_the_first_ones_have_told_everything() -> None:
    """A yes and a no that one rank parts: the second level has nothing to add, and the leaves say it all."""
    ranks = np.repeat([[3], [40]], 30, axis=0).astype(np.uint8)
    gradients = np.repeat([-1.0, 1.0], 30)
    tree = grow(Rows(ranks, gradients, np.ones(60)), np.array([0]), Growth(3, 1.0, 0.5))
    assert tree.cuts[0, 0] == 3
    assert (tree.cuts[0, 1:] == NEVER_ABOVE).all()
    assert trees.values(tree, ranks) == pytest.approx(gradients * 30 / 31)


def test_noise_is_harmless() -> None:
    """What a tree makes of pure noise is small beside what it makes of a sign."""
    rng = np.random.default_rng(4)
    ranks = rng.integers(1, RANKS, (4000, 6)).astype(np.uint8)
    labels = rng.random(4000) < 0.05
    growth = Growth(3, 20.0, 2.0)
    curvatures = np.full(4000, 0.05 * 0.95)
    noise = grow(Rows(ranks, labels.astype(np.float64) - 0.05, curvatures), np.arange(6), growth)
    told = rng.random(4000) < np.where(ranks[:, 0] > 50, 0.3, 0.02)
    sign = grow(Rows(ranks, told.astype(np.float64) - 0.05, curvatures), np.arange(6), growth)
    assert sign.features[0, 0] == 0
    assert np.abs(noise.leaves).max() < 0.3 * sign.leaves.max()


def test_other_leaves_bring_their_own_means() -> None:
    tree = grow(some_rows(5), np.arange(4), Growth(2, 1.0, 0.5))
    leaves, weights = np.array([1.0, 3.0, 5.0, 9.0]), np.array([1.0, 3.0, 0.0, 0.0])
    other = with_leaves(tree, leaves, weights)
    assert other.leaves[0].tolist() == leaves.tolist()
    # A node without weight is the plain mean; the root is that of what has some.
    assert other.nodes[0, :3].tolist() == [2.5, 2.5, 7.0]
    assert other.features is tree.features
