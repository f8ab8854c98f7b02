"""Sums over columns whose rounding does not depend on how many firms are summed together."""

import numpy as np
from numpy.typing import NDArray


def in_order(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of the rows of (k, n), one after the other, shape (n,).

    NumPy adds rows in order too, except where there is one column: that it sums in pairs, and rounds otherwise.
    """
    if parts.shape[1] == 1:
        return np.add.accumulate(parts, axis=0)[-1] if len(parts) else np.zeros(1)
    total: NDArray[np.float64] = parts.sum(axis=0)
    return total
