"""Records whose headers have names that are no UTF-8, which aiokafka cannot read.

A name is text to Kafka's own clients; C's can write any bytes, and a broker takes them. aiokafka raises on such a
record, at each fetch again: any client that may write to a topic could stop whoever reads it, for good. Here they are
read as they are meant, the odd bytes as escapes.

Written against aiokafka 0.14.0; tests/streams/test_headers.py fails when a newer one changes what is relied on.
"""

import struct
from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

_HEAD = struct.Struct(">qi")
"""What each batch begins with: its first offset, and how many bytes follow."""


class _Text(bytearray):
    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:
        return super().decode(encoding, errors)


class _Buffer(bytearray):
    """Of its pieces only the names of headers are decoded."""

    def __getitem__(self, place: Any) -> Any:
        found = super().__getitem__(place)
        return _Text(found) if isinstance(place, slice) else found


class _Lenient(_DefaultRecordBatchPy):  # type: ignore[misc]  # aiokafka has no types here
    _buffer: Any

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        if not isinstance(self._buffer, _Buffer):
            self._buffer = _Buffer(self._buffer)


class _Batch:
    """A batch as aiokafka reads it quickly, or, where it cannot, slowly."""

    def __init__(self, quick: Any, of: "Records") -> None:
        self._quick = quick
        self._of = of

    def __getattr__(self, name: str) -> Any:
        return getattr(self._quick, name)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._of.records_of(self._quick))


class Records:
    """What aiokafka calls MemoryRecords: the batches of a partition in an answer."""

    def __init__(self, data: Any) -> None:
        self._quick = MemoryRecords(data)
        self._data = data
        self._number = 0
        self.has_next = self._quick.has_next
        """As aiokafka's."""
        self.size_in_bytes = self._quick.size_in_bytes
        """As aiokafka's."""

    def next_batch(self) -> Any:
        """As aiokafka's, but for what its records may be called."""
        batch = self.next_quick()
        return None if batch is None else _Batch(batch, self)

    def next_quick(self) -> Any:
        """As aiokafka's: its records are those that `records_of` gives before the next one is asked for."""
        self._number += 1
        return self._quick.next_batch()

    def records_of(self, batch: Any) -> list[Any]:
        """The records of the batch that `next_quick` gave last."""
        # All at once: a step of Python between two records would take as long as a record.
        try:
            return [*batch]
        except UnicodeDecodeError:
            return [*self._lenient()]

    def _lenient(self) -> Any:
        start = 0
        for _ in range(self._number - 1):
            start = self._end(start)
        return _Lenient(memoryview(self._data)[start : self._end(start)])

    def _end(self, start: int) -> int:
        _, length = _HEAD.unpack_from(self._data, start)
        return start + _HEAD.size + int(length)


def install() -> None:
    """From now on aiokafka's consumers of this process read any header."""
    fetcher.MemoryRecords = Records
