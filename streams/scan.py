"""The lines of a block told apart: those that are cells and nothing else, and the odd ones that need a closer look.

Bytes are looked at, whole blocks at a time; `cells.records` looks at the odd lines and alone decides on them. A line is
plain, not odd, if splitting it at every delimiter gives as many cells as the header has. Between commas, a cell may be
wrapped whole in quotes; a quote inside is then doubled.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.cells import Delimiter
from streams.lines import LONGEST_LINE_BYTES

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

_LF, _QUOTE, _NUL, _CR, _SPACE, _ASCII = 10, 34, 0, 13, 32, 127
_PIECE_BYTES = 1 << 18
_BOM = b"\xef\xbb\xbf"
_RARE_BLANKS = (b"\xc2\x85", b"\xc2\xa0", b"\xe1\x9a\x80", b"\xe2\x80", b"\xe2\x81\x9f", b"\xe3\x80\x80")
"""How white space beyond ASCII is spelled in UTF-8; one of them begins some punctuation too."""


@dataclass(frozen=True)
class Scan:
    """A block's lines. All arrays have shape (lines,).

    `data` is the block in UTF-8, every line ended by LF. `padded` says that cells may have white space around them,
    `quoted` that there are quotes.
    """

    data: bytes
    ends: Ints
    """Where in `data` each line's LF stands."""
    empty: Bools
    odd: Bools
    padded: bool
    quoted: bool

    def text(self, keep: Bools) -> bytes:
        """The lines that are kept, whole."""
        if keep.all():
            return self.data
        starts = np.concatenate(([0], self.ends + 1))
        edges = starts[np.flatnonzero(np.diff(keep, prepend=False, append=False))].tolist()
        return b"".join(self.data[first:end] for first, end in zip(edges[::2], edges[1::2], strict=True))


def scan(block: bytes, delimiter: Delimiter, width: int) -> Scan:
    """Tell a block's lines apart; `width` is the header's number of cells."""
    data = _in_utf8(_with_lf(block))
    quoted = b'"' in data
    looked = [
        _look(np.frombuffer(data, np.uint8, end - start, start), start, delimiter, width, quoted=quoted)
        for start, end in _pieces(data)
    ]
    ends, empty, odd = (np.concatenate(arrays) for arrays in list(zip(*looked, strict=True))[:3])
    if data.startswith(_BOM):
        odd[0] = True  # a reader would take the mark off
    padded = any(piece.padded for piece in looked) or (not data.isascii() and any(map(data.__contains__, _RARE_BLANKS)))
    return Scan(data, ends, empty, odd & ~empty, padded, quoted)


class _Looked(NamedTuple):
    """What `Scan` says, of a piece of a block."""

    ends: Ints
    empty: Bools
    odd: Bools
    padded: bool


def _pieces(data: bytes) -> Iterator[tuple[int, int]]:
    """Where to cut the lines into pieces that stay in a processor's cache: twice as fast as whole blocks."""
    start = 0
    while start < len(data):
        end = data.rfind(b"\n", start, start + _PIECE_BYTES) + 1 or data.find(b"\n", start) + 1
        yield start, end
        start = end


def _look(codes: Bytes, start: int, delimiter: Delimiter, width: int, *, quoted: bool) -> _Looked:
    """A piece, which stands in its block at the byte `start`."""
    separator = ord(delimiter)
    marks = (codes == separator) | (codes == _LF)
    if quoted:
        marks |= codes == _QUOTE
    places = np.flatnonzero(marks)
    kinds = codes[places]
    line_marks = np.flatnonzero(kinds == _LF)
    ends = places[line_marks]
    starts = np.concatenate(([0], ends[:-1] + 1))
    # An LF may have taken the place of CR LF: hence the 1.
    odd = ends - starts >= LONGEST_LINE_BYTES - 1
    if quoted and delimiter == ",":
        cells, strays = _quoted_cells(codes, places, kinds, line_marks)
        odd |= strays
    elif quoted:
        cells = 1 + _per_line(kinds == separator, line_marks)
    else:
        cells = np.diff(line_marks, prepend=-1)
    odd |= cells != width
    for code in (_NUL, _CR):
        odd[np.searchsorted(ends, np.flatnonzero(codes == code))] = True
    if width == 1:
        odd |= (codes[starts] <= _SPACE) | (codes[starts] > _ASCII)  # perhaps a blank line, which is no row
    return _Looked(ends + start, starts == ends, odd, _padded(codes, marks))


def _with_lf(block: bytes) -> bytes:
    data = block if block.endswith(b"\n") else block + b"\n"
    return data.replace(b"\r\n", b"\n") if b"\r" in data else data


def _in_utf8(data: bytes) -> bytes:
    """The same lines, those that are not UTF-8 taken as Latin-1: `lines.Lines` says why, line by line."""
    if data.isascii():
        return data
    try:
        data.decode()
    except UnicodeDecodeError:
        return b"\n".join(line if line.isascii() else _line_in_utf8(line) for line in data.split(b"\n"))
    return data


def _line_in_utf8(line: bytes) -> bytes:
    try:
        line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1").encode()
    return line


def _quoted_cells(codes: Bytes, places: Ints, kinds: Bytes, line_marks: Ints) -> tuple[Ints, Bools]:
    """How many cells each line has between commas, and which lines have a quote where no cell begins or ends."""
    quotes = kinds == _QUOTE
    before = np.cumsum(quotes) - quotes  # quotes before each mark, in the block
    line = np.cumsum(kinds == _LF) - (kinds == _LF)
    at_start = np.concatenate(([0], before[line_marks[:-1]]))  # and before each line
    inside = ((before - at_start[line]) & 1).astype(np.bool_)
    # After a quote that closes a cell, and before one that opens a cell (before the first of all is the last, an LF),
    # stands what ends a cell; or a quote, whose pair they are then, doubled within the cell.
    neighbour = np.where(inside, codes[np.minimum(places + 1, len(codes) - 1)], codes[places - 1])
    stray = quotes & (neighbour != ord(",")) & (neighbour != _LF) & (neighbour != _QUOTE)
    unclosed = (kinds == _LF) & inside
    strays = np.zeros(len(line_marks), np.bool_)
    strays[line[stray | unclosed]] = True
    return 1 + _per_line((kinds == ord(",")) & ~inside, line_marks), strays


def _per_line(counted: Bools, line_marks: Ints) -> Ints:
    total = np.cumsum(counted)[line_marks]
    return np.diff(total, prepend=0)


def _padded(codes: Bytes, marks: Bools) -> bool:
    """Whether ASCII's white space is next to where a cell ends."""
    blank = (codes <= _SPACE) & (codes != _LF)
    return bool(blank[0] or (blank[1:] & marks[:-1]).any() or (blank[:-1] & marks[1:]).any())
