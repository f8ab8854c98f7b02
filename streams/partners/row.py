"""Rows of cells, read column by column."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from streams.partners.column import BadValue, Column, header_key

T = TypeVar("T")


class BadCell(ValueError):
    """A row that must be rejected. `column` is the name in the file's header; `why` is the reason without values."""

    def __init__(self, column: str, why: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.why = why
        self.reason = reason


@dataclass(frozen=True)
class Layout:
    """Where a file has its columns: by header key, the index of the cell and the name as the file spells it.

    `months` is empty but for wide kinds: (index, name in the file, first day of the month), in the file's order.
    """

    width: int
    places: dict[str, tuple[int, str]]
    months: tuple[tuple[int, str, date], ...] = ()


class Row:
    """One row of a file. `latest` is the last `known_at` that may be true today."""

    __slots__ = ("_cells", "_layout", "latest")

    def __init__(self, layout: Layout, cells: Sequence[str], latest: date) -> None:
        self._layout = layout
        self._cells = cells
        self.latest = latest

    def need(self, column: Column[T]) -> T:
        """The cell's value. Raises BadCell if it is empty or cannot be read."""
        value = self.may(column)
        if value is None:
            raise self.bad(column, "empty, and no event can do without it")
        return value

    def may(self, column: Column[T]) -> T | None:
        """The cell's value, None if the cell is empty or the file has no such column. Raises BadCell."""
        place = self._layout.places.get(header_key(column.name))
        if place is None:
            return None
        text = self._cells[place[0]].strip()
        if not text:
            return None
        return _read(column, text, place[1])

    def months(self, column: Column[T]) -> list[tuple[str, date, T]]:
        """The filled month cells of a wide row: (name in the file, first day of the month, value). Raises BadCell."""
        found = []
        for index, name, month in self._layout.months:
            text = self._cells[index].strip()
            if text:
                found.append((name, month, _read(column, text, name)))
        return found

    def known(self, column: Column[T] | str, day: date) -> date:
        """`day`, if the network can know it already. Raises BadCell, naming the column that the day comes from."""
        if day > self.latest:
            raise self.bad(column, "known only in the future", f"known only from {day}, which is in the future")
        return day

    def bad(self, column: Column[T] | str, why: str, reason: str = "") -> BadCell:
        """The error of a cell; `column` is declared, or a name in the file."""
        if isinstance(column, str):
            return BadCell(column, why, reason or why)
        place = self._layout.places.get(header_key(column.name))
        return BadCell(place[1] if place else column.name, why, reason or why)


def _read(column: Column[T], text: str, name: str) -> T:
    try:
        return column.format.parse(text)
    except BadValue as error:
        raise BadCell(name, error.why, str(error)) from None
