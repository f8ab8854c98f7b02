"""A whole system that can be broken: servers, proxies before them, and a worker process for each role.

Workers reach Kafka and Redis through proxies alone; whoever watches does not. A process is frozen (SIGSTOP) before it
is killed, to see whether it still had work: a kill when there was none proves nothing, and is not done.
"""

import os
import resource
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

import redis

from deploy.embedded import Detour, KafkaOptions, KafkaServer, ValkeyServer, start_kafka, start_valkey
from deploy.ports import free_ports
from tests.acceptance.harness import POLL_SECONDS, Site, WorkerProcess, until
from tests.acceptance.processes import freeze, frozen, thaw
from tests.faults.proxy import Proxy, Weather
from tests.faults.schedule import Fault
from tests.faults.stepped import step
from tests.faults.watch import DISPATCHER, SCORER, TRAINER, Look, Watch

SESSION_SECONDS = 3.0
# Small batches and rare commits: many moments between two effects, and much that is done again.
BRISK = {
    "batch_records": "25",
    "commit_seconds": "0.5",
    "session_seconds": f"{SESSION_SECONDS:g}",
    "redis_timeout_seconds": "1",
    "redis_longest_wait_seconds": "0.5",
    "kafka_timeout_s": "30",
}
STEP_SECONDS = 5 * 3600.0
FROZEN = ("--frozen",)
CREW: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "scorer one": (("--roles", "scorer", *FROZEN), {"instance": "one"}),
    "scorer two": (("--roles", "scorer", *FROZEN), {"instance": "two"}),
    "trainer": (("--roles", "trainer"), {}),
    "dispatcher": (("--roles", "dispatcher", *FROZEN), {}),
}
GROUP_OF = {"scorer one": SCORER, "scorer two": SCORER, "trainer": TRAINER, "dispatcher": DISPATCHER}
LONGEST_SEARCH_SECONDS = 4.0
"""How long work is waited for before a kill is put off until there are more events."""


class Ground(Protocol):
    """Where a stage stands: servers, which serve one stage after the other, and what may befall them."""

    def site(self, folder: Path) -> Site:
        """The servers as whoever watches reaches them."""

    def ways(self) -> dict[str, str]:
        """The settings by which workers reach them."""

    def faults(self) -> "dict[str, Blow]":
        """What befalls them, by its kind."""

    def start_again(self) -> None:
        """Everything as at first, but for what the servers hold."""


class Grounds(NamedTuple):
    """A server of each kind, and the proxies before them."""

    kafka: KafkaServer
    valkey: ValkeyServer
    kafka_way: Proxy
    redis_way: Proxy

    def site(self, folder: Path) -> Site:
        return Site(self.kafka.bootstrap, self.valkey.url, folder)

    def ways(self) -> dict[str, str]:
        return {"kafka": self.kafka_way.address, "redis": f"redis://{self.redis_way.address}"}

    def faults(self) -> "dict[str, Blow]":
        return faults_of(self)

    def start_again(self) -> None:
        for way in (self.kafka_way, self.redis_way):
            way.turn("fair")
        self.valkey.start_again()
        self.kafka.start_again()


@contextmanager
def grounds(options: KafkaOptions) -> Iterator[Grounds]:
    """Servers of one's own, since they will be killed."""
    with ExitStack() as stack:
        (behind,) = free_ports(1)
        kafka_way = stack.enter_context(Proxy(behind))
        kafka = stack.enter_context(start_kafka(options, detour=Detour(behind, kafka_way.port)))
        valkey = stack.enter_context(start_valkey())
        redis_way = stack.enter_context(Proxy(valkey.port))
        yield Grounds(kafka, valkey, kafka_way, redis_way)


@dataclass(frozen=True)
class Strike:
    """A fault that struck: how much work remained then, by group, and how long until all was done again."""

    fault: Fault
    remained: dict[str, int]
    recovered_seconds: float
    ended: tuple[str, ...]
    """Workers that ended by themselves in it, and were started again."""


