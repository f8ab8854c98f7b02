"""Rows of records as numbers that are mostly 0 and else small: how far each field is from what is expected of it.

What is expected of a field follows from what is read before it: from the record's head, from the fields before, from
the firm's entries. It need not be right, only often: the difference is kept, so that every value comes back.
Differences wrap around at 64 bits, and have their sign in the lowest one. A blank that is far from what is expected is
given a small number of its own, and those in between move up by one.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.rings import MONTHS
from detectors.squeeze import Numbers

Ints = NDArray[np.int64]
Known = Mapping[str, Ints]
"""What is known of each row from elsewhere, arrays of shape (n,) or (MONTHS, n)."""
Expected = Callable[[NDArray[np.void], Known], "Ints | int"]
"""From rows, whose fields before this one are there, and what else is known: values of such shapes, or one for all."""


class Field(NamedTuple):
    """A field, and what is expected of it: by default the blank."""

    name: str
    expected: Expected | None = None
    blank_at: int | None = None
    """The number of a blank where something else is expected: 0 where it is the more usual one, else 1."""
    newest_first: bool = False
    """A ring that reaches `month`, whose values mostly stay; `expected` is of the newest."""


class Expectations:
    """The numbers of rows of one type, and the rows of numbers."""

    def __init__(self, blank: np.void, kinds: Sequence[Sequence[Field]]) -> None:
        """`kinds` are fields whose numbers are of a size; a field comes after those that its expectation asks."""
        self.blank = blank
        self._fields = [field for kind in kinds for field in kind]
        self.names = [field.name for field in self._fields]
        self._blanks = {field.name: _column(np.array([blank]), field.name) for field in self._fields}
        sizes = [[self._blanks[field.name].size for field in kind] for kind in kinds]
        self.kinds = [sum(kind) for kind in sizes]
        ends = np.cumsum([size for kind in sizes for size in kind]).tolist()
        self._places = [
            slice(start, end) if self._blanks[field.name].ndim > 1 else start
            for field, start, end in zip(self._fields, [0, *ends[:-1]], ends, strict=True)
        ]
        self.columns = ends[-1]

    def numbers(self, rows: NDArray[np.void], known: Known) -> Numbers:
        """The numbers of rows, shape (columns, n)."""
        found, blanks = np.empty((self.columns, len(rows)), np.int64), []
        for field, place in zip(self._fields, self._places, strict=True):
            values, expected = _column(rows, field.name), self._expected(field, rows, known)
            if field.newest_first:
                values = _turned(values, known["month"])
                np.subtract(values[0], expected, out=found[place][0])
                np.subtract(values[1:], values[:-1], out=found[place][1:])
                continue
            np.subtract(values, expected, out=found[place])
            if field.blank_at is not None:
                blanks.append((place, self._blanks[field.name] - expected, field.blank_at))
        numbers = _folded(found)
        for place, blank, at in blanks:
            numbers[place] = _moved(numbers[place], _folded(blank), at)
        return numbers

    def rows(self, numbers: Numbers, known: Known, into: NDArray[np.void]) -> NDArray[np.void]:
        """The rows `into`, with the fields of the numbers put into them."""
        differences = _unfolded(numbers)
        for field, place in zip(self._fields, self._places, strict=True):
            expected, values = self._expected(field, into, known), differences[place]
            if field.newest_first:
                values[0] += expected
                values = _turned(np.cumsum(values, axis=0), known["month"])
            else:
                if field.blank_at is not None:
                    blank = _folded(self._blanks[field.name] - expected)
                    values = _unfolded(_moved_back(numbers[place], blank, field.blank_at))
                values = values + expected
            _put(into, field.name, values)
        return into

    def _expected(self, field: Field, rows: NDArray[np.void], known: Known) -> "Ints | int":
        return self._blanks[field.name] if field.expected is None else field.expected(rows, known)


def _column(rows: NDArray[np.void], name: str) -> Ints:
    """A field's values as integers, shape (n,) or (values, n); floats as their bits, texts by their bytes."""
    values = rows[name]
    if values.dtype.kind == "S":
        return letters(values)
    return values.view(np.int64) if values.dtype.kind == "f" else values.astype(np.int64, copy=False).T


def letters(texts: NDArray[np.bytes_]) -> Ints:
    """The bytes of texts, shape (letters, n)."""
    return np.ascontiguousarray(texts).view(np.uint8).reshape(len(texts), texts.itemsize).T.astype(np.int64)


def _put(rows: NDArray[np.void], name: str, values: Ints) -> None:
    kind = rows.dtype[name]
    if kind.kind == "S":
        rows[name] = np.ascontiguousarray(values.T, np.uint8).view(kind)[:, 0]
    else:
        rows[name] = values.view(np.float64) if kind.kind == "f" else values.T


def _folded(differences: Ints) -> Numbers:
    """Small numbers for numbers near 0: 0, -1, 1, -2, 2... become 0, 1, 2, 3, 4..."""
    return ((differences << 1) ^ (differences >> 63)).view(np.uint64)


def _unfolded(codes: Numbers) -> Ints:
    return (codes >> np.uint64(1)).view(np.int64) ^ -(codes & np.uint64(1)).view(np.int64)


def _moved(codes: Numbers, blank: Numbers, place: int) -> Numbers:
    """The codes with that of the blank moved down to a place; those passed over move up by one."""
    down = np.minimum(blank, np.uint64(place))
    return np.where(codes == blank, down, codes + ((codes >= down) & (codes < blank)))


def _moved_back(codes: Numbers, blank: Numbers, place: int) -> Numbers:
    down = np.minimum(blank, np.uint64(place))
    return np.where(codes == down, blank, codes - ((codes > down) & (codes <= blank)))


def _turned(values: Ints, month: Ints) -> Ints:
    """Rings (MONTHS, n) that reach `month`, with the newest month first; or such series as rings, by the same turn."""
    if len(month) and (month == month[0]).all():
        return values[(month[0] - _BACK) % MONTHS]
    return np.take_along_axis(values, (month - _BACK[:, None]) % MONTHS, axis=0)


_BACK = np.arange(MONTHS)
