"""Bytes to numbered lines of text, one at a time whatever the file's size."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

LONGEST_LINE_BYTES = 1 << 20
_KEPT_OF_A_LONGER = 1000
_BOM = b"\xef\xbb\xbf"


class LineReader(Protocol):
    """What bytes are read from."""

    def readline(self, size: int = -1, /) -> bytes:
        """The bytes up to the next line end, at most `size` of them; none at the end."""


class Line(NamedTuple):
    """A line without its end. `problem` says why it cannot be read as cells, None if it can."""

    number: int
    text: str
    problem: str | None = None


class Lines:
    """The lines of a stream, numbered from `first`; some may be pushed back to be read again.

    Encoding is decided a line at a time: UTF-8, else Latin-1, which reads any byte. Partners mix them within a file,
    and the first accent may come after hundreds of megabytes. A byte-order mark is dropped.
    """

    def __init__(self, stream: LineReader, first: int = 1) -> None:
        self._stream = stream
        self._number = first - 1
        self._back: deque[Line] = deque()

    def __iter__(self) -> Iterator[Line]:
        return self

    def __next__(self) -> Line:
        if self._back:
            return self._back.popleft()
        raw = self._stream.readline(LONGEST_LINE_BYTES)
        if not raw:
            raise StopIteration
        self._number += 1
        if self._number == 1:
            raw = raw.removeprefix(_BOM)
        if len(raw) >= LONGEST_LINE_BYTES and not raw.endswith(b"\n"):
            self._skip_rest_of_line()
            return Line(self._number, _decode(raw[:_KEPT_OF_A_LONGER]), f"longer than {LONGEST_LINE_BYTES} bytes")
        text = _decode(raw.removesuffix(b"\n").removesuffix(b"\r"))
        return Line(self._number, text, "has a NUL byte (UTF-16 text, or damaged)" if "\0" in text else None)

    @property
    def next_number(self) -> int:
        """The number of the line that comes next."""
        return self._back[0].number if self._back else self._number + 1

    def push_back(self, lines: Sequence[Line]) -> None:
        """Have these lines, in this order, come next."""
        self._back.extendleft(reversed(lines))

    def _skip_rest_of_line(self) -> None:
        while True:
            part = self._stream.readline(LONGEST_LINE_BYTES)
            if not part or part.endswith(b"\n"):
                return


def _decode(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
