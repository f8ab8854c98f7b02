"""Arrays on the wire: type, shape and bytes, so that numbers come back exactly."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray


class Array(msgspec.Struct, frozen=True, array_like=True):
    """An array as it is stored; little-endian."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes

    def open(self) -> NDArray[Any]:
        """The array. Raises ValueError where bytes and shape do not fit."""
        return np.frombuffer(self.data, np.dtype(self.dtype)).reshape(self.shape)


def stored(array: NDArray[Any], dtype: str) -> Array:
    """An array to be stored as that type."""
    return Array(dtype, array.shape, np.ascontiguousarray(array, dtype).tobytes())


def with_room(array: NDArray[Any], size: int, fill: object = 0) -> NDArray[Any]:
    """The array where it has `size` rows, else a longer one that begins with it, `fill` in the rest.

    Rows of zeros take no memory until something is written there, so there may be many of them.
    """
    if size <= len(array):
        return array
    longer = np.zeros((max(size, (2 if fill else 4) * len(array)), *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    if fill:
        longer[len(array) :] = fill
    return longer


def as_bytes(rows: np.dtype[np.void]) -> np.dtype[np.void]:
    """Rows as bytes, which are copied several times faster than field by field."""
    return np.dtype((np.void, rows.itemsize))


def side_by_side(rows: np.dtype[np.void], **fields: Sequence[str]) -> np.dtype[np.void]:
    """Rows as they lie in memory, where several fields of one type are one field of theirs, (fields, ...).

    Raises ValueError for fields that do not follow each other.
    """
    assert rows.fields is not None, "rows have fields"
    formats, offsets = list[object](), list[int]()
    for names in fields.values():
        kind, at = rows[names[0]], rows.fields[names[0]][1]
        if [rows.fields[name][:2] for name in names] != [(kind, at + i * kind.itemsize) for i in range(len(names))]:
            raise ValueError(f"{', '.join(names)} are no fields of one type, one after the other")
        formats.append((kind, len(names)))
        offsets.append(at)
    return np.dtype({"names": [*fields], "formats": formats, "offsets": offsets, "itemsize": rows.itemsize})


def places(starts: NDArray[np.integer], lengths: NDArray[np.integer]) -> NDArray[np.int64]:
    """So many places from each start on, one after the other."""
    stops = lengths.cumsum(dtype=np.int64)
    return np.arange(stops[-1] if len(stops) else 0) + (starts - (stops - lengths)).repeat(lengths)


def between(values: NDArray[Any], least: float, most: float) -> NDArray[Any]:
    """The values, none below `least` or above `most`, nan as it is: `numpy.clip`, whose calls cost a few values' time
    tenfold.
    """
    return np.minimum(np.maximum(values, least), most)


def begins(ordered: NDArray[Any]) -> NDArray[np.bool_]:
    """Which numbers begin a run of equal ones."""
    found = np.empty(len(ordered), bool)
    found[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=found[1:])
    return found


def distinct(numbers: NDArray[Any]) -> NDArray[Any]:
    """Each number once, ascending: several times faster than NumPy's `unique`, which hashes."""
    ordered = np.sort(numbers)
    return ordered[begins(ordered)]


def narrow(numbers: NDArray[np.integer]) -> NDArray[np.unsignedinteger]:
    """The same numbers, none below 0, in 16 bits where they fit: those are sorted in linear time."""
    return numbers.astype(np.uint16 if not len(numbers) or numbers.max() < 1 << 16 else np.uint64)