@dataclass
class Stage:
    """A context manager: at its beginning the crew is at work, at its end nothing of it is left."""

    ground: Ground
    folder: Path
    strikes: list[Strike] = field(default_factory=list)
    missed: int = 0
    """Kills that were put off, for there was nothing to be interrupted."""

    def __enter__(self) -> Self:
        self.crew: dict[str, WorkerProcess] = {}
        with ExitStack() as stack:
            self.site = stack.enter_context(self.ground.site(self.folder))
            self.watch = stack.enter_context(Watch(self.site.kafka, self.site.redis_url, self.site.partitions))
            stack.callback(self._end_crew)
            # First of all, since the rest needs servers; where one does not come back, the rest is done all the same.
            stack.callback(self.ground.start_again)
            for name in CREW:
                self.start(name)
            for worker in self.crew.values():
                worker.ready(1)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def start(self, name: str) -> WorkerProcess:
        """Start one of the crew, by a clock of its own that is right at first."""
        arguments, settings = CREW[name]
        step(self.clock(name), 0)
        worker = self.extra(*arguments, program="tests.faults.stepped", stepped_clock=str(self.clock(name)), **settings)
        self.crew[name] = worker
        return worker

    def extra(self, *arguments: str, program: str = "vigie", **settings: str) -> WorkerProcess:
        """Start a worker that is none of the crew."""
        return self.site.launch(arguments, BRISK | self.ground.ways() | settings, program=program)

    def tend(self) -> list[str]:
        """What a service manager does: start again who has ended; their names."""
        ended = [name for name, worker in self.crew.items() if not worker.running]
        for name in ended:
            self.start(name)
        return ended

    def logs(self) -> str:
        """The ends of the crew's logs."""
        return "\n".join(f"== {name}\n" + "\n".join(w.log.splitlines()[-40:]) for name, w in self.crew.items())

    def strike(self, fault: Fault, events: Iterable[dict[str, Any]]) -> bool:
        """Send events and let a fault strike the work on them; whether it did."""
        self.site.send(events)
        remained = self.ground.faults()[fault.kind](self, fault)
        if not remained:
            self.missed += 1
            return False
        began, ended = time.monotonic(), list[str]()
        try:
            until(lambda: self._recovered(ended), f"everything to go on after {fault}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.logs()}") from error
        self.strikes.append(Strike(fault, remained, time.monotonic() - began, tuple(ended)))
        return True

    def finish(self) -> None:
        """Wait until everything is done, then stop the crew as an operator would."""

        def done() -> bool:
            self.tend()
            look = self.watch.look()
            return not any(look.behind(group) for group in (SCORER, TRAINER, DISPATCHER))

        try:
            until(done, "all to be done")
            # Commits may run ahead of what is written: what is written now must be all.
            for worker in self.crew.values():
                os.kill(worker.ready(1).pid, signal.SIGTERM)
            assert [worker.wait() for worker in self.crew.values()] == [0] * len(self.crew)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.logs()}") from error

    def kill(self, names: Sequence[str], fault: Fault, *, late: float = 0) -> dict[str, int]:
        """Kill some of the crew while they have work; start them again. Nothing where they had none for long."""
        remained = self._frozen_at_work(names, fault)
        if remained:
            for name in names:
                self.crew[name].kill()
            time.sleep(late)
            for name in names:
                self.start(name)
        return remained

    def freeze(self, names: Sequence[str], fault: Fault, seconds: float) -> dict[str, int]:
        """Freeze some of the crew in the midst of their work."""
        remained = self._frozen_at_work(names, fault)
        if remained:
            time.sleep(seconds)
            self._thaw(names)
        return remained

    def weather(self, way: Proxy, weather: Weather, fault: Fault) -> dict[str, int]:
        """A network in trouble."""
        remained = self.at_work(fault)
        if remained:
            way.turn(weather)
            time.sleep(fault.seconds)
            way.turn("fair")
        return remained

    def outage(self, server: KafkaServer | ValkeyServer, way: Proxy, fault: Fault) -> dict[str, int]:
        """A server killed. What remained is looked up when it is back, before anybody can go on."""
        if not self.at_work(fault):
            return {}
        server.kill()
        way.turn("cut")
        time.sleep(fault.seconds)
        server.start_again()
        remained = _work(self.watch.look())
        way.turn("fair")
        return remained

    def hang(self, server: KafkaServer | ValkeyServer, fault: Fault) -> dict[str, int]:
        """A server that is there and answers nothing for a while."""
        remained = self.at_work(fault)
        if remained:
            with frozen(server.pid):
                time.sleep(fault.seconds)
        return remained

    def fill(self, fault: Fault) -> dict[str, int]:
        """Redis without memory for another write."""
        remained = self.at_work(fault)
        if remained:
            with redis.Redis.from_url(self.site.redis_url) as client:
                client.config_set("maxmemory", "1")
                time.sleep(fault.seconds)
                client.config_set("maxmemory", "0")
        return remained

    def fill_redis_disk(self, server: ValkeyServer, fault: Fault) -> dict[str, int]:
        """Redis without room for another byte in its append-only file."""
        remained = self.at_work(fault)
        if remained:
            with redis.Redis.from_url(self.site.redis_url) as client, full_disk(server.pid):
                with suppress(redis.ResponseError):
                    client.set("of no meaning", "")
                until(lambda: client.info("persistence")["aof_last_write_status"] == "err", "Redis to be out of disk")
                time.sleep(fault.seconds)
        return remained

    def fill_kafka_disk(self, server: KafkaServer, way: Proxy, fault: Fault) -> dict[str, int]:
        """Kafka without room for another byte; its only disk's failure ends it. What remained is looked up as above."""
        if not self.at_work(fault):
            return {}
        with full_disk(server.pid):
            until(lambda: not server.running, "Kafka to give up its disk")
        way.turn("cut")
        server.start_again()
        remained = _work(self.watch.look())
        way.turn("fair")
        return remained

    def step_clock(self, name: str, fault: Fault) -> dict[str, int]:
        """A clock that is put forward, then back, then right."""
        remained = self.at_work(fault, GROUP_OF[name])
        if remained:
            for seconds in (STEP_SECONDS, -STEP_SECONDS, 0):
                step(self.clock(name), seconds)
                time.sleep(fault.seconds / 3)
        return remained

    def relieve(self, name: str, fault: Fault) -> dict[str, int]:
        """A scorer is told to leave as another one joins; then the other way round."""
        joining = self.extra("--roles", "scorer", *FROZEN)
        remained = self.at_work(fault, SCORER)
        if not remained:
            joining.kill()
            return {}
        os.kill(self.crew[name].pid, signal.SIGTERM)
        time.sleep(fault.seconds)
        self.start(name).ready(1)
        joining.kill()
        return remained

    def without_disk(self, name: str, fault: Fault) -> dict[str, int]:
        """A worker that may write no further byte to any file."""
        remained = self.at_work(fault, SCORER)
        if remained:
            with full_disk(self.crew[name].pid):
                time.sleep(fault.seconds)
        return remained

    def clock(self, name: str) -> Path:
        """The file that one of the crew's wall clock follows."""
        return self.folder / f"{name}.clock"

    def at_work(self, fault: Fault, *groups: str) -> dict[str, int]:
        """Wait until some group has work, and a moment; what there is to be done then."""
        deadline = time.monotonic() + LONGEST_SEARCH_SECONDS
        groups = groups or (SCORER, DISPATCHER)
        while time.monotonic() < deadline:
            if any(self.watch.look().behind(group) for group in groups):
                time.sleep(fault.delay)
                remained = _work(self.watch.look())
                if any(remained.get(group) for group in groups):
                    return remained
            time.sleep(POLL_SECONDS)
        return {}

    def _frozen_at_work(self, names: Sequence[str], fault: Fault) -> dict[str, int]:
        """Freeze processes at a moment when their groups have work left: nothing, and none frozen, if none comes."""
        groups = {GROUP_OF[name] for name in names}
        deadline = time.monotonic() + LONGEST_SEARCH_SECONDS
        while time.monotonic() < deadline:
            if any(self.watch.look().behind(group) for group in groups):
                time.sleep(fault.delay)
                for name in names:
                    freeze(self.crew[name].pid)
                remained = _work(self.watch.look())
                if any(remained.get(group) for group in groups):
                    return remained
                self._thaw(names)
            time.sleep(POLL_SECONDS)
        return {}

    def _thaw(self, names: Iterable[str]) -> None:
        for name in names:
            thaw(self.crew[name].pid)

    def _recovered(self, ended: list[str]) -> bool:
        ended += self.tend()
        look = self.watch.look()
        return look.behind(SCORER) == look.behind(DISPATCHER) == 0 and all(
            worker.running and worker.metric("vigie_ready") == 1 for worker in self.crew.values()
        )

    def _end_crew(self) -> None:
        for worker in self.crew.values():
            if worker.running:
                worker.kill()


