"""Being the only process that does something, as long as it does it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from detectors.errors import VigieError
from streams.errors import Unwritable


class Busy(VigieError):
    """Another process does this already."""


@contextmanager
def sole(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file `path`, which stays there; a process that ends lets go of it, however it ends.

    Raises Busy where another process holds it, Unwritable where it cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("ab")
    except OSError as error:
        raise Unwritable(str(path), error) from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"another process {what} (it holds {path}). Let it, or end it first") from None
        yield
