"""From an event's being handed to Kafka to its alert's being in Redis, at rates that each program can keep up with.

Redis' own clock dates the entries of a stream, to the millisecond: half of one is added, what is cut off on average.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import redis
from numpy.typing import NDArray

from alerts import alert as contract
from benchmarks.peers.contenders import WHOLE, Contender, launch, set_up
from benchmarks.peers.events import Sent
from benchmarks.peers.pace import paced
from benchmarks.peers.running import Running, Stuck, attempted, until
from benchmarks.peers.site import Site, alert_streams

THRESHOLD = 0.75
"""Lower than for throughput: a percentile needs alerts."""
SHARES = (0.1, 0.5, 0.9)
TOPIC = "latency"
LOW, HIGH = 2_000, 40_000
"""Rates at which all are measured, and those that can."""
WARM_EVENTS = 3_000
STUCK_SECONDS = 60.0
BEHIND_SECONDS = 2.0
"""How long a program may need after the sending ends, to have kept up."""
QUIET_SECONDS = 1.5
"""Before each rate: what came before is committed."""
LEAST = {50.0: 20, 99.0: 200, 99.9: 1_000}
"""Alerts that a percentile wants."""


@dataclass(frozen=True)
class Point:
    """One rate. `rate` is what was asked for, `reached` what the sender kept; `cores` the worker's CPU a second."""

    what: str
    rate: float
    reached: float
    kept_up: bool
    cores: float
    milliseconds: NDArray[np.float64]

    def percentile(self, of: float) -> float | None:
        """None where there are too few alerts for it."""
        return float(np.percentile(self.milliseconds, of)) if len(self.milliseconds) >= LEAST[of] else None


def rates(ceiling: float) -> list[tuple[str, float]]:
    """What is measured of a program that works through so many events a second."""
    shares = [(f"{share:.0%} of its ceiling", share * ceiling) for share in SHARES]
    fixed = [("fixed", float(rate)) for rate in (LOW, HIGH) if rate < ceiling]
    return sorted([*shares, *fixed], key=lambda of: of[1])


def run(
    site: Site,
    pool: Sent,
    contenders: Sequence[Contender],
    ceilings: Mapping[str, float],
    seconds: float,
    say: Callable[[str], None],
    behind_seconds: float = BEHIND_SECONDS,
) -> dict[str, list[Point]]:
    """All rates of each program, from the lowest on, in one process of it, until it cannot keep up.

    Events are those of the pool, in order, and again from the first one where it ends; a rate at which the whole pool
    lasts less than `seconds` is held for so long only. Who needs more than `behind_seconds` for the last events of a
    rate cannot keep up with it.
    """
    points: dict[str, list[Point]] = {}
    for contender in contenders:
        points[contender.name] = []

        def measure(contender: Contender = contender) -> None:
            for point in _points(site, pool, contender, rates(ceilings[contender.name]), seconds, behind_seconds):
                points[contender.name].append(point)
                say(f"{contender.title}, {point.what}: {words(point)}")

        attempted(contender.title, measure, say)
    return points


def words(point: Point) -> str:
    """A point in a line."""
    figures = ", ".join(f"p{of:g} {value:.1f} ms" for of in LEAST if (value := point.percentile(of)) is not None)
    behind = "" if point.kept_up else ", fell behind"
    return (
        f"{point.reached:,.0f} events/s of {point.rate:,.0f} asked{behind}, {len(point.milliseconds)} alerts, "
        f"{figures}, {point.cores:.2f} cores"
    )


def _points(
    site: Site,
    pool: Sent,
    contender: Contender,
    wanted: Sequence[tuple[str, float]],
    seconds: float,
    behind_seconds: float,
) -> Iterator[Point]:
    of = set_up(contender, site, TOPIC, THRESHOLD)
    worker = launch(contender, of)
    try:
        site.send(of.topic, pool.first(WARM_EVENTS))
        until([worker], WARM_EVENTS, STUCK_SECONDS)
        done = WARM_EVENTS
        for what, rate in wanted:
            at = (done + np.arange(min(len(pool), int(rate * seconds)))) % len(pool)
            point = _point(site, worker, of.topic, pool, at, done, (what, rate), behind_seconds)
            yield point
            done += len(at)
            if not point.kept_up:
                return
    finally:
        worker.stop(gently=contender is WHOLE)


def _point(
    site: Site,
    worker: Running,
    topic: str,
    pool: Sent,
    at: NDArray[np.int64],
    done: int,
    asked: tuple[str, float],
    behind_seconds: float,
) -> Point:
    """The events of the pool at these places, sent at a rate, when so many were done before."""
    time.sleep(QUIET_SECONDS)
    with redis.Redis.from_url(site.redis) as queue:
        queue.flushall()
        began, cpu = time.monotonic(), worker.cpu()
        times = paced(site.kafka, topic, pool.at(at), asked[1], site.folder)
        try:
            end = until([worker], done + len(at), STUCK_SECONDS, behind_seconds)
            kept_up, cores = True, (end.cpu - cpu) / (end.at - began)
        except Stuck:
            worker.check()
            kept_up, cores = False, (worker.cpu() - cpu) / (time.monotonic() - began)
        sent = np.full(len(pool), np.nan)
        sent[at] = times
        milliseconds = [1000 * (put - sent[version - 1]) for version, put in _alerts(queue)]
    reached = len(at) / max(times[-1] - times[0], 1e-9)
    known = np.array(milliseconds, np.float64)
    return Point(asked[0], asked[1], reached, kept_up, cores, known[~np.isnan(known)])


def _alerts(queue: "redis.Redis") -> Iterator[tuple[int, float]]:
    """The event behind each alert, by its number, and when the alert was put there, in seconds."""
    for key in alert_streams(queue):
        entries: Any = queue.xrange(key)
        for entry, fields in entries:
            put = (int(entry.split(b"-")[0]) + 0.5) / 1000
            yield _version(fields), put


def _version(fields: Mapping[bytes, bytes]) -> int:
    if b"version" in fields:
        return int(fields[b"version"])
    return int(contract.decode(fields[b"alert"]).causes[0]["version"])
