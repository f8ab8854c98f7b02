"""The whole portfolio in one month: where a firm's value stands among those of all firms then.

A debt that is high in one month is common in a month of moratorium. So models look at a firm beside the others: how
many stand below it, and how far it is from the mean. Both follow from counts of codes (`detectors.scales`), which any
number of partitions can make apart and add up, to the same numbers whatever the cut. Values are compared on a signed
logarithm; neither median nor its deviation serves, since most values are zero for most firms.
"""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from detectors.features import FEATURES
from detectors.scales import CODES, UNKNOWN_CODE, Codes, Scale

Counts = NDArray[np.int64]
Table = NDArray[np.float64]

RANKS = 64
"""Ranks of a firm in its month, 0 for unknown; the finer the rarer, at both ends."""
_RAREST = 1 / 512
"""Share of firms below which a place at either end is not told from a rarer one."""
LEAST_DEVIATION = 0.05
"""Where nearly all firms are alike, a difference of so much is one deviation: on the scale of the logarithm."""


def count(codes: Codes) -> Counts:
    """How many firms have each code of each feature, shape (features, 256); `codes` (n, features)."""
    columns = np.ascontiguousarray(codes.T)
    return np.stack([np.bincount(column, minlength=CODES) for column in columns]).astype(np.int64)


class Portfolio:
    """Tables of shape (features, 256) that say of each code how a firm with it stands in this month."""

    def __init__(self, counts: Counts) -> None:
        self.counts = counts

    @cached_property
    def shares(self) -> Table:
        """Share of firms of known value that stand strictly below; one half where unknown."""
        known, total = self._known, self._total
        below = (known.cumsum(axis=1) - known) / np.maximum(total, 1)[:, None]
        below[total == 0] = 0.5
        below[:, UNKNOWN_CODE] = 0.5
        return below

    @cached_property
    def means(self) -> Table:
        """Mean of the known values, signed logarithm, shape (features,)."""
        return (self._known * LEVELS).sum(axis=1) / np.maximum(self._total, 1)

    @cached_property
    def centred(self) -> Table:
        """Signed logarithm of the value less the month's mean; 0 where unknown."""
        away = LEVELS - self.means[:, None]
        away[self._total == 0] = 0.0
        away[:, UNKNOWN_CODE] = 0.0
        return away

    @cached_property
    def deviations(self) -> Table:
        """The same in standard deviations of the month."""
        variance = (self._known * self.centred**2).sum(axis=1) / np.maximum(self._total, 1)
        return self.centred / np.maximum(np.sqrt(variance), LEAST_DEVIATION)[:, None]

    @cached_property
    def ranks(self) -> Codes:
        """Rank of the code in the month, 1 to 63, ascending with it; 0 where unknown."""
        ranks = ranks_of(self.shares)
        ranks[:, UNKNOWN_CODE] = 0
        return ranks

    @cached_property
    def _known(self) -> Counts:
        known = self.counts.copy()
        known[:, UNKNOWN_CODE] = 0
        return known

    @property
    def _total(self) -> NDArray[np.int64]:
        return self._known.sum(axis=1)


def ranks_of(shares: NDArray[np.float64]) -> Codes:
    """Rank, 1 to 63, of what has such a share below it, shape of `shares`; ascending with it."""
    odds = np.log2((shares + _RAREST) / (1 - shares + _RAREST)) / -np.log2(_RAREST)
    middle = (RANKS - 1) / 2
    return np.clip(np.rint(middle + middle * odds), 1, RANKS - 1).astype(np.uint8)


def nobody() -> Portfolio:
    """The portfolio before any month has ended."""
    return Portfolio(np.zeros((len(FEATURES), CODES), np.int64))


def _levels(scale: Scale) -> NDArray[np.float64]:
    values = np.nan_to_num(scale.decode()) / (scale.unit or scale.most / 5)
    return np.sign(values) * np.log1p(np.abs(values))


LEVELS: Table = np.stack([_levels(feature.scale) for feature in FEATURES])
"""Signed logarithm of the value of each code, on its scale; 0 for the unknown one."""
