"""Rows of records as numbers that are mostly 0 and else small: how far each field is from what is expected of it.

What is expected of a field follows from what is read before it: from the record's head, from the fields before, from
the firm's entries. It need not be right, only often: the difference is kept, so that every value comes back.
Differences wrap around at 64 bits, and have their sign in the lowest one. A blank that is far from what is expected is
given a small number of its own, and those in between move up by one.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.rings import MONTHS
from detectors.squeeze import Numbers, padded, sums

Ints = NDArray[np.int64]
Structs = NDArray[np.void]
Known = Mapping[str, Ints]
"""What is known of each row from elsewhere, arrays of shape (n,) or (n, MONTHS)."""
Expected = Callable[[Structs, Known], "Ints | int"]
"""From rows as `Expectations.integers`, whose fields before this one are there, and what else is known: values of such
shapes, or of shapes that broadcast to them."""


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

    def __init__(self, blank: np.void, kinds: Sequence[Sequence[Field]], before: int = 0) -> None:
        """`kinds` are fields whose numbers are of a size; a field comes after those that its expectation asks.

        Rows of numbers are `padded`, and have so many columns of 0 `before` the fields, for what else stands in a row.
        """
        self.blank = blank
        self._fields = [field for kind in kinds for field in kind]
        self.names = [field.name for field in self._fields]
        self._bits = _bits_of(blank.dtype, self.names)
        sizes = [[int(np.prod(self._bits[field.name].shape, dtype=int)) for field in kind] for kind in kinds]
        self.kinds = [sum(kind) for kind in sizes]
        starts = before + sums(np.array([size for kind in sizes for size in kind]))
        self.columns = padded(int(starts[-1]))
        self._integers = _integers_of(self._bits, starts[:-1].tolist(), self.columns)
        self._blanks = self.integers(np.array([blank]))
        self._rings = [field for field in self._fields if field.newest_first]
        edges = dict(zip(self.names, pairwise(starts.tolist()), strict=True))
        self._ring_starts = np.array([edges[field.name][0] for field in self._rings])
        self._moves = list[tuple[slice | int, int]]()
        for at, run in groupby(self._fields, lambda field: field.blank_at):
            if at is not None:
                of_run = [edge for field in run for edge in edges[field.name]]
                self._moves += [(place, at) for place in _together(of_run[0], of_run[-1])]

    def integers(self, rows: Structs) -> Structs:
        """A copy of rows whose fields are integers: floats as their bits, texts as their bytes."""
        found = np.zeros(len(rows), self._integers)
        found[...] = rows.view(self._bits)
        return found

    def numbers(self, values: Structs, known: Known) -> Numbers:
        """The numbers of rows, shape (n, columns), in place of what `integers` made of them."""
        expected = self._blanks.repeat(len(values))
        for field in self._fields:
            if field.expected is not None and not field.newest_first:
                expected[field.name] = field.expected(values, known)
        if self._rings:
            self._turn_rings(values, expected, known)
        numbers, expectations = _matrix(values), _matrix(expected)
        np.subtract(numbers, expectations, out=numbers)
        codes = _folded(numbers)
        for place, at in self._moves:
            _move(codes[:, place], _folded(_matrix(self._blanks)[:, place] - expectations[:, place]), at)
        return codes

    def rows(self, numbers: Numbers, known: Known, into: Structs) -> Structs:
        """The rows `into`, with the fields of the numbers put into them."""
        differences = _unfolded(numbers)
        values, codes = differences.view(self._integers)[:, 0], numbers.view(self._integers)[:, 0]
        for field in self._fields:
            expected = self._blanks[field.name] if field.expected is None else field.expected(values, known)
            if field.newest_first:
                series = values[field.name]
                series[:, 0] += expected
                values[field.name] = _turned_back(np.cumsum(series, axis=1), known["month"])
                continue
            if field.blank_at is not None:
                blank = _folded(self._blanks[field.name] - expected)
                values[field.name] = _unfolded(_moved_back(codes[field.name].view(np.uint64), blank, field.blank_at))
            values[field.name] += expected
        into.view(self._bits)[...] = values
        return into

    def _turn_rings(self, values: Structs, expected: Structs, known: Known) -> None:
        """Have the newest month first, of which a value is expected, and of the others the one after it."""
        places = _TURNS.take(known["month"] % MONTHS, axis=0) + np.arange(len(values))[:, None] * self.columns
        for field, start in zip(self._rings, self._ring_starts.tolist(), strict=True):
            newest = field.expected(values, known) if field.expected else self._blanks[field.name]
            values[field.name] = turned = _matrix(values).reshape(-1).take(places + start)
            ring = expected[field.name]
            ring[:, 0], ring[:, 1:] = newest, turned[:, :-1]


def _bits_of(rows: np.dtype[np.void], names: Sequence[str]) -> np.dtype[np.void]:
    """Some fields of rows as they lie in memory, floats as integers, texts as bytes."""
    fields = rows.fields
    assert fields is not None, "records have fields"
    kinds, offsets = [_bits(rows[name]) for name in names], [fields[name][1] for name in names]
    return np.dtype({"names": names, "formats": kinds, "offsets": offsets, "itemsize": rows.itemsize})


def _bits(kind: np.dtype[Any]) -> np.dtype[Any]:
    if kind.base.kind == "S":
        return np.dtype((np.uint8, (kind.itemsize,)))
    return np.dtype((np.int64, kind.shape)) if kind.base.kind == "f" else kind


def _integers_of(bits: np.dtype[np.void], starts: Sequence[int], columns: int) -> np.dtype[np.void]:
    """The same fields as columns of integers, each from its start on."""
    names = list(bits.names or ())
    kinds = [np.dtype((np.int64, bits[name].shape)) for name in names]
    return np.dtype({"names": names, "formats": kinds, "offsets": [8 * at for at in starts], "itemsize": 8 * columns})


def _together(start: int, end: int) -> list[slice | int]:
    """Columns as they are quickly worked on: passes over a few side by side have short inner loops."""
    return [slice(start, end)] if end - start >= _MANY else [*range(start, end)]


def _matrix(values: Structs) -> Ints:
    """All columns, shape (n, columns)."""
    return values.view(np.int64).reshape(len(values), values.dtype.itemsize // 8)


def _folded(differences: Ints) -> Numbers:
    """Small numbers for numbers near 0: 0, -1, 1, -2, 2... become 0, 1, 2, 3, 4... In place."""
    signs = differences >> 63
    np.left_shift(differences, 1, out=differences)
    np.bitwise_xor(differences, signs, out=differences)
    return differences.view(np.uint64)


def _unfolded(codes: Numbers) -> Ints:
    return (codes >> np.uint64(1)).view(np.int64) ^ -(codes & np.uint64(1)).view(np.int64)


def _turned_back(turned: Ints, month: Ints) -> Ints:
    """Rings that reach `month` of series (n, MONTHS) whose newest month comes first."""
    return np.take_along_axis(turned, _TURNS.take(month % MONTHS, axis=0), axis=1)


def _move(codes: Numbers, blank: Numbers, place: int) -> None:
    """Move the code of the blank down to a place, 0 or 1, and those passed over up by one. In place."""
    blanks, passed = codes == blank, codes < blank
    if place:
        passed &= codes > 0
    np.add(codes, passed, out=codes)
    np.copyto(codes, np.minimum(blank, np.uint64(place)), where=blanks)


def _moved_back(codes: Numbers, blank: Numbers, place: int) -> Numbers:
    down = np.minimum(blank, np.uint64(place))
    return np.where(codes == down, blank, codes - ((codes > down) & (codes <= blank)))


_MANY = 8
_BACK = np.arange(MONTHS)
_TURNS = (_BACK[:, None] - _BACK) % MONTHS
"""By the column of the newest month, the columns of the months backwards; the same turn leads back."""
