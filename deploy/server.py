"""What the embedded servers have in common: start until it answers, stop, kill, start again."""

import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.errors import DiedDuringStart, StartTimeout
from deploy.ports import LOOPBACK, free_ports
from deploy.process import Supervised

STOP_GRACE_SECONDS = 15.0
_POLL_SECONDS = 0.02
_LOG_LINES = 15
_PORT_ATTEMPTS = 3
_ADDRESS_IN_USE = "address already in use"


@dataclass(frozen=True)
class Launch:
    """How to start a server and to know that it answers."""

    server: str
    """Its name, as people say it."""
    argv: tuple[str, ...]
    env: Mapping[str, str]
    """The whole environment: a user's JAVA_TOOL_OPTIONS or locale must not change what the server does."""
    port: int
    answers: Callable[[], bool]
    """Whether it is ready for work; may raise OSError."""
    start_timeout_seconds: float
    timeout_flag: str
    own_server: str
    """What a user does who would rather have their own server."""


class Server:
    """A server of this machine's loopback interface, alive no longer than this process.

    `stop` ends it for good and removes a temporary data folder; so does the end of this process, even by SIGKILL.
    After `kill` or `pause`, `start_again` brings it back on the same port and data.
    """

    def __init__(self, supervised: Supervised, launch: Launch) -> None:
        self._supervised = supervised
        self._launch = launch
        self.port = launch.port
        self.data = supervised.folder

    def start_again(self) -> None:
        """Start unless it runs, and return once it answers. Raises DiedDuringStart and StartTimeout."""
        if not self.running:
            run(self._supervised, self._launch)

    def pause(self) -> None:
        """End the server's process cleanly; data and port stay for `start_again`."""
        self._supervised.stop(STOP_GRACE_SECONDS)

    def kill(self) -> None:
        """End the server's process by SIGKILL; data and port stay for `start_again`."""
        self._supervised.kill()

    def stop(self) -> None:
        """End the server cleanly and for good. May be called again."""
        self._supervised.close()

    @property
    def running(self) -> bool:
        """Whether the server's process is there. Raises SupervisorLost after `stop`."""
        return self._supervised.status() is None

    @property
    def pid(self) -> int:
        """The process id of the server, or of its last process."""
        return self._supervised.server_pid

    @property
    def address(self) -> str:
        """host:port."""
        return f"{LOOPBACK}:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def run(supervised: Supervised, launch: Launch) -> None:
    """Start the server and wait until it answers; on failure its process is ended.

    Raises DiedDuringStart and StartTimeout, both with the last lines that the server logged in this start.
    """
    log_start = supervised.log.stat().st_size if supervised.log.exists() else 0
    refused = supervised.start(launch.argv, launch.env)
    if refused is not None:
        raise DiedDuringStart(f"{launch.server} could not be started: {refused}. {launch.own_server}")
    deadline = time.monotonic() + launch.start_timeout_seconds
    while not _ready(launch):
        status = supervised.status()
        if status is not None:
            raise DiedDuringStart(_died(supervised, launch, status, log_start))
        if time.monotonic() > deadline:
            supervised.kill()
            raise StartTimeout(
                f"{launch.server} did not answer on {LOOPBACK}:{launch.port} within "
                f"{launch.start_timeout_seconds:g} seconds and was ended. A slow or busy machine may need longer: "
                f"raise {launch.timeout_flag}. {_tail(supervised, log_start)}"
            )
        time.sleep(_POLL_SECONDS)
    # Something else may have answered on the port, which then killed the server's start.
    status = supervised.status()
    if status is not None:
        raise DiedDuringStart(_died(supervised, launch, status, log_start))


def launched(
    name: str, folder: Path | None, port: int, prepare: Callable[[Supervised, int], Launch]
) -> tuple[Supervised, Launch]:
    """Take the folder (None: a temporary one), prepare and run a server in it, on a free port where `port` is 0.

    Where another process is quicker to take a port of our choice, others are tried. On failure nothing stays.
    Raises FolderUnusable, what `prepare` raises, DiedDuringStart and StartTimeout.
    """
    supervised = Supervised(name, folder)
    try:
        for attempt in itertools.count(1):
            launch = prepare(supervised, port or free_ports(1)[0])
            try:
                run(supervised, launch)
            except DiedDuringStart as error:
                if attempt == _PORT_ATTEMPTS or _ADDRESS_IN_USE not in str(error).lower():
                    raise
            else:
                break
    except BaseException:
        supervised.close()
        raise
    return supervised, launch


def _ready(launch: Launch) -> bool:
    try:
        return launch.answers()
    except OSError:
        return False


def _died(supervised: Supervised, launch: Launch, status: int, log_start: int) -> str:
    how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
    return f"{launch.server} {how} before it answered. {launch.own_server} {_tail(supervised, log_start)}"


def _tail(supervised: Supervised, log_start: int) -> str:
    with supervised.log.open("rb") as log:
        log.seek(log_start)
        lines = log.read().decode(errors="replace").splitlines()
    last = "\n".join(f"  {line}" for line in lines[-_LOG_LINES:]) or "  (nothing)"
    return f"The last lines of {supervised.log}:\n{last}"
