"""How long a program takes from its launch to its first event, where the state of many firms is to be recovered first.

State stands where each program would have left it. Vigie's worker has records of firms of a simulated world, and of the
cohorts that wait for their answers, copied under other SIRENs; the others have states of the reduced work. Bytewax,
whose recovery is its own, first works through an event of each firm. On disk is only what an engine takes its state
from: Quix Streams' local store is not there.
"""

import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.files import FAR
from benchmarks.nowhere import Nowhere
from benchmarks.peers import columns, work
from benchmarks.peers import events as of_events
from benchmarks.peers.contenders import BYTEWAX, FAUST, QUIX, REDUCED, WHOLE, Contender, launch, set_up
from benchmarks.peers.events import FIRST_KNOWN, Sent
from benchmarks.peers.given import Given
from benchmarks.peers.running import attempted, until
from benchmarks.peers.site import COMPACTED, PARTITIONS, Site
from benchmarks.peers.throughput import THRESHOLD
from detectors import models, pack
from detectors.chain import Chain
from detectors.labels import Cohort
from streams import ingest
from streams.partitioner import partitions_of
from streams.replay import Replay, ReplayOptions
from streams.report import Report
from streams.simulate import World, simulate
from streams.topics import CHANGELOG

Record = tuple[bytes, bytes | None]
RECOVERABLE = (FAUST, QUIX, BYTEWAX, REDUCED, WHOLE)
WORLD = World(firms=2_000, months=24)
SEED = 5
SAMPLE = 20_000
"""Different states among those of the reduced work."""
TOPIC = "recovery"
EVENTS_AFTER = 1_000
BYTEWAX_SHARE = 7
"""Bytewax recovers one firm in so many: all would take it minutes, and what it takes grows with them."""
STUCK_SECONDS = 240.0
SETTLE_SECONDS = 2.5
_MIX = 0x9E37_79B9_7F4A_7C15
_WORD = 1 << 64


@dataclass(frozen=True)
class Recovered:
    """Seconds from launch to the first event, bytes of state a firm, and the most memory the process had.

    `waiting_bytes` are those of a firm in a cohort that waits for its answers.
    """

    firms: int
    seconds: float
    record_bytes: float | None
    peak_mib: float
    waiting_bytes: float = 0.0


def run(
    site: Site, pool: Sent, contenders: Sequence[Contender], firms: int, say: Callable[[str], None]
) -> dict[str, Recovered]:
    """One recovery of each of the programs that recover."""
    found = {}
    for contender in contenders:
        if contender in RECOVERABLE:
            count = firms // BYTEWAX_SHARE if contender is BYTEWAX else firms
            one = attempted(contender.title, partial(_recovery, site, pool, contender, count), say)
            if one is None:
                continue
            found[contender.name] = one
            waiting = f", {one.waiting_bytes:.0f} bytes a firm and month that waits" if one.waiting_bytes else ""
            took = f"{one.seconds:.1f} s to the first event, {count:,} firms, {one.peak_mib:.0f} MiB"
            say(f"{contender.title}: {took}{waiting}")
    return found


def _recovery(site: Site, pool: Sent, contender: Contender, firms: int) -> Recovered:
    of = set_up(contender, site, TOPIC, THRESHOLD)
    sirens = of_events.sirens(firms)
    size, waiting_bytes, known, done = None, 0.0, FIRST_KNOWN, 0
    if contender is BYTEWAX:
        done = _worked_through(site, of, one_each(sirens, known))
    elif contender is WHOLE:
        chain = simulated()
        known = date.fromordinal(chain.day)
        waiting, time_of_it = list(chain.waiting()), pack.clock_record(chain.time)
        size = _fill(site, CHANGELOG, copies(chain, sirens), [time_of_it])
        parts = waiting_firms(waiting, sirens)
        waiting_bytes = sum(len(value or b"") for part in parts for _, value in part) / (firms * len(waiting))
        site.write(CHANGELOG, parts)
    elif contender is REDUCED:
        size = _fill(site, of.changelog, _column_records(pool, sirens))
    else:
        size = _fill_textbook(site, contender, of, pool, sirens)
    site.send(of.topic, one_each(sirens[:EVENTS_AFTER], known))
    worker = launch(contender, of)
    try:
        first = until([worker], done + 1, STUCK_SECONDS)
        return Recovered(firms, first.at - worker.launched, size, worker.peak_mib(), waiting_bytes)
    finally:
        worker.stop(gently=contender is WHOLE)


def one_each(sirens: Sequence[str], known: date) -> Sent:
    """An event of each firm, known that day."""
    firsts = list(of_events.events(1_000, len(sirens)))
    keys = [siren.encode() for siren in sirens]
    values = [
        msgspec.json.encode(msgspec.structs.replace(event, siren=siren, siret=f"{siren}00011", known_at=known))
        for siren, event in zip(sirens, cycle(firsts), strict=False)
    ]
    return Sent(keys, values, partitions_of(np.array(keys).astype(np.uint32), PARTITIONS))


