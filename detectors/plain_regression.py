"""River's scaler and logistic regression on the values themselves, as a model keeps them.

The plain member of the ensemble: it ranks best where there is little but debts and few firms fail. Values are signed
logarithms less the month's mean, so that a month in which everybody's debt swells does not make everybody a suspect.
How it learns is in `plain_learning`: River takes seconds to import, and whoever only scores does without.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.portfolio import LEAST_DEVIATION, Portfolio, Table
from detectors.scales import Codes


class PlainRegression(msgspec.Struct, frozen=True):
    """Where River's two stand: one number a feature each."""

    counts: tuple[int, ...]
    means: tuple[float, ...]
    variances: tuple[float, ...]
    weights: tuple[float, ...]
    gradient_squares: tuple[float, ...]
    intercept: float

    def table(self, portfolio: Portfolio) -> Table:
        """What each code adds to the log-odds, shape (features, 256); nothing where unknown."""
        return portfolio.centred * self._slopes[:, None]

    @property
    def base(self) -> float:
        """Log-odds of a firm at the mean of everything."""
        return self.intercept - float(self._slopes @ np.array(self.means))

    @property
    def _slopes(self) -> NDArray[np.float64]:
        """Log-odds a unit of each feature, (features,).

        A feature that was the same for all so far has a variance of rounding alone, on which anybody who differs from
        then on would be any number of deviations away: one is never less than where nearly all firms are alike.
        """
        variances = np.array(self.variances)
        deviations = np.maximum(np.sqrt(variances), LEAST_DEVIATION)
        return np.where(variances > 0, self.weights / deviations, 0.0)


def inputs(codes: Codes, portfolio: Portfolio) -> NDArray[np.float64]:
    """The values of firms, shape (n, features)."""
    return portfolio.centred[np.arange(codes.shape[1]), codes]
