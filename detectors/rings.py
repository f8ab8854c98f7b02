"""Monthly series of the last months, one row a firm or an account: month m stands in column m mod MONTHS."""

import numpy as np
from numpy.typing import NDArray

MONTHS = 13
"""Months kept: the last twelve and the one a year before."""
NEVER = -(10**6)
"""The latest month of a series in which nothing was ever seen."""

Months = NDArray[np.int32]
Rows = NDArray[np.int32]


def advance(latest: Months, months: Months, series: tuple[NDArray[np.int64], ...], rows: Rows, blank: int = 0) -> None:
    """Let the windows of `rows` reach `months`, blanking the months that enter. In place.

    `latest` has shape (all rows,), each series (all rows, MONTHS); `months` and `rows` have shape (n,), rows distinct.
    """
    gap = months - latest[rows]
    ahead = gap > 0
    if not ahead.any():
        return
    rows, months, gap = rows[ahead], months[ahead], np.minimum(gap[ahead], MONTHS)
    column = np.arange(MONTHS)
    entering = (months[:, None] - column) % MONTHS < gap[:, None]
    for ring in series:
        ring[rows] = np.where(entering, blank, ring[rows])
    latest[rows] = months


def within(latest: Months, months: Months) -> NDArray[np.bool_]:
    """Which months still stand in their windows."""
    return (months <= latest) & (months > latest - MONTHS)


def ordered(latest: Months, ring: NDArray[np.int64], until: Months | None = None) -> NDArray[np.int64]:
    """The series with its most recent month first, shape (n, MONTHS): column k is month `until` - k.

    `until` (by default `latest`) may lie after the latest month: what is not there is 0.
    """
    end = latest if until is None else until
    months = end[:, None] - np.arange(MONTHS)
    values = ring[np.arange(len(ring))[:, None], months % MONTHS]
    return np.where(within(latest[:, None], months), values, 0)
