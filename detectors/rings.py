"""Monthly series of the last months, one row a firm or an account: month m stands in column m mod MONTHS."""

import numpy as np
from numpy.typing import NDArray

MONTHS = 13
"""Months kept: the last twelve and the one a year before."""
NEVER = -(10**6)
"""The latest month of a series in which nothing was ever seen."""

Months = NDArray[np.int32]
Rows = NDArray[np.intp]


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


def months(latest: Months) -> NDArray[np.int32]:
    """The month that stands in each column of windows that reach `latest` (n,), shape (n, MONTHS)."""
    last = latest[:, None]
    return last - np.remainder(last - _COLUMNS, MONTHS, dtype=np.int32)


def ordered(latest: Months, series: NDArray[np.int64], until: Months | int | None = None) -> NDArray[np.int64]:
    """Series (n, k, MONTHS) with their most recent month first, shape (k, MONTHS, n): row m is month `until` - m.

    `until` (by default `latest`) may lie after the latest month: what is not there is 0.
    """
    end = latest if until is None else until
    one = end if isinstance(end, int) else _shared(end)
    found = _gathered(series, np.asarray(end) % MONTHS) if one is None else _turned(series, one % MONTHS)
    outside = None if until is None else _outside(until - latest)
    if outside is not None:
        np.copyto(found[:, : len(outside)], 0, where=outside)
    return found


def _shared(end: Months) -> int | None:
    """The month in which all end, if there is one."""
    return int(end[0]) if len(end) and bool((end == end[0]).all()) else None


def _turned(series: NDArray[np.int64], last: int) -> NDArray[np.int64]:
    """The series where all end in the same column: two runs of columns, copied backwards."""
    columns = series.transpose(1, 2, 0)
    found = np.empty(columns.shape, np.int64)
    found[:, : last + 1] = columns[:, last::-1]
    found[:, last + 1 :] = columns[:, :last:-1]
    return found


def _gathered(series: NDArray[np.int64], last: Months) -> NDArray[np.int64]:
    """The series where each row ends in a column of its own."""
    rows, number, _ = series.shape
    # By month and row; then by series as well.
    places = _BACKWARDS[:, last] + np.arange(0, rows * number * MONTHS, number * MONTHS)
    return np.ascontiguousarray(series).reshape(-1).take(places + np.arange(0, number * MONTHS, MONTHS)[:, None, None])


def _outside(gap: Months) -> NDArray[np.bool_] | None:
    """Which months lie outside a window that ended `gap` months before, as far back as any does; None if none does."""
    if gap.min(initial=0) < 0:
        return (gap > _BACK) | (gap + MONTHS <= _BACK)
    most = int(gap.max(initial=0))
    return gap > _BACK[:most] if most else None


_COLUMNS = np.arange(MONTHS, dtype=np.int32)
_BACK = np.arange(MONTHS)[:, None]
_BACKWARDS = (_BACK.T - _BACK) % MONTHS
"""By the column of a month, in columns of this, the columns of that month and of those before it."""
