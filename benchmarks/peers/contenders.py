"""The programs that are measured, how each is launched, and where it keeps its state."""

import itertools
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import redis

from benchmarks.peers import states, whole
from benchmarks.peers.given import Given
from benchmarks.peers.running import Running, metered
from benchmarks.peers.site import COMPACTED, PARTITIONS, SHORT, Site
from deploy.ports import free_ports
from streams.topics import EVENTS

States = Callable[[Site, Given], dict[str, states.Firm]]
_runs = itertools.count(1)


@dataclass(frozen=True)
class Contender:
    """A program: `python -m command`."""

    name: str
    title: str
    command: tuple[str, ...] = ()
    peer: bool = False
    """Of other packages, and so worked on an event at a time."""
    short: bool = False
    """Whether it reads the short topic: the long one would take it minutes."""
    model: str = "columns"
    states: States | None = None
    makes_changelog: bool = False
    """Whether its changelog must be there before it."""
    events: str = ""
    """The only topic that it reads."""

    @property
    def topic(self) -> str:
        """What it reads in a run of throughput."""
        return SHORT if self.short else EVENTS


FAUST = Contender(
    "faust", "Faust, textbook", ("benchmarks.peers.faust_textbook", "worker", "--without-web"),
    peer=True, short=True, states=states.of_faust,
)  # fmt: skip
QUIX = Contender("quix", "Quix Streams", ("benchmarks.peers.quix",), peer=True, states=states.of_quix)
BYTEWAX = Contender("bytewax", "Bytewax", ("benchmarks.peers.bytewax_flow",), peer=True, states=states.of_bytewax)
RAW = Contender("raw", "reading alone (aiokafka)", ("benchmarks.peers.raw",))
HANDWRITTEN = Contender(
    "handwritten", "hand-written, no framework", ("benchmarks.peers.handwritten",),
    states=states.of_columns, makes_changelog=True,
)  # fmt: skip
REDUCED = Contender(
    "reduced", "Vigie's path, the same work", ("benchmarks.peers.vigie_reduced",),
    states=states.of_columns, makes_changelog=True,
)  # fmt: skip
RIVER = replace(REDUCED, name="river", title="the same, River an event at a time", model="river")
WHOLE = Contender("whole", "Vigie's worker, its whole chain", events=EVENTS)
CONTENDERS = (FAUST, QUIX, BYTEWAX, RAW, HANDWRITTEN, REDUCED, RIVER, WHOLE)


def told(contender: Contender, site: Site, topic: str, threshold: float) -> Given:
    """What a new run of a program is told, in a folder of its own."""
    run = f"{contender.name}-{next(_runs)}"
    data = site.folder / run
    data.mkdir()
    return Given(
        site.kafka, site.redis, topic, run, site.folder / f"{run}.meter", data, threshold, contender.model, PARTITIONS
    )


def set_up(contender: Contender, site: Site, topic: str, threshold: float) -> Given:
    """What a new run is told, over an empty topic: `topic`, or that of a program which chooses its own."""
    topic = contender.events or topic
    site.create(topic)
    of = told(contender, site, topic, threshold)
    prepare(contender, site, of)
    return of


def prepare(contender: Contender, site: Site, of: Given) -> None:
    """What must be there, and what must not, before a program is launched for the first time."""
    with redis.Redis.from_url(site.redis) as queue:
        # The worker's own among it: an alert that Redis has seen is not put there again.
        queue.flushall()
    if contender is WHOLE:
        site.forget_worker()
    if contender.makes_changelog:
        site.create(of.changelog, COMPACTED)


def launch(contender: Contender, of: Given, worker: int = 1) -> Running:
    """Start a worker of a run."""
    log = of.data.parent / f"{of.run}.log"
    data = of.data if worker == 1 else of.data.parent / f"{of.run}-{worker}"
    data.mkdir(exist_ok=True)
    if contender is WHOLE:
        return _whole(of, data, log)
    meter = of.meter.with_suffix(f".{worker}.meter")
    environment = replace(of, data=data, meter=meter).environment()
    return metered(("-m", *contender.command), environment, log, meter)


def _whole(of: Given, data: Path, log: Path) -> Running:
    port = free_ports(1)[0]
    environment = {"VIGIE_KAFKA": of.kafka, "VIGIE_REDIS": of.redis, "VIGIE_DATA": str(data)}
    command = ("-m", "vigie", "worker", "--roles", "scorer,dispatcher", "--metrics-port", str(port))
    running = Running(command, environment, log)
    running.done = whole.Progress(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read())
    return running
