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
    latest[rows] = months
    for back in range(int(gap.max())):
        entering = gap > back
        some, column = rows[entering], (months[entering] - back) % MONTHS
        for ring in series:
            ring[some, column] = blank


def within(latest: Months, months: Months) -> NDArray[np.bool_]:
    """Which months still stand in their windows."""
    return (months <= latest) & (months > latest - MONTHS)


def ordered(latest: Months, ring: NDArray[np.int64], until: Months | None = None) -> NDArray[np.int64]:
    """The series with its most recent month first, shape (n, MONTHS): column k is month `until` - k.

    `until` (by default `latest`) may lie after the latest month: what is not there is 0.
    """
    end = latest if until is None else until
    places = _BACKWARDS[end % MONTHS] + np.arange(0, ring.size, MONTHS)[:, None]
    values = np.ascontiguousarray(ring).reshape(-1).take(places)
    gap = (end - latest)[:, None]
    if gap.any():  # else every month of the window is there
        values[(gap > _BACK) | (gap + MONTHS <= _BACK)] = 0
    return values


_BACK = np.arange(MONTHS)
_BACKWARDS = (_BACK[:, None] - _BACK) % MONTHS
"""By the column of a month, the columns of that month and of those before it."""
