"""A small process between Vigie and an embedded server, so that the server never outlives its parent.

Run as a script, on the standard library alone: `python -I -S supervisor.py PARENT_PID NAME [FOLDER]`. Without FOLDER
it makes a temporary one and removes it at its end. It answers one JSON line to each on its standard input:

    (at start)                                        {"folder": ...} or {"error": ...}
    {"do": "start", "argv", "env", "log"}             {"pid": ...} or {"error": ...}
    {"do": "stop", "grace_seconds": ...}              {"status": ...}: SIGTERM, then SIGKILL
    {"do": "kill"}                                    {"status": ...}: SIGKILL at once
    {"do": "status"}                                  {"status": null while it runs}

Its end comes with the end of its input, or with its parent's: the pipe tells at once even of a SIGKILL, and where a
fork of the parent still holds the pipe open, the parent's process id tells within half a second. It then stops the
server and removes the temporary folder, in this order. Should the supervisor itself be killed, the kernel kills the
server with it (PR_SET_PDEATHSIG, which is safe here since this process has one thread); a temporary folder then stays.
"""

import ctypes
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PARENT_CHECK_SECONDS = 0.5
GRACE_SECONDS = 10.0
LOCK_NAME = ".in-use"
_PR_SET_PDEATHSIG = 1


class Child:
    """At most one server process, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self._prctl = ctypes.CDLL(None, use_errno=True).prctl
        self._own_pid = os.getpid()

    def do(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry out one command of the table above."""
        match command["do"]:
            case "start":
                return self.start(command["argv"], command["env"], command["log"])
            case "stop":
                self.stop(command["grace_seconds"])
            case "kill":
                self.stop(0)
        return {"status": None if self.process is None else self.process.poll()}

    def start(self, argv: list[str], env: dict[str, str], log: str) -> dict[str, Any]:
        """Start the server in the folder, its output appended to the log there."""
        try:
            with (self.folder / log).open("ab") as output:
                self.process = subprocess.Popen(  # noqa: S603  the parent's command, no shell
                    argv,
                    cwd=self.folder,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    preexec_fn=self._die_with_supervisor,
                    # Python ignores SIGXFSZ, and so does the server: a file that may not grow is an error to it, as
                    # a full disk is, not its end.
                    restore_signals=False,
                )
        except OSError as error:
            return {"error": f"{argv[0]}: {error.strerror}"}
        return {"pid": self.process.pid}

    def stop(self, grace_seconds: float) -> None:
        """End the server: SIGTERM and a while of grace if there is any, then SIGKILL."""
        if self.process is None or self.process.poll() is not None:
            return
        if grace_seconds > 0:
            self.process.terminate()
            try:
                self.process.wait(grace_seconds)
            except subprocess.TimeoutExpired:
                pass
            else:
                return
        self.process.kill()
        self.process.wait()

    def _die_with_supervisor(self) -> None:
        self._prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() != self._own_pid:  # the supervisor died before the line above
            os._exit(1)


def commands(parent: int) -> Iterator[dict[str, Any]]:
    """The parent's commands until the end of the input or of the parent."""
    waiting = b""
    while os.getppid() == parent:
        if not select.select([0], [], [], PARENT_CHECK_SECONDS)[0]:
            continue
        chunk = os.read(0, 65536)
        if not chunk:
            return
        *lines, waiting = (waiting + chunk).split(b"\n")
        for line in lines:
            yield json.loads(line)


def answer(reply: dict[str, Any]) -> None:
    """One line to the parent."""
    os.write(1, json.dumps(reply).encode() + b"\n")


def lock(folder: Path) -> int:
    """Hold the folder for this process's life. Raises OSError where another supervisor holds it."""
    # Opened without inheritance: the server never holds the lock by itself.
    descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


def serve(parent: int, folder: Path) -> None:
    """Obey until the end, then stop the server."""
    child = Child(folder)
    try:
        try:
            lock(folder)
        except OSError as error:
            reason = "in use by another server" if isinstance(error, BlockingIOError) else error.strerror
            answer({"error": reason})
            return
        answer({"folder": str(folder)})
        for command in commands(parent):
            answer(child.do(command))
    except BrokenPipeError:
        pass  # the parent is gone: nobody reads the answer, and what follows is all that is left to do
    finally:
        child.stop(GRACE_SECONDS)


def main(argv: list[str]) -> None:
    """Serve in the given folder, or in a temporary one that goes at the end."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        # The parent decides when to end. A handler, not SIG_IGN: the server would inherit that and ignore SIGTERM too.
        signal.signal(number, lambda *_: None)
    parent, name = int(argv[1]), argv[2]
    if len(argv) > 3:
        serve(parent, Path(argv[3]))
        return
    folder = Path(tempfile.mkdtemp(prefix=f"vigie-{name}-"))
    try:
        serve(parent, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv)
