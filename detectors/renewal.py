"""A forest and boosted trees that are never fitted anew: each time a few trees are grown, and the oldest leave.

All rows that are remembered are looked at each time, so that what was learned of them is never more than a memory old;
what a set of trees knows changes slowly all the same. The first time half of the trees are grown at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors import trees
from detectors.growing import Growth, Rows, grow, with_leaves
from detectors.logits import sigmoid
from detectors.scales import Codes
from detectors.trees import Trees

FOREST_DEPTH = 6
BOOSTING_DEPTH = 3
_NEW_FOREST_TREES = 4
_NEW_BOOSTING_TREES = 6
FEATURES_A_TREE = 0.3
"""Share of the features that a tree may ask about."""
_FOREST_PRIOR_ROWS = 20.0
_FOREST_LEAST_ROWS = 3.0
BOOSTING = Growth(depth=BOOSTING_DEPTH, ridge=20.0, least=2.0)
"""For answers that are rare and of firms that come again: cautious."""
STEP = 0.05
"""What a boosted tree moves of what it finds."""
_BOOSTING_FIRMS = 0.6


@dataclass(frozen=True)
class Renewal:
    """Rows that trees are grown on, n of them, with both answers among them."""

    ranks: Codes
    """Shape (n, features)."""
    labels: NDArray[np.bool_]
    weights: NDArray[np.float64]
    firms: NDArray[np.intp]
    """The firm of each row, as a number: rows of one are drawn together."""
    draw: np.random.Generator
    features_a_tree: float = FEATURES_A_TREE
    boosting_growth: Growth = BOOSTING
    step: float = STEP

    def forest(self, before: Trees, most: int) -> Trees:
        """The forest renewed, of so many trees at most; the mean of its trees is in log-odds."""
        return _renewed(before, self._forest_trees(_count(before, _NEW_FOREST_TREES, most)), most)

    def boosting(self, before: Trees, base: float, most: int) -> Trees:
        """The boosted trees renewed, of so many at most; `base` plus the sum of the trees is in log-odds."""
        return _renewed(before, self._boosting_trees(before, base, _count(before, _NEW_BOOSTING_TREES, most)), most)

    @property
    def rate(self) -> float:
        """The share of rows whose answer is yes."""
        return float(self.weights @ self.labels / self.weights.sum())

    def _forest_trees(self, count: int) -> list[Trees]:
        """Trees each grown on a bootstrap of firms (not rows: a firm's months are alike), leaves in log-odds."""
        rate = self.rate
        spread = rate * (1 - rate)
        growth = Growth(FOREST_DEPTH, _FOREST_PRIOR_ROWS * spread, _FOREST_LEAST_ROWS * rate)
        return [self._forest_tree(rate, spread, growth) for _ in range(count)]

    def _forest_tree(self, rate: float, spread: float, growth: Growth) -> Trees:
        weights = self.draw.poisson(1.0, self._firm_count)[self.firms] * self.weights
        there = weights > 0
        weights, labels, ranks = weights[there], self.labels[there], self.ranks[there]
        tree = grow(Rows(ranks, weights * (labels - rate), weights * spread), self._some_features(), growth)
        leaves = trees.leaf_numbers(tree, ranks)[:, 0]
        size = 1 << FOREST_DEPTH
        positives, all_rows = (
            np.bincount(leaves, weights * labels, size),
            np.bincount(leaves, weights, size).astype(np.float64),
        )
        shares = (positives + _FOREST_PRIOR_ROWS * rate) / (all_rows + _FOREST_PRIOR_ROWS)
        return with_leaves(tree, np.log(shares / (1 - shares)), all_rows)

    def _boosting_trees(self, before: Trees, base: float, count: int) -> list[Trees]:
        """Trees each of which corrects the ones before, on a part of the firms."""
        score = base + trees.values(before, self.ranks)
        grown = []
        for _ in range(count):
            expected = sigmoid(score)
            weights = (self.draw.random(self._firm_count) < _BOOSTING_FIRMS)[self.firms] * self.weights
            rows = Rows(self.ranks, weights * (self.labels - expected), weights * expected * (1 - expected))
            tree = grow(rows, self._some_features(), self.boosting_growth).scaled(self.step)
            score += trees.values(tree, self.ranks)
            grown.append(tree)
        return grown

    @property
    def _firm_count(self) -> int:
        return int(self.firms.max()) + 1

    def _some_features(self) -> NDArray[np.intp]:
        """Features drawn for a tree, of those that tell firms apart at all."""
        telling = np.flatnonzero((self.ranks != self.ranks[0]).any(axis=0))
        if not len(telling):
            telling = np.arange(self.ranks.shape[1])
        return self.draw.choice(telling, max(1, round(self.features_a_tree * len(telling))), replace=False)


def _count(before: Trees, new: int, most: int) -> int:
    """How many trees to grow: never more than half of all at once."""
    return min(new, most // 2) if len(before) else most // 2


def _renewed(before: Trees, grown: list[Trees], most: int) -> Trees:
    return trees.joined([before, *grown]).newest(most)
