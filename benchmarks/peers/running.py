"""A measured program as a process: how far it is, and what it has taken, seen from outside."""

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from benchmarks.peers.meter import Meter

POLL_SECONDS = 0.002
STOP_SECONDS = 20.0
_TICKS = os.sysconf("SC_CLK_TCK")


T = TypeVar("T")


class Stuck(RuntimeError):
    """A program ended, or made no progress, before it was done."""


def attempted(what: str, measure: Callable[[], T], say: Callable[[str], None]) -> T | None:
    """What was measured; None, and said, where a program is stuck: the others are measured all the same."""
    try:
        return measure()
    except Stuck as error:
        say(f"{what}: FAILED, {error}")
        return None


@dataclass(frozen=True)
class Moment:
    """When, on the monotonic clock, how many events were done and what CPU was used, in seconds."""

    at: float
    done: int
    cpu: float


class Running:
    """One process of an engine; `done` tells how many events it has worked on."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], log: Path) -> None:
        self._log = log
        self.launched = time.monotonic()
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, *command], env={**os.environ, **environment}, stdout=output, stderr=output
            )
        self.done: Callable[[], int] = lambda: 0

    def cpu(self) -> float:
        """CPU seconds so far, of all threads, in user and system."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def peak_mib(self) -> float:
        """The most memory it has had."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def check(self) -> None:
        """Raises Stuck with its last lines if it has ended."""
        if self._process.poll() is not None:
            raise Stuck(f"it ended with status {self._process.returncode}:\n{self.tail()}")

    def tail(self) -> str:
        """The end of what it printed."""
        return "\n".join(self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:])

    def pin(self, core: int) -> None:
        """Let it run on one of this process's cores alone; in turn, where there are fewer."""
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(self._process.pid, {cores[core % len(cores)]})

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def stop(self, *, gently: bool) -> None:
        """End it: by SIGKILL, or by SIGTERM where it must leave its group first."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM if gently else signal.SIGKILL)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def metered(command: Sequence[str], environment: dict[str, str], log: Path, meter: Path) -> Running:
    """A program that counts for itself."""
    running = Running(command, environment, log)
    running.done = Meter(meter).read
    return running


def moment(workers: Sequence[Running]) -> Moment:
    """Of several processes together."""
    return Moment(time.monotonic(), sum(w.done() for w in workers), sum(w.cpu() for w in workers))


def until(workers: Sequence[Running], done: int, stuck_seconds: float, limit_seconds: float = math.inf) -> Moment:
    """The moment at which so many events are done. Raises Stuck where nothing moves for so long, or past the limit."""
    began = moved = time.monotonic()
    before = -1
    while True:
        now = sum(w.done() for w in workers)
        if now >= done:
            return moment(workers)
        if now != before:
            moved, before = time.monotonic(), now
        if time.monotonic() - moved > stuck_seconds or time.monotonic() - began > limit_seconds:
            raise Stuck(f"{now} events of {done} done when patience ended:\n{workers[0].tail()}")
        for worker in workers:
            worker.check()
        time.sleep(POLL_SECONDS)
