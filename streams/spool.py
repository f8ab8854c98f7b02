"""Parts of cohorts in a file instead of in memory: they wait for months, and are larger than the firms' records.

The file has no name: it goes with the process, however that ends. What counts is in the changelog; this is a copy.
"""

import os
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from detectors import pack
from detectors.labels import Cohort, Parts, RecordedParts
from streams.errors import StreamsError

_Key = tuple[int, int]


class Spool:
    """Of one partition: the parts of all months. It is written anew when more than half of it is no longer needed."""

    def __init__(self, folder: Path) -> None:
        """`folder` must exist; nothing is seen in it."""
        self._folder = folder
        self._places: dict[_Key, tuple[int, int]] = {}
        self._open()

    def parts_of(self, month: int) -> Parts:
        """Where a month's parts are kept."""
        return _SpooledParts(self, month)

    def keys(self, month: int) -> list[int]:
        """The numbers of a month's parts."""
        return [number for of, number in self._places if of == month]

    def has(self, key: _Key) -> bool:
        """Whether there is such a part."""
        return key in self._places

    def read(self, key: _Key) -> Cohort:
        """A part. Raises KeyError where there is none, StreamsError where the file cannot be read."""
        start, length = self._places[key]
        return pack.part_of(key[0], self._bytes(start, length))

    def write(self, key: _Key, part: Cohort) -> None:
        """Keep a part, in the place of one of this key. Raises StreamsError where the disk does not take it."""
        self.write_value(key, pack.part_value(part))

    def write_value(self, key: _Key, value: bytes) -> None:
        """Keep a part as its record's value has it, of any format that is read. Raises StreamsError likewise."""
        with self._told("written"):
            written = 0
            while written < len(value):
                written += os.pwrite(self._descriptor, memoryview(value)[written:], self._end + written)
        self._places[key] = (self._end, len(value))
        self._end += len(value)

    def forget(self, key: _Key) -> None:
        """Take a part away. Raises KeyError where there is none."""
        del self._places[key]
        live = sum(length for _, length in self._places.values())
        if self._end > 2 * live:
            self._write_anew()

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._end

    def _open(self) -> None:
        with self._told("made"):
            descriptor, name = tempfile.mkstemp(dir=self._folder)
            Path(name).unlink()
        self._descriptor, self._end = descriptor, 0
        self._close = weakref.finalize(self, os.close, descriptor)

    def _bytes(self, start: int, length: int) -> bytes:
        with self._told("read"):
            return os.pread(self._descriptor, length, start)

    def _write_anew(self) -> None:
        old, close, places = self._descriptor, self._close, self._places
        self._open()
        self._places = {}
        for key, (start, length) in places.items():
            with self._told("read"):
                data = os.pread(old, length, start)
            self.write_value(key, data)
        close()

    @contextmanager
    def _told(self, done: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StreamsError(
                f"a temporary file in {self._folder} cannot be {done}: {error.strerror}. Make room there, or give "
                "another folder with --data (VIGIE_DATA). Nothing is lost: what it holds is in Kafka as well"
            ) from error


class _SpooledParts(RecordedParts):
    """A month's parts."""

    def __init__(self, spool: Spool, month: int) -> None:
        self._spool = spool
        self._month = month

    def __getitem__(self, number: int) -> Cohort:
        return self._spool.read((self._month, number))

    def __setitem__(self, number: int, part: Cohort) -> None:
        self._spool.write((self._month, number), part)

    def put_back(self, number: int, value: bytes) -> None:
        self._spool.write_value((self._month, number), value)

    def __delitem__(self, number: int) -> None:
        self._spool.forget((self._month, number))

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self._spool.has((self._month, number))

    def __iter__(self) -> Iterator[int]:
        return iter(self._spool.keys(self._month))

    def __len__(self) -> int:
        return len(self._spool.keys(self._month))
