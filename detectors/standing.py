"""Where a value stands among those that are remembered of its feature: ranks where no scale is known beforehand.

The ranks are those of `detectors.portfolio`, from the values themselves instead of counts of codes. A value keeps its
rank until others are remembered: what is high is high beside the rest, and moves with it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.portfolio import RANKS, ranks_of
from detectors.scales import Codes

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Standing:
    """What is enough to rank values: `bounds` (features, 62), ascending, infinite where no value has the rank."""

    bounds: Values

    def __len__(self) -> int:
        return len(self.bounds)

    def ranks(self, values: Values) -> Codes:
        """Rank of each value, 1 to 63, ascending with it; 0 where nan, shape of `values` (n, features)."""
        ranks = np.empty(values.shape, np.uint8)
        for feature, bounds in enumerate(self.bounds):
            ranks[:, feature] = 1 + np.searchsorted(bounds, values[:, feature])
        ranks[np.isnan(values)] = 0
        return ranks


def among(values: Values) -> Standing:
    """Standing among these values, (n, features); nan is unknown."""
    return Standing(np.array([_bounds(column) for column in values.T]).reshape(-1, RANKS - 2))


def _bounds(column: Values) -> Values:
    """What a value must be above to have rank 2, 3, ..., 63, (62,)."""
    known = np.sort(column[~np.isnan(column)])
    of_share = ranks_of(np.arange(len(known) + 1) / max(len(known), 1))
    least_below = np.searchsorted(of_share, np.arange(2, RANKS))
    return np.append(known, np.inf)[least_below - 1]
