"""Oblivious trees: every node of a level asks the same question, so a leaf's number is the answers read as bits.

(Kohavi and Li, 1995; the trees of CatBoost, Prokhorenkova et al., 2018.) A question is whether a firm's rank in a
feature (`detectors.portfolio`) is above a cut. Ranks ascend with codes, so under the portfolio of a month each question
is one comparison of a code, and a set of trees over many firms a handful of column operations.

What a question adds is the change of the node's mean: these add up to the leaf's value less the root's mean, which is
how a tree's score is explained (Saabas, 2014).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from detectors.portfolio import Portfolio
from detectors.scales import CODES, Codes
from detectors.sums import in_order

NEVER_ABOVE = 255
"""A cut that no rank is above: a level without a question."""
_BLOCK = 2048
_FEW = 256


@dataclass(frozen=True)
class Trees:
    """T trees of depth D. Node i of a tree has the children 2i + 1 (not above) and 2i + 2; the last 2^D are leaves."""

    features: NDArray[np.uint8]
    """The feature asked about at each level, shape (T, D)."""
    cuts: NDArray[np.uint8]
    """The rank to be above, shape (T, D)."""
    nodes: NDArray[np.float64]
    """Each node's mean, shape (T, 2^(D+1) - 1)."""

    def __len__(self) -> int:
        return len(self.features)

    @property
    def depth(self) -> int:
        """Levels of questions."""
        return self.features.shape[1]

    @property
    def leaves(self) -> NDArray[np.float64]:
        """The leaves' values, shape (T, 2^D)."""
        return self.nodes[:, (1 << self.depth) - 1 :]

    def newest(self, most: int) -> "Trees":
        """The last `most` trees."""
        return Trees(self.features[-most:], self.cuts[-most:], self.nodes[-most:]) if len(self) > most else self

    def scaled(self, factor: float) -> "Trees":
        """The same trees with values times a factor."""
        return Trees(self.features, self.cuts, self.nodes * factor)


def none(depth: int) -> Trees:
    """No tree yet."""
    return Trees(np.zeros((0, depth), np.uint8), np.zeros((0, depth), np.uint8), np.zeros((0, (1 << (depth + 1)) - 1)))


def joined(parts: Sequence[Trees]) -> Trees:
    """Trees of the same depth, one after the other."""
    return Trees(
        np.concatenate([p.features for p in parts]),
        np.concatenate([p.cuts for p in parts]),
        np.concatenate([p.nodes for p in parts]),
    )


def leaf_numbers(trees: Trees, ranks: Codes) -> NDArray[np.uint8]:
    """The leaf of each row of ranks in each tree, shape (n, T)."""
    return _leaves(trees.features, trees.cuts, np.ascontiguousarray(ranks.T)).T


def values(trees: Trees, ranks: Codes) -> NDArray[np.float64]:
    """Sum of the leaves' values over all trees, shape (n,); `ranks` (n, features)."""
    return _summed(trees.leaves, trees.features, trees.cuts, ranks)


class TreesInMonth:
    """Trees under the portfolio of a month, to look at codes."""

    def __init__(self, trees: Trees, portfolio: Portfolio, themes: NDArray[np.intp], count: int) -> None:
        """`themes` has the theme of each feature, shape (features,), of `count`."""
        self._trees = trees
        self._themes, self._theme_count = themes, count
        # A rank is above the cut where the code is above the last code of a rank that is not.
        not_above = portfolio.ranks[trees.features] <= trees.cuts[..., None]
        self._cuts = (np.minimum(not_above.sum(axis=2), CODES) - 1).astype(np.uint8)

    def score(self, codes: Codes) -> NDArray[np.float64]:
        """Sum of the trees' values, shape (n,); `codes` (n, features)."""
        return _summed(self._trees.leaves, self._trees.features, self._cuts, codes)

    def parts(self, codes: Codes) -> NDArray[np.float64]:
        """What the questions about each theme add to the roots' means, shape (n, themes)."""
        out = np.zeros((len(codes), self._theme_count))
        tree = np.arange(len(self._trees))
        for start in range(0, len(codes), _FEW):
            block = slice(start, start + _FEW)
            leaves = _leaves(self._trees.features, self._cuts, np.ascontiguousarray(codes[block].T)).T
            out[block] = self._theme_table[tree, leaves].sum(axis=1)
        return out

    @cached_property
    def _theme_table(self) -> NDArray[np.float64]:
        """What each leaf owes to each theme, shape (T, 2^D, themes)."""
        number, depth = self._trees.features.shape
        table = np.zeros((number, 1 << depth, self._theme_count))
        leaf, tree = np.arange(1 << depth), np.arange(number)
        for level in range(depth):
            parent = (1 << level) - 1 + (leaf >> (depth - level))
            child = (1 << (level + 1)) - 1 + (leaf >> (depth - level - 1))
            asked = self._themes[self._trees.features[:, level]]
            table[tree, :, asked] += self._trees.nodes[:, child] - self._trees.nodes[:, parent]
        return table

    @property
    def base(self) -> float:
        """Sum of the roots' means."""
        return float(self._trees.nodes[:, 0].sum())


def _leaves(features: NDArray[np.uint8], cuts: NDArray[np.uint8], columns: Codes) -> NDArray[np.uint8]:
    """The leaf of each firm in each tree, shape (T, n), from what is asked about by feature, (features, n)."""
    # The answers to all questions at once, by level: of a few firms each call costs more than its numbers.
    above = (columns.take(features.T, axis=0) > cuts.T[..., None]).view(np.uint8)
    leaves: NDArray[np.uint8] = above[0]
    for answers in above[1:]:
        np.left_shift(leaves, 1, out=leaves)
        np.bitwise_or(leaves, answers, out=leaves)
    return leaves


def _summed(
    leaves: NDArray[np.float64], features: NDArray[np.uint8], cuts: NDArray[np.uint8], codes: Codes
) -> NDArray[np.float64]:
    count, width = leaves.shape
    out = np.zeros(len(codes))
    if not count:
        return out
    flat, offsets = leaves.ravel(), (np.arange(count) * width)[:, None]
    for start in range(0, len(codes), _BLOCK):
        block = slice(start, start + _BLOCK)
        numbers = _leaves(features, cuts, np.ascontiguousarray(codes[block].T))
        out[block] = in_order(flat.take(numbers + offsets))
    return out
