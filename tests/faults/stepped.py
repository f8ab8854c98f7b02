"""`python -m tests.faults.stepped` is `python -m vigie` with a wall clock that others set, in this process alone.

The file named by VIGIE_STEPPED_CLOCK has the seconds by which it is wrong; it is read at each look at the clock.
"""

import mmap
import os
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

VARIABLE = "VIGIE_STEPPED_CLOCK"
_OFFSET = struct.Struct("=d")


def step(clock: Path, seconds: float) -> None:
    """Set a clock, made where it is not there: so many seconds fast."""
    clock.touch()
    with clock.open("r+b") as file:
        file.write(_OFFSET.pack(seconds))


def stepped(clock: Path) -> Callable[[], float]:
    """The wall clock, wrong by what the file says."""
    with clock.open("rb") as file:
        wrong = mmap.mmap(file.fileno(), _OFFSET.size, prot=mmap.PROT_READ)
    right = time.time
    return lambda: right() + _OFFSET.unpack_from(wrong)[0]


if __name__ == "__main__":
    # Before anything else takes the function itself.
    time.time = stepped(Path(os.environ[VARIABLE]))
    from vigie.__main__ import main

    sys.exit(main(sys.argv[1:]))
