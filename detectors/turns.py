"""The order in which the events of a stretch are worked: every firm's first, then every firm's second, and so on."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import begins, narrow

Rows = NDArray[np.intp]
Positions = NDArray[np.intp]

TOGETHER = 16_384
"""Events worked together: the more, the fewer calls; bounds the memory of a turn. Changes no result."""


@dataclass(frozen=True)
class Turn:
    """Events of different firms, in the order of the firms' rows: neighbours in memory are worked one after the other.

    Arrays of shape (n,).
    """

    at: Positions
    """Where they stand among the events of the stretch."""
    new_day: NDArray[np.bool_]
    """Whether the firm had no event on that day before, in this stretch."""


def turns(rows: Rows, days: NDArray[np.int32]) -> Iterator[Turn]:
    """The turns of a stretch, of at most TOGETHER events each, from the firm's row and the day of each event."""
    if not len(rows):
        return
    order = rows.argsort(kind="stable")
    first = begins(rows[order])
    new_day = first | begins(days[order])
    firm = first.cumsum() - 1
    number = np.arange(len(rows)) - first.nonzero()[0][firm]
    by_turn = narrow(number).argsort(kind="stable")
    ends = np.bincount(number).cumsum().tolist()
    for start, end in zip([0, *ends], ends, strict=False):
        for low in range(start, end, TOGETHER):
            part = by_turn[low : min(low + TOGETHER, end)]
            yield Turn(order[part], new_day[part])
