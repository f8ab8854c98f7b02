"""Steps on whole columns, shared by the fast halves of formats and of kinds."""

from collections.abc import Callable

import polars as pl


def nothing(length: int) -> pl.Series:
    """A column of nulls."""
    return pl.repeat(None, length, eager=True)


def where(mask: pl.Series, values: pl.Series) -> pl.Series:
    """The values where the mask is true, null where it is false or null."""
    return pl.select(pl.when(mask).then(values)).to_series()


def kept(good: pl.Series, cells: pl.Series) -> pl.Series:
    """The cells that are good, null for the others; `good` is null where they are. Nothing is copied if all are."""
    return cells if good.all() else where(good, cells)


def either(first: pl.Series, second: pl.Series) -> pl.Series:
    """The first column's values, the second's where those are null."""
    return pl.select(pl.coalesce(first, second)).to_series()


def matching(pattern: str) -> Callable[[pl.Series], pl.Series]:
    """Keeps the cells that match the pattern from end to end."""
    anchored = f"^(?:{pattern})$"
    return lambda cells: kept(cells.str.contains(anchored), cells)
