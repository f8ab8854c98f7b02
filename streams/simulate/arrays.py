"""Names for the columns that the simulation is made of, and the logistic curve that most chances follow.

Tables over time are month-major (months x firms, months x accounts): a longer world then begins with the very draws of
a shorter one, which is what lets a test prove that no row depends on a later month.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]
Rows = npt.NDArray[np.void]
"""A structured array: one record a row of a partner file, before it is spelt."""

NEVER = 1_000_000
"""The month index of what does not happen."""


def sigmoid(x: Floats) -> Floats:
    """The logistic curve, safe at both ends."""
    curve: Floats = 1.0 / (1.0 + np.exp(-np.clip(x, -40.0, 40.0)))
    return curve


def texts(values: list[str]) -> Texts:
    """Strings as an array that can be indexed by arrays."""
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def numbers(count: int, start: int = 0) -> Ints:
    """The integers from `start`, `count` of them, 64 bits wide."""
    return np.arange(start, start + count, dtype=np.int64)