def simulated() -> Chain:
    """The chain of a simulated world, at its end."""
    with tempfile.TemporaryDirectory() as name:
        simulate(Path(name), WORLD, SEED)
        options = ReplayOptions(model=models.prior(), frozen=True, wording=False)
        replay = Replay(options, Nowhere(), datetime(2026, 1, 1, tzinfo=UTC))
        replay.run(ingest.frames([Path(name)], Report(), today=FAR))
    return replay.chain


def copies(chain: Chain, sirens: Sequence[str]) -> Iterator[Record]:
    """Records of the chain's firms under these SIRENs, over and over; the chain is no good afterwards."""
    panel = chain.panel
    rows = np.arange(len(panel))
    for start in range(0, len(sirens), len(rows)):
        here = rows[: len(sirens) - start]
        panel.firms["siren"][here] = np.array(sirens[start : start + len(here)]).astype(np.uint32)
        for ledger in panel.ledgers:
            # A fact's key tells its firm as well: that of a copy must be another.
            ledger.entries["key"] ^= np.uint64((start + 1) * _MIX % _WORD)
        yield from pack.firm_records(panel, here)


def waiting_firms(cohorts: Sequence[Cohort], sirens: Sequence[str]) -> list[list[Record]]:
    """For each partition, as many cohorts of all its firms as these are: their rows over and over, mixed."""
    numbers = np.array(sirens).astype(np.uint32)
    places = partitions_of(numbers, PARTITIONS)
    rng = np.random.default_rng(SEED)
    found = list[list[Record]]()
    for partition in range(PARTITIONS):
        here = np.sort(numbers[places == partition])
        whole = [_waiting(cohort, here, rng) for cohort in cohorts]
        found.append([record for cohort in whole for record in pack.cohort_records(cohort)])
    return found


def _waiting(cohort: Cohort, sirens: NDArray[np.uint32], rng: np.random.Generator) -> Cohort:
    """A cohort of these firms, whose bytes repeat no more than those of so many that all members have scored."""
    rows = cohort.rows(rng.permutation(np.arange(len(sirens)) % len(cohort)))
    learned = rng.normal(size=rows.members.shape).astype(np.float32)
    return replace(rows, sirens=sirens, members=np.where(np.isnan(rows.members), learned, rows.members))


def _worked_through(site: Site, of: Given, events: Sent) -> int:
    """Let a program make its state itself; how many events it has done."""
    site.send(of.topic, events)
    worker = launch(BYTEWAX, of)
    try:
        until([worker], len(events), STUCK_SECONDS)
        time.sleep(SETTLE_SECONDS)
    finally:
        worker.stop(gently=False)
    return len(events)


def _column_records(pool: Sent, sirens: Sequence[str]) -> Iterator[Record]:
    firms = columns.Columns()
    sample = pool.first(SAMPLE)
    columns.step(firms, columns.VectorJudge(), 1.0, columns.Batch(sample.keys, sample.values, range(len(sample))))
    rows = np.arange(len(sirens)) % len(firms)
    copied = firms.firms[rows]
    copied["siren"] = np.array(sirens).astype(np.uint32)
    copied["offset"] = -1
    for siren, row in zip(sirens, copied, strict=True):
        yield siren.encode(), row.tobytes()


def _fill_textbook(site: Site, contender: Contender, of: Given, pool: Sent, sirens: Sequence[str]) -> float:
    values = [json.dumps(state).encode() for state in work.reference(pool.first(SAMPLE)).values()]
    states = zip(sirens, cycle(values), strict=False)
    if contender is FAUST:
        site.create(of.changelog, COMPACTED)
        return _fill(site, of.changelog, ((b'"%s"' % siren.encode(), value) for siren, value in states))
    changelog = f"changelog__{of.run}--{of.topic}--default"
    site.create(changelog, COMPACTED)
    records = ((b'%s|"firm"' % siren.encode(), value) for siren, value in states)
    return _fill(site, changelog, records, headers=[("__column_family__", b"default")])


def _fill(
    site: Site,
    topic: str,
    records: Iterable[Record],
    each: Sequence[Record] = (),
    headers: list[tuple[str, bytes]] | None = None,
) -> float:
    """Write records of firms where their firms' events go, then some to each partition; bytes a firm."""
    parts: list[list[Record]] = [[] for _ in range(PARTITIONS)]
    size = count = 0
    iterator = iter(records)
    while some := list(islice(iterator, SAMPLE)):
        sirens = np.array([key.strip(b'"').split(b"|")[0] for key, _ in some]).astype(np.uint32)
        for place, record in zip(partitions_of(sirens, PARTITIONS).tolist(), some, strict=True):
            parts[place].append(record)
            size += len(record[1] or b"")
        count += len(some)
    site.write(topic, [[*part, *each] for part in parts], headers)
    return size / count
