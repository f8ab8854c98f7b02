"""Growing oblivious trees: at each level the one question that, asked in every node, gains most.

The gain of a question is that of a Newton step, the sum over nodes of G^2 / (H + ridge) (Chen and Guestrin, 2016, whose
lambda is the ridge), G and H being sums of first and second derivatives of the loss over the rows of a node.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.portfolio import RANKS
from detectors.scales import Codes
from detectors.trees import NEVER_ABOVE, Trees

Column = NDArray[np.float64]


@dataclass(frozen=True)
class Growth:
    """What a tree may do. `ridge` and `least` are in units of second derivatives."""

    depth: int
    ridge: float
    least: float
    """Least sum of second derivatives on either side of a cut."""


@dataclass(frozen=True)
class Rows:
    """Rows to learn from: ranks (n, features), first and second derivatives of the loss, (n,) each."""

    ranks: Codes
    gradients: Column
    curvatures: Column


def grow(rows: Rows, features: NDArray[np.intp], growth: Growth) -> Trees:
    """One tree with questions about `features` only; its leaves have the Newton step G / (H + ridge)."""
    columns = rows.ranks[:, features].astype(np.intp)
    leaves = np.zeros(len(columns), np.intp)
    asked, cuts = np.zeros(growth.depth, np.uint8), np.full(growth.depth, NEVER_ABOVE, np.uint8)
    for level in range(growth.depth):
        gains = _gains(columns, leaves, 1 << level, rows, growth)
        best = int(gains.argmax())
        feature, cut = divmod(best, RANKS - 1)
        if gains.ravel()[best] <= 0:
            # Nothing can be gained: every row stays on one side of the levels that are left.
            leaves <<= growth.depth - level
            break
        asked[level], cuts[level] = features[feature], cut
        leaves = 2 * leaves + (columns[:, feature] > cut)
    return Trees(asked[None], cuts[None], _nodes(leaves, rows, growth)[None])


def with_leaves(trees: Trees, leaves: Column, weights: Column) -> Trees:
    """A tree with other leaves; the inner nodes are means of theirs, weighted by `weights`, both of shape (2^D,)."""
    return Trees(trees.features, trees.cuts, _means(leaves, weights)[None])


def _gains(columns: NDArray[np.intp], leaves: NDArray[np.intp], nodes: int, rows: Rows, growth: Growth) -> Column:
    """The gain of each question, shape (features, cuts): rank above 0, above 1..."""
    width = columns.shape[1]
    places = (leaves[:, None] * width + np.arange(width)) * RANKS + columns
    size = nodes * width * RANKS
    gradients, curvatures = (
        np.bincount(places.ravel(), np.repeat(x, width), size).reshape(nodes, width, RANKS).cumsum(axis=2)
        for x in (rows.gradients, rows.curvatures)
    )
    low, low_h, all_g, all_h = gradients[..., :-1], curvatures[..., :-1], gradients[..., -1:], curvatures[..., -1:]
    high, high_h = all_g - low, all_h - low_h
    ridge = growth.ridge
    gains = low**2 / (low_h + ridge) + high**2 / (high_h + ridge) - all_g**2 / (all_h + ridge)
    allowed = (low_h >= growth.least) & (high_h >= growth.least)
    return np.where(allowed, gains, 0.0).sum(axis=0)


def _nodes(leaves: NDArray[np.intp], rows: Rows, growth: Growth) -> Column:
    size = 1 << growth.depth
    gradients = np.bincount(leaves, rows.gradients, size)
    curvatures = np.bincount(leaves, rows.curvatures, size).astype(np.float64)
    return _means(gradients / (curvatures + growth.ridge), curvatures)


def _means(leaves: Column, weights: Column) -> Column:
    """A heap of means over the leaves below, shape (2^(D+1) - 1,); plain where there is no weight."""
    levels, mass = [leaves], [weights]
    while len(levels[0]) > 1:
        w, v = mass[0].reshape(-1, 2), levels[0].reshape(-1, 2)
        total = w.sum(axis=1)
        mean = np.where(total > 0, (w * v).sum(axis=1) / np.where(total > 0, total, 1.0), v.mean(axis=1))
        levels.insert(0, mean)
        mass.insert(0, total)
    return np.concatenate(levels)
