"""Processes as the kernel tells of them."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def alive(pid: int) -> bool:
    """Whether a process is there and has not ended; one that nobody has waited for yet has."""
    return _state(Path(f"/proc/{pid}/stat")) not in "ZX"


def children(pid: int) -> list[int]:
    """The processes that a process has started, whichever of its threads did."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in lists for child in file.read_text(encoding="ascii").split()]


def freeze(pid: int) -> None:
    """SIGSTOP, and return once no thread of the process runs any more."""
    os.kill(pid, signal.SIGSTOP)
    while not all(_state(file) in "TZX" for file in Path(f"/proc/{pid}/task").glob("*/stat")):
        time.sleep(0.001)


def thaw(pid: int) -> None:
    """SIGCONT."""
    os.kill(pid, signal.SIGCONT)


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A process that is there and does nothing."""
    freeze(pid)
    try:
        yield
    finally:
        thaw(pid)


def _state(stat: Path) -> str:
    try:
        return stat.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"
