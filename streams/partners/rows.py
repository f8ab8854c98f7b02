"""Many rows of cells, read column by column: what `row.Row` does, for a whole block of a file at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple, TypeVar

import numpy as np
import polars as pl

from streams.partners.coded import Coded, Coder, Values
from streams.partners.column import Column, header_key
from streams.partners.row import Layout

T = TypeVar("T")

ROW = "row"
"""Beside the fields of an event, which row (UInt32, from 0) each comes from; left out where there is one a row."""
Fields = Mapping[str, Values]
"""The events of a block: by field of the event, a column."""


class MonthCells(NamedTuple):
    """The filled month cells of wide rows, row after row, those of a row in the file's order."""

    row: pl.Series
    month: Coded[date]
    value: pl.Series


@dataclass
class Rows:
    """Rows of a file: its cells by their place, stripped, null where empty. `latest` as in `Row`.

    Reading a column notes which rows it could not be sure of. `sure` rows give the events that their fields say; what
    the others give, `Row` must tell. Nothing is raised here.
    """

    layout: Layout
    cells: pl.DataFrame
    latest: date
    coders: dict[str, Coder[Any]]
    """By column, what was learned of it in earlier blocks of the same file."""
    sure: pl.Series = field(init=False)
    wanted: pl.Series | None = field(init=False, default=None)
    """The rows that give events at all, null for all: the others are skipped."""

    def __post_init__(self) -> None:
        self.sure = pl.repeat(True, len(self), eager=True, dtype=pl.Boolean)

    def __len__(self) -> int:
        return self.cells.height

    def need(self, column: Column[Any]) -> Values:
        """A column whose every cell must be filled."""
        self.require(self.text(column).is_not_null())
        return self.may(column)

    def may(self, column: Column[Any], where: pl.Series | None = None) -> Values:
        """A column whose cells may be empty, and which the file may lack; read only `where` that is true."""
        return self.fast(column, where) if column.format.fast else self.coded(column, where)

    def fast(self, column: Column[Any], where: pl.Series | None = None) -> pl.Series:
        """Such a column, of a format that reads whole columns."""
        text = self.text(column, where)
        assert column.format.fast is not None
        values = column.format.fast(text)
        self.require(values.is_not_null() | text.is_null())
        return values

    def coded(self, column: Column[T], where: pl.Series | None = None) -> Coded[T]:
        """Such a column, coded, so that more can be made of its values than they are."""
        text = self.text(column, where)
        values = self.coders.setdefault(column.name, Coder(column.format.parse)).codes(text)
        self.require(values.codes.is_not_null() | text.is_null())
        return values

    def need_coded(self, column: Column[T]) -> Coded[T]:
        """The same of a column whose every cell must be filled."""
        self.require(self.text(column).is_not_null())
        return self.coded(column)

    def text(self, column: Column[Any], where: pl.Series | None = None) -> pl.Series:
        """A column's cells as they are, null where empty or not `where`."""
        place = self.layout.places.get(header_key(column.name))
        if place is None:
            return pl.repeat(None, len(self), eager=True, dtype=pl.String)
        text = self.cells[str(place[0])]
        return text if where is None else pl.select(pl.when(where).then(text)).to_series()

    def known(self, days: Coded[date]) -> Coded[date]:
        """The days, which the network must know by now."""
        early = days.map(lambda day: day <= self.latest).column(pl.Boolean)
        self.require(early.fill_null(value=True))
        return days

    def months(self, column: Column[Any], known_from: Callable[[date], date]) -> MonthCells:
        """The filled month cells of wide rows, whose months must be known by now: from `known_from` on."""
        places = self.layout.months
        text = pl.concat([self.cells[str(index)] for index, _, _ in places], rechunk=True)
        assert column.format.fast is not None
        values = column.format.fast(text)
        shape = (len(places), len(self))
        early = np.array([known_from(month) <= self.latest for _, _, month in places], dtype=np.bool_)
        filled = text.is_not_null().to_numpy().reshape(shape)
        good = ~filled | (values.is_not_null().to_numpy().reshape(shape) & early[:, None])
        self.require(pl.Series(good.all(axis=0)))
        row, month = np.nonzero(filled.T)
        months = [month for _, _, month in places]
        return MonthCells(
            pl.Series(row.astype(np.uint32)),
            Coded(pl.Series(month.astype(np.uint32)), months),
            values.gather(pl.Series((month * len(self) + row).astype(np.uint32))),
        )

    def require(self, mask: pl.Series) -> None:
        """Be sure only of rows where this is true, or that are skipped."""
        self.sure = self.sure & (mask if self.wanted is None else mask | ~self.wanted)

    def only(self, wanted: pl.Series) -> None:
        """Skip the rows where this is not true, whatever their other cells hold."""
        self.wanted = wanted.fill_null(value=False)
