"""How many events a program has done, for another process to see: a number in shared memory, so cheap to keep up."""

import mmap
from pathlib import Path

_BYTES = 8


class Meter:
    """A count in a file; the file is made where it is missing."""

    def __init__(self, path: Path) -> None:
        with path.open("a+b") as stream:
            stream.truncate(_BYTES)
            self._map = mmap.mmap(stream.fileno(), _BYTES)
        self._shared = memoryview(self._map).cast("Q")
        self._count = self._shared[0]

    def count(self, events: int = 1) -> None:
        """So many more events are done."""
        self._count += events
        self._shared[0] = self._count

    def read(self) -> int:
        """Events that were done, by whichever process counts."""
        return self._shared[0]
