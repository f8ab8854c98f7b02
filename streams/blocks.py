"""Bytes to blocks of whole lines: files of any size are read a bounded piece at a time."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np

from streams.lines import LONGEST_LINE_BYTES, LineReader

_READ_BYTES = 1 << 18


class ByteReader(LineReader, Protocol):
    """What a file is read from: its header by lines, the rest by blocks."""

    def read1(self, size: int, /) -> bytes:
        """At most `size` of the next bytes, as many as come at once; none at the end."""


class Block(NamedTuple):
    """Whole lines with their ends, which the very last may lack. `first` is the number of the first of them.

    `last` says that nothing comes after.
    """

    first: int
    data: bytes
    last: bool


class Blocks:
    """The blocks of a stream, of about `block_bytes`, longer where one line is.

    What follows LONGEST_LINE_BYTES in a line is left out. If the stream fails, the lines that came whole before it
    come first, then its error is raised.
    """

    def __init__(self, stream: ByteReader, first: int, block_bytes: int) -> None:
        """`first` is the number of the line that comes next."""
        self._stream = stream
        self._first = first
        self._block_bytes = block_bytes
        self._rest = b""
        self._ended = False
        self._error: Exception | None = None
        self._within_long_line = False

    def __iter__(self) -> Iterator[Block]:
        return self

    def __next__(self) -> Block:
        if self._error:
            raise self._error
        data = self._more()
        if not data:
            if self._error:
                raise self._error
            raise StopIteration
        block = Block(self._first, data, self._ended and not self._error)
        self._first += _lines(data)
        return block

    def push_back(self, block: Block, start: int) -> None:
        """Have the end of a block, from the byte `start` on, come again, with more after it."""
        end = block.data[start:]
        self._first -= _lines(end)
        self._rest = end + self._rest

    def _more(self) -> bytes:
        """What was left over and about a block more, up to its last line end; nothing at the end."""
        data = self._rest
        while True:
            data = self._filled(data)
            whole = len(data) if self._ended and not self._error else data.rfind(b"\n") + 1
            self._rest = data[whole:]
            if len(self._rest) > LONGEST_LINE_BYTES:
                self._rest, self._within_long_line = self._rest[:LONGEST_LINE_BYTES], True
            if whole or self._ended:
                return data[:whole]
            data = self._rest

    def _filled(self, data: bytes) -> bytes:
        """These bytes and a block more, less at the end."""
        parts, wanted = [data], self._block_bytes
        while wanted > 0 and not self._ended:
            parts.append(self._read())
            wanted -= len(parts[-1])
        return b"".join(parts)

    def _read(self) -> bytes:
        """The next bytes, without those beyond measure of a line; none at the end or after an error."""
        while True:
            try:
                part = self._stream.read1(min(_READ_BYTES, self._block_bytes))
            except Exception as error:  # raised when the lines before it are out
                self._error = error
                part = b""
            if not part:
                self._ended = True
                return part
            if not self._within_long_line:
                return part
            end = part.find(b"\n")
            if end >= 0:
                self._within_long_line = False
                return part[end:]


def _lines(data: bytes) -> int:
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord("\n")))
