"""How a feature's value becomes one of 255 codes: small numbers that count, compare and travel cheaply.

A code is monotone in its value, so an order of codes is an order of firms; code 0 is kept for what is unknown. Values
are spaced by a logarithm where they have heavy tails (euros, months of contribution), evenly where they are shares.
The codes of a month can be counted, and counts of any number of partitions add up exactly: what a firm looks like
beside the whole portfolio follows from such counts (`detectors.portfolio`).

A logarithm for each value of a batch would cost more than all features together. So codes are looked up: the first 17
bits of a value as 32-bit float (sign, exponent, 8 bits of fraction) lead to the code of the least value that begins
with them, and to the one bound, if any, from which on it is the next code.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CODES = 256
UNKNOWN_CODE = 0
_HIGHEST = CODES - 1
_MIDDLE = CODES // 2

Codes = NDArray[np.uint8]
Column = NDArray[np.float64]
Values32 = NDArray[np.float32]


class Scale(NamedTuple):
    """Codes 1 to 255 for values from 0 (or -`most`, if signed) to `most`; beyond that the last code.

    Near 0 a step of `unit` is a large one, far from it a small one: log(1 + |x| / unit). With `unit` 0 steps are even.
    """

    most: float
    unit: float = 0.0
    signed: bool = False

    def encode(self, values: Column) -> Codes:
        """The code of each value, shape of `values`; nan is unknown."""
        return _lone(self).encode(np.asarray(values, np.float32)[None])[0]

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

    def formula(self, values: Column) -> Column:
        """The code of each value, none of them nan, as the scale defines it."""
        most = float(_HIGHEST - _MIDDLE if self.signed else _HIGHEST - 1)
        sizes = np.abs(values)
        steps = np.log1p(sizes / self.unit) / np.log1p(self.most / self.unit) if self.unit else sizes / self.most
        steps = np.minimum(steps * most, most)
        if self.signed:
            return np.rint(np.copysign(steps, values)) + _MIDDLE
        return np.rint(np.where(values < 0, 0.0, steps)) + 1


_FRACTION_LEFT = 15
"""Bits of a 32-bit float that are not looked at first."""
_SIDE = 1 << 16
"""Values of the others, for either sign."""
_INFINITE = 0x7F800000
"""The bits of infinity."""


class Coder:
    """Codes values of several scales, each in a row of its own."""

    def __init__(self, scales: Sequence[Scale]) -> None:
        """Raises ValueError for a scale too fine for the bits looked at."""
        distinct = list(dict.fromkeys(scales))
        tables = [_table(scale) for scale in distinct]
        self._least = np.concatenate([least for least, _ in tables])
        self._bounds = np.concatenate([bounds for _, bounds in tables])
        self._starts = np.array([2 * _SIDE * distinct.index(scale) for scale in scales], np.uint32)

    def encode(self, values: Values32) -> Codes:
        """The code of each value, (scales, n), a row a scale; nan is unknown."""
        begun = (values.view(np.uint32) >> _FRACTION_LEFT) + self._starts[:, None]
        codes = self._least.take(begun)
        codes += (values >= self._bounds.take(begun)).view(np.uint8)
        return codes


@cache
def _lone(scale: Scale) -> Coder:
    return Coder((scale,))


@cache
def _table(scale: Scale) -> tuple[Codes, Values32]:
    """By the first bits of a value: the code of the least value with them, and the bound of the code after it."""
    bounds = _bounds(scale)
    bits = np.abs(bounds) >> _FRACTION_LEFT
    # In the order of values: the negative ones backwards, then the others.
    order = np.where(bounds < 0, _SIDE - 1 - bits, _SIDE + bits)
    if len(np.unique(order)) < len(order):
        raise ValueError(f"{scale} has codes that lie closer together than values are looked at")
    here = np.zeros(2 * _SIDE, np.uint8)
    here[order] = 1
    least = (1 + np.cumsum(here) - here).astype(np.uint8)
    after = np.full(2 * _SIDE, np.nan, np.float32)
    after[order] = _value(bounds)
    least, after = (np.concatenate([x[_SIDE:], x[:_SIDE][::-1]]) for x in (least, after))
    for side in (0, _SIDE):
        least[side + (_INFINITE >> _FRACTION_LEFT) + 1 : side + _SIDE] = UNKNOWN_CODE
    return least, after


def _bounds(scale: Scale) -> NDArray[np.int64]:
    """The places of the least values of the codes 2 to 255, (254,), found by halving."""
    codes = np.arange(2, CODES)
    below, above = (np.full(len(codes), place, np.int64) for place in (-_INFINITE, _INFINITE))
    while (above - below > 1).any():
        middle = (below + above) >> 1
        reached = scale.formula(_value(middle).astype(np.float64)) >= codes
        below, above = np.where(reached, below, middle), np.where(reached, middle, above)
    return above


def _value(places: NDArray[np.int64]) -> Values32:
    """The value at each place in the order of 32-bit floats, 0 at place 0."""
    return np.copysign(np.abs(places).astype(np.uint32).view(np.float32), places.astype(np.float32))
