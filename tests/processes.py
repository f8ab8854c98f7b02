"""Processes of their own that tests start. None outlives the process that runs the test, however that ends."""

import ctypes
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

_PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None, use_errno=True).prctl


def started(command: Sequence[str], **settings: Any) -> subprocess.Popen[Any]:
    """Start a process that the kernel kills with the one that starts it; `settings` are those of Popen."""
    # To the kernel, the parent is the thread.
    assert threading.current_thread() is threading.main_thread(), "it would end with this thread"
    parent = os.getpid()

    def die_with_parent() -> None:
        _prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return subprocess.Popen(command, preexec_fn=die_with_parent, **settings)


@contextmanager
def running(command: Sequence[str], **settings: Any) -> Iterator[subprocess.Popen[Any]]:
    """The same, killed at the end of the block where it has not ended by then, as in a test that is skipped midway."""
    with started(command, **settings) as process:
        try:
            yield process
        finally:
            process.kill()
