"""A line on stderr that says how far a long command is."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

_REDRAW_SECONDS = 0.25
_PLAIN_SECONDS = 10.0
_CLEAR_LINE = "\r\x1b[K"


class Meter:
    """Shows `line()` while it is entered: in one place on a terminal, else as a line of its own every ten seconds.

    Whatever else is written to the stream meanwhile goes through `say`, or the two mix. `line` is called from another
    thread.
    """

    def __init__(self, line: Callable[[], str], stream: TextIO, plain_seconds: float = _PLAIN_SECONDS) -> None:
        self._line = line
        self._stream = stream
        self._in_place = stream.isatty()
        self._seconds = _REDRAW_SECONDS if self._in_place else plain_seconds
        self._writing = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._show, name="meter", daemon=True)

    def __enter__(self) -> "Meter":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()
        if self._in_place:
            self._write(_CLEAR_LINE)

    def say(self, text: str) -> None:
        """Write a line of its own; the meter's comes back under it."""
        self._write(f"{_CLEAR_LINE}{text}\n" if self._in_place else f"{text}\n")

    def _show(self) -> None:
        while not self._ended.wait(self._seconds):
            self._write(_CLEAR_LINE + self._line() if self._in_place else self._line() + "\n")

    def _write(self, text: str) -> None:
        with self._writing:
            self._stream.write(text)
            self._stream.flush()
