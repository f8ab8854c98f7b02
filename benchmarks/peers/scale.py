"""One worker and two, warm, each pinned to a core: a backlog that comes while they are held still is worked through.

On two cores the broker has no core of its own: its share is told, and limits what two workers can be.
"""

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.peers import states, whole, work
from benchmarks.peers.contenders import QUIX, REDUCED, WHOLE, Contender, launch, set_up
from benchmarks.peers.events import Sent
from benchmarks.peers.given import Given
from benchmarks.peers.running import Running, Stuck, attempted, until
from benchmarks.peers.site import Site
from benchmarks.peers.throughput import THRESHOLD

SCALABLE = (QUIX, REDUCED, WHOLE)
TOPIC = "scale"
WARM_EVENTS = 2_000
WARM_ROUNDS = 12
WARM_SECONDS = 2.0
STUCK_SECONDS = 60.0
SETTLE_SECONDS = 2.5


@dataclass(frozen=True)
class Scaled:
    """Events a second and a CPU second of all workers, the first one's share of the events, the cores of all else."""

    workers: int
    rate: float
    cpu_rate: float
    first_share: float
    other_cores: float
    state: str


def run(site: Site, pool: Sent, contenders: Sequence[Contender], say: Callable[[str], None]) -> dict[str, list[Scaled]]:
    """One worker, then two, of each program that can have several by Kafka's groups alone."""
    found: dict[str, list[Scaled]] = {}
    for contender in contenders:
        if contender in SCALABLE:
            found[contender.name] = []
            for workers in (1, 2):
                one = attempted(contender.title, partial(_scaled, site, pool, contender, workers), say)
                if one is None:
                    break
                found[contender.name].append(one)
                say(
                    f"{contender.title}, {workers}: {one.rate:,.0f} events/s, {one.cpu_rate:,.0f} a CPU s, first did "
                    f"{one.first_share:.0%}, others used {one.other_cores:.2f} cores, state {one.state}"
                )
    return found


def _scaled(site: Site, pool: Sent, contender: Contender, count: int) -> Scaled:
    of = set_up(contender, site, TOPIC, THRESHOLD)
    workers: list[Running] = []
    try:
        for number in range(1, count + 1):
            workers.append(launch(contender, of, number))
            workers[-1].pin(number - 1)
        warmed = _warmed(site, of.topic, workers, pool)
        backlog = pool.at(np.arange(warmed, len(pool)))
        for worker in workers:
            worker.signal(signal.SIGSTOP)
        site.send(of.topic, backlog)
        busy = _busy()
        for worker in workers:
            worker.signal(signal.SIGCONT)
        before = [worker.done() for worker in workers]
        began, cpu = time.monotonic(), sum(worker.cpu() for worker in workers)
        end = until(workers, len(pool), STUCK_SECONDS)
        others = _busy() - busy - (end.cpu - cpu)
        seconds = end.at - began
        shares = [worker.done() - b for worker, b in zip(workers, before, strict=True)]
        time.sleep(SETTLE_SECONDS)
    finally:
        for worker in workers:
            worker.stop(gently=contender is WHOLE)
    return Scaled(
        count,
        len(backlog) / seconds,
        len(backlog) / max(end.cpu - cpu, 0.01),
        shares[0] / max(sum(shares), 1),
        others / seconds,
        _state(site, pool, contender, of),
    )


def _warmed(site: Site, topic: str, workers: Sequence[Running], pool: Sent) -> int:
    """How many events it took until every worker had done some."""
    for turn in range(1, WARM_ROUNDS + 1):
        site.send(topic, pool.at(np.arange((turn - 1) * WARM_EVENTS, turn * WARM_EVENTS)))
        until(workers, turn * WARM_EVENTS, STUCK_SECONDS)
        if all(worker.done() for worker in workers):
            time.sleep(WARM_SECONDS)
            return turn * WARM_EVENTS
        time.sleep(WARM_SECONDS)
    raise Stuck(f"a worker of {len(workers)} was given nothing:\n{workers[-1].tail()}")


def _state(site: Site, pool: Sent, contender: Contender, of: Given) -> str:
    if contender is WHOLE:
        wanted = {key.decode(): value for key, value in whole.expected(pool).records.items()}
        return str(states.compared(wanted, {key.decode(): value for key, value in whole.found(site).items()}))
    assert contender.states is not None
    return str(states.compared(states.reference(work.reference(pool)), contender.states(site, of)))


def _busy() -> float:
    """CPU seconds that everything on this machine has used."""
    with open("/proc/stat", encoding="ascii") as stream:  # noqa: PTH123 - a file of the kernel
        user, nice, system, _, _, irq, soft, *_ = map(int, stream.readline().split()[1:])
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")
