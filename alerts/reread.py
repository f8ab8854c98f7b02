"""A file that is read again when it has changed, so that rights apply at once."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from detectors.errors import UnusableInput

T = TypeVar("T")

log = logging.getLogger(__name__)


class Reread(Generic[T]):
    """What `read` makes of a file, from several threads. Raises UnusableInput at the start for what cannot be used.

    A file that becomes so later is told in the log once, and what the last usable one said goes on.
    """

    def __init__(self, path: Path, read: Callable[[Path], T]) -> None:
        self._path = path
        self._read = read
        self._lock = threading.Lock()
        self._seen = self._mark()
        self._content = read(path)

    def now(self) -> T:
        """What the file says now."""
        with self._lock:
            mark = self._mark()
            if mark != self._seen:
                self._seen = mark
                try:
                    self._content = self._read(self._path)
                except UnusableInput as error:
                    log.warning("the clearance file is as before: %s", error)
            return self._content

    def _mark(self) -> tuple[int, int, int]:
        """What changes with the file; nothing where it is not there."""
        try:
            found = self._path.stat()
        except OSError:
            return (0, 0, 0)
        return (found.st_ino, found.st_mtime_ns, found.st_size)
