"""A column of a partner file: its name, its meaning and how its cells are read and written."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import polars as pl

T = TypeVar("T")

Presence = Literal["required", "present", "optional"]
"""required: every row fills it; present: the header has it, cells may be empty; optional: it may be missing."""

_SHOWN = 60


class BadValue(ValueError):
    """A cell that cannot be read. `why` leaves the cell's text out, so that rejects can be counted by it."""

    def __init__(self, why: str, text: str) -> None:
        super().__init__(f"{why}: {text[:_SHOWN] + '…' if len(text) > _SHOWN else text!r}")
        self.why = why


@dataclass(frozen=True)
class Format(Generic[T]):
    """How a value is spelled. `parse` gets a cell that is not empty and raises BadValue; `write` is its inverse.

    `fast`, for columns with about as many values as rows, reads a whole column of cells: a cell's value where `parse`
    is sure to give that one, null for all others, which `parse` may accept yet. Without it, each distinct cell of a
    column goes through `parse` once.
    """

    parse: Callable[[str], T]
    write: Callable[[T], str]
    fast: Callable[[pl.Series], pl.Series] | None = None


@dataclass(frozen=True)
class Column(Generic[T]):
    """One column. `unit` is that of the parsed value, not of the cell."""

    name: str
    meaning: str
    format: Format[T]
    unit: str = ""
    presence: Presence = "required"

    def cell(self, value: T | None) -> tuple[str, str]:
        """The column's name and the cell that reads back as `value`; None is an empty cell."""
        return self.name, "" if value is None else self.format.write(value)


def header_key(name: str) -> str:
    """What header names are compared by: partners change their case, and pad them.

    >>> header_key(" Siret ") == header_key("SIRET")
    True
    """
    return name.strip().casefold()
