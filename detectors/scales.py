"""How a feature's value becomes one of 255 codes: small numbers that count, compare and travel cheaply.

A code is monotone in its value, so an order of codes is an order of firms; code 0 is kept for what is unknown. Values
are spaced by a logarithm where they have heavy tails (euros, months of contribution), evenly where they are shares.
The codes of a month can be counted, and counts of any number of partitions add up exactly: what a firm looks like
beside the whole portfolio follows from such counts (`detectors.portfolio`).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CODES = 256
UNKNOWN_CODE = 0
_HIGHEST = CODES - 1
_MIDDLE = CODES // 2

Codes = NDArray[np.uint8]
Column = NDArray[np.float64]


class Scale(NamedTuple):
    """Codes 1 to 255 for values from 0 (or -`most`, if signed) to `most`; beyond that the last code.

    Near 0 a step of `unit` is a large one, far from it a small one: log(1 + |x| / unit). With `unit` 0 steps are even.
    """

    most: float
    unit: float = 0.0
    signed: bool = False

    def encode(self, values: Column) -> Codes:
        """The code of each value, shape of `values`; nan is unknown."""
        steps = self._steps(np.abs(values))
        unknown = np.isnan(steps)
        some_unknown = bool(unknown.any())
        if some_unknown:
            steps[unknown] = 0.0
        if self.signed:
            codes = np.rint(np.copysign(steps, values, out=steps), out=steps) + _MIDDLE
        else:
            steps[values < 0] = 0.0
            codes = np.rint(steps, out=steps) + 1
        found = codes.astype(np.uint8)
        if some_unknown:
            found[unknown] = UNKNOWN_CODE
        return found

    def decode(self) -> Column:
        """The value that each code stands for, shape (256,); that of the unknown one is nan."""
        codes = np.arange(CODES, dtype=np.float64)
        share = (codes - _MIDDLE) / (_HIGHEST - _MIDDLE) if self.signed else (codes - 1) / (_HIGHEST - 1)
        share = np.clip(share, -1.0, 1.0)
        if self.unit:
            values = np.sign(share) * np.expm1(np.abs(share) * np.log1p(self.most / self.unit)) * self.unit
        else:
            values = share * self.most
        values[UNKNOWN_CODE] = np.nan
        return values

    def _steps(self, sizes: Column) -> Column:
        """How many codes away from 0 each size is, at most all there are; `sizes` may be overwritten."""
        most = float(_HIGHEST - _MIDDLE if self.signed else _HIGHEST - 1)
        if self.unit:
            np.divide(sizes, self.unit, out=sizes)
            np.log1p(sizes, out=sizes)
            np.multiply(sizes, most / np.log1p(self.most / self.unit), out=sizes)
        else:
            np.multiply(sizes, most / self.most, out=sizes)
        return np.minimum(sizes, most, out=sizes)