@contextmanager
def full_disk(pid: int) -> Iterator[None]:
    """A process that may write no further byte to any file; what is left of it at the end may."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def _work(look: Look) -> dict[str, int]:
    """What was not committed, by group; nothing where all was."""
    return {group: behind for group in (SCORER, TRAINER, DISPATCHER) if (behind := look.behind(group))}


def _scorer(fault: Fault) -> str:
    return "scorer one" if fault.share < 0.5 else "scorer two"


Blow = Callable[[Stage, Fault], dict[str, int]]
"""Lets a fault strike; gives what was left to do then."""


def faults_of(ground: Grounds) -> dict[str, Blow]:
    """What can befall workers and servers that are alone, and the network."""
    kafka, kafka_way, valkey, redis_way = ground.kafka, ground.kafka_way, ground.valkey, ground.redis_way
    return {
        "scorer killed": lambda s, f: s.kill([_scorer(f)], f),
        "scorer killed and late": lambda s, f: s.kill([_scorer(f)], f, late=SESSION_SECONDS + f.seconds),
        "scorer frozen past its session": lambda s, f: s.freeze([_scorer(f)], f, SESSION_SECONDS + f.seconds),
        "scorer leaves as another joins": lambda s, f: s.relieve(_scorer(f), f),
        "scorer without disk": lambda s, f: s.without_disk(_scorer(f), f),
        "scorer's clock steps": lambda s, f: s.step_clock(_scorer(f), f),
        "trainer killed": lambda s, f: s.kill(["trainer"], f),
        "dispatcher killed": lambda s, f: s.kill(["dispatcher"], f),
        "all workers killed": lambda s, f: s.kill([*CREW], f),
        "kafka killed": lambda s, f: s.outage(kafka, kafka_way, f),
        "kafka without disk": lambda s, f: s.fill_kafka_disk(kafka, kafka_way, f),
        "kafka frozen": lambda s, f: s.hang(kafka, f),
        "kafka slow": lambda s, f: s.weather(kafka_way, "slow", f),
        "kafka cut": lambda s, f: s.weather(kafka_way, "cut", f),
        "kafka silent": lambda s, f: s.weather(kafka_way, "silent", f),
        "kafka deaf": lambda s, f: s.weather(kafka_way, "deaf", f),
        "redis killed": lambda s, f: s.outage(valkey, redis_way, f),
        "redis frozen": lambda s, f: s.hang(valkey, f),
        "redis full": lambda s, f: s.fill(f),
        "redis without disk": lambda s, f: s.fill_redis_disk(valkey, f),
        "redis slow": lambda s, f: s.weather(redis_way, "slow", f),
        "redis cut": lambda s, f: s.weather(redis_way, "cut", f),
        "redis silent": lambda s, f: s.weather(redis_way, "silent", f),
        "redis deaf": lambda s, f: s.weather(redis_way, "deaf", f),
    }
