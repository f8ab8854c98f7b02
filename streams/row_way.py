"""A block's rows one at a time, from any of its lines: what `scan` finds odd, and what columns cannot be sure of."""

import io
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from streams.blocks import Block
from streams.cells import Delimiter, Record, records
from streams.lines import Lines


class CutShort(Exception):
    """A row goes on after its block."""


class _Part:
    """The lines of a block from one on. Raises CutShort where more lines are asked for than it has."""

    def __init__(self, block: Block, start: int) -> None:
        self._last = block.last
        self._stream = io.BytesIO(block.data)
        self._stream.seek(start)

    def readline(self, size: int = -1, /) -> bytes:
        line = self._stream.readline(size)
        if not line and not self._last:
            raise CutShort
        return line


@dataclass(frozen=True)
class RowWay:
    """Reads single rows of a block; `width` is the header's number of cells."""

    block: Block
    delimiter: Delimiter
    width: int

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Where each line begins in the block's bytes, and where the last one ends."""
        ends = np.flatnonzero(np.frombuffer(self.block.data, np.uint8) == ord("\n")) + 1
        return np.concatenate(([0], ends))

    def row(self, index: int) -> tuple[Record | None, int]:
        """The row that begins with that line, counted from 0, and the index of the line after it. A blank line is None.

        Raises CutShort if that cannot be said before the next block comes.
        """
        lines = Lines(_Part(self.block, int(self.starts[index])), self.block.first + index)
        line = next(lines)
        if not line.text.strip():
            return None, index + 1
        lines.push_back([line])
        record = next(records(lines, self.delimiter, self.width))
        return record, lines.next_number - self.block.first
