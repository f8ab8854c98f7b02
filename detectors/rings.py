"""Monthly series of the last months, one row a firm or an account: month m stands in column m mod MONTHS."""

from collections.abc import Sequence

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


def months(latest: Months) -> NDArray[np.int32]:
    """The month that stands in each column of windows that reach `latest` (n,), shape (n, MONTHS)."""
    last = latest[:, None]
    return last - np.remainder(last - _COLUMNS, MONTHS, dtype=np.int32)


def ordered(
    latest: Months, series: Sequence[NDArray[np.int64]], until: Months | None = None
) -> list[NDArray[np.int64]]:
    """Each series with its most recent month first, shape (MONTHS, n): row k is month `until` - k.

    `until` (by default `latest`) may lie after the latest month: what is not there is 0.
    """
    end = latest if until is None else until
    alike = len(end) > 0 and bool((end == end[0]).all())
    found = _turned(series, int(end[0]) % MONTHS) if alike else _gathered(series, end % MONTHS)
    outside = _outside(end - latest)
    if outside is not None:
        for values in found:
            np.copyto(values[: len(outside)], 0, where=outside)
    return found


def _turned(series: Sequence[NDArray[np.int64]], last: int) -> list[NDArray[np.int64]]:
    """The series where all end in the same column: two runs of columns, copied backwards."""
    found = []
    for ring in series:
        values = np.empty((MONTHS, len(ring)), np.int64)
        values[: last + 1] = ring.T[last::-1]
        values[last + 1 :] = ring.T[:last:-1]
        found.append(values)
    return found


def _gathered(series: Sequence[NDArray[np.int64]], last: Months) -> list[NDArray[np.int64]]:
    """The series where each row ends in a column of its own."""
    places = _BACKWARDS[:, last] + np.arange(0, len(last) * MONTHS, MONTHS)
    return [np.ascontiguousarray(ring).reshape(-1).take(places) for ring in series]


def _outside(gap: Months) -> NDArray[np.bool_] | None:
    """Which months lie outside a window that ended `gap` months before, as far back as any does; None if none does."""
    if not gap.any():
        return None
    if gap.min() < 0:
        return (gap > _BACK) | (gap + MONTHS <= _BACK)
    return gap > _BACK[: int(gap.max())]


_COLUMNS = np.arange(MONTHS, dtype=np.int32)
_BACK = np.arange(MONTHS)[:, None]
_BACKWARDS = (_BACK.T - _BACK) % MONTHS
"""By the column of a month, in columns of this, the columns of that month and of those before it."""
