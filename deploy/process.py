"""The parent's end of a supervised server: see `deploy.supervisor` for the other end and the commands."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy import supervisor
from deploy.errors import FolderUnusable, SupervisorLost

LOG_NAME = "server.log"


class Supervised:
    """A folder, held for this process, and at most one server process that runs in it.

    `folder` None asks for a temporary one, which `close` removes; so does the end of this process, whatever its kind.
    May be used from several threads. Raises FolderUnusable.
    """

    def __init__(self, name: str, folder: Path | None) -> None:
        self._asking = threading.Lock()
        self.server_pid = 0
        argv = [sys.executable, "-I", "-S", supervisor.__file__, str(os.getpid()), name]
        if folder is not None:
            argv.append(str(_made(folder)))
        # A session of its own: a Ctrl-C goes to every process of the terminal's group, and the server must not end
        # before the worker that still writes to it.
        self._process = subprocess.Popen(  # noqa: S603  our own script, no shell
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, start_new_session=True
        )
        try:
            self.folder = self._granted(folder)
        except BaseException:
            self.close()
            raise
        self.log = self.folder / LOG_NAME

    def start(self, argv: Sequence[str], env: Mapping[str, str]) -> str | None:
        """Start the server; returns why it could not be started, or None."""
        reply = self._ask(do="start", argv=list(argv), env=dict(env), log=LOG_NAME)
        self.server_pid = reply.get("pid", 0)
        return reply.get("error")

    def status(self) -> int | None:
        """None while the server runs, else its exit status; minus the signal's number where one ended it."""
        status: int | None = self._ask(do="status")["status"]
        return status

    def stop(self, grace_seconds: float) -> None:
        """End the server's process, by SIGKILL where it does not follow SIGTERM in time."""
        self._ask(do="stop", grace_seconds=grace_seconds)

    def kill(self) -> None:
        """End the server's process by SIGKILL."""
        self._ask(do="kill")

    def close(self) -> None:
        """End the server and its supervisor, and with them a temporary folder. May be called again."""
        with self._asking:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process.wait()

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        return self._process.pid

    def _granted(self, folder: Path | None) -> Path:
        """The folder that the supervisor now holds."""
        greeting = self._read()
        if "error" in greeting:
            raise FolderUnusable(
                f"the data folder {folder} cannot be used: {greeting['error']}. Stop the other server or demo that "
                f"runs on it, or choose another folder."
            )
        return Path(greeting["folder"])

    def _ask(self, **command: Any) -> dict[str, Any]:
        with self._asking:
            stdin = self._process.stdin
            if stdin is None or stdin.closed:
                raise SupervisorLost("the embedded server was stopped for good: start a new one.")
            try:
                stdin.write(json.dumps(command).encode() + b"\n")
            except BrokenPipeError as error:
                raise self._lost() from error
            return self._read()

    def _read(self) -> dict[str, Any]:
        stdout = self._process.stdout
        line = b"" if stdout is None else stdout.readline()
        if not line:
            raise self._lost()
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _lost(self) -> SupervisorLost:
        return SupervisorLost(
            f"the process that watches over the embedded server (pid {self._process.pid}) has ended, and the server "
            f"with it: somebody killed it, or memory ran out (`dmesg | tail` tells). Start the server again."
        )


def _made(folder: Path) -> Path:
    """The folder, absolute, made if it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderUnusable(
            f"the data folder {folder} cannot be made: {error.strerror}. Choose another folder, or make this one and "
            f"give yourself the right to write in it."
        ) from error
    return folder.resolve()
