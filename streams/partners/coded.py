"""Columns of few distinct values, as codes into a table: each distinct cell is parsed once, by the row's own parser."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Generic, NamedTuple, TypeVar

import polars as pl

from streams.partners.column import BadValue

T = TypeVar("T")
U = TypeVar("U")

_MOST_REMEMBERED = 1 << 15


@dataclass(frozen=True)
class Coded(Generic[T]):
    """A column: `codes` (UInt32, null where there is no value) point into `values`."""

    codes: pl.Series
    values: Sequence[T]

    def map(self, of: Callable[[T], U]) -> "Coded[U]":
        """The column of what `of` makes of each value; it is asked once a distinct one."""
        return Coded(self.codes, [of(value) for value in self.values])

    def column(self, dtype: pl.DataType | type[pl.DataType]) -> pl.Series:
        """The values themselves, one a row."""
        return pl.Series(self.values, dtype=dtype).gather(self.codes)


Values = pl.Series | Coded[Any]
"""A column, in either form."""


class _Known(NamedTuple):
    """What is known of a column's cells: the good ones, in the order of their codes, and what they mean."""

    texts: pl.Enum
    values: Sequence[Any]
    bad: frozenset[str]


_NOTHING = _Known(pl.Enum([]), (), frozenset())


@dataclass
class Coder(Generic[T]):
    """Codes the cells of one column of a file, block after block. Threads may share it."""

    parse: Callable[[str], T]
    _known: _Known = _NOTHING
    _lock: Lock = field(default_factory=Lock)

    def codes(self, cells: pl.Series) -> Coded[T]:
        """The cells, coded; an empty cell or one that `parse` refuses has no code."""
        known = self._known
        codes = cells.cast(known.texts, strict=False)
        if codes.null_count() > cells.null_count():
            known = self._learn(cells.unique().drop_nulls().to_list())
            codes = cells.cast(known.texts, strict=False)
        return Coded(codes.to_physical().cast(pl.UInt32), known.values)

    def _learn(self, cells: Sequence[str]) -> _Known:
        with self._lock:
            known = self._known
            if len(known.values) + len(known.bad) > _MOST_REMEMBERED:
                known = _NOTHING
            good, bad = dict(zip(known.texts.categories.to_list(), known.values, strict=True)), set(known.bad)
            for cell in cells:
                if cell not in good and cell not in bad:
                    try:
                        good[cell] = self.parse(cell)
                    except BadValue:
                        bad.add(cell)
            self._known = _Known(pl.Enum(list(good)), tuple(good.values()), frozenset(bad))
            return self._known
