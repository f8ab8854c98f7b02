"""Lines to rows of cells, and back, in the two spellings of partner files.

`;` files have no quoting: a cell wrapped whole in double quotes is unwrapped, and nothing else about quotes is
special, so that a stray one costs nothing. `,` files have CSV's quoting, where a quoted cell may hold line ends.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Literal, NamedTuple

from streams.lines import Line, Lines

Delimiter = Literal[";", ","]

MOST_LINES_OF_A_ROW = 50
"""How far the end of a quoted cell is looked for: an unclosed quote must not swallow the file."""


class Record(NamedTuple):
    """A row: the number of its first line, its cells, its text; `problem` says why it must be rejected, or None."""

    line: int
    cells: Sequence[str]
    raw: str
    problem: str | None


def header_line(lines: Lines) -> Line | None:
    """The first line that is not blank, None if there is none."""
    return next((line for line in lines if line.text.strip()), None)


def split_header(line: Line, delimiter: Delimiter) -> list[str]:
    """The names of a header line."""
    if delimiter == ";":
        return _split_plain(line.text)
    try:
        return next(csv.reader([line.text], strict=True), [])
    except csv.Error:
        return line.text.split(",")


def records(lines: Lines, delimiter: Delimiter, width: int) -> Iterator[Record]:
    """The rows that follow the header, blank lines left out; `width` is the header's number of cells."""
    for line in lines:
        if not line.text.strip():
            continue
        if line.problem:
            yield Record(line.number, (), line.text, line.problem)
        elif delimiter == ";" or '"' not in line.text:
            cells = _split_plain(line.text) if delimiter == ";" else line.text.split(",")
            yield Record(line.number, cells, line.text, _width_problem(cells, width))
        else:
            yield _quoted(line, lines, width)


def join_cells(cells: Sequence[str], delimiter: Delimiter) -> str:
    """A line, without its end, that splits back into these cells. Raises ValueError where none does."""
    if delimiter == ";":
        text = ";".join(cells)
        if _split_plain(text) != list(cells) or "\n" in text or text.endswith("\r"):
            raise ValueError(f"these cells cannot be written between semicolons: {cells!r}")
        return text
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)  # what ends lines is quoted within cells
    return out.getvalue().removesuffix("\r\n")


def _split_plain(text: str) -> list[str]:
    cells = text.split(";")
    return [_unwrapped(cell) for cell in cells] if '"' in text else cells


def _unwrapped(cell: str) -> str:
    bare = cell.strip()
    return bare[1:-1] if len(bare) >= 2 and bare[0] == bare[-1] == '"' else cell


def _quoted(first: Line, rest: Lines, width: int) -> Record:
    """A row that may go on over the next lines; if it is bad, it costs its first line only."""
    taken = [first]
    try:
        cells: Sequence[str] = next(csv.reader(_with_following(taken, rest), strict=True))
        problem = _width_problem(cells, width)
    except csv.Error as error:
        cells, problem = (), f"quotes that do not pair ({error})"
    if problem:
        rest.push_back(taken[1:])
        return Record(first.number, (), first.text, problem)
    return Record(first.number, cells, "\n".join(line.text for line in taken), None)


def _with_following(taken: list[Line], rest: Lines) -> Iterator[str]:
    """The text of the one line taken and of those after it, noting in `taken` the ones that are asked for."""
    yield taken[0].text + "\n"
    for line in islice(rest, MOST_LINES_OF_A_ROW - 1):
        if line.problem:
            rest.push_back([line])
            return
        taken.append(line)
        yield line.text + "\n"


def _width_problem(cells: Sequence[str], width: int) -> str | None:
    if len(cells) == width:
        return None
    return f"{'cut short' if len(cells) < width else 'too long'}: {len(cells)} cells under a header of {width}"
