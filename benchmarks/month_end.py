"""How long a partition's month end holds up its own events, and those of another partition of the same worker.

    python -m benchmarks.month_end --firms 20000                     # all on one partition
    python -m benchmarks.month_end --firms 20000 --hot-firms 0       # none of them at hand

A worker's scorer on an embedded Kafka: one partition, which has all firms of a simulated world, ends months while both
are given an event at a time, commits once a second included. Prints a Markdown table, a row a month end.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry

from benchmarks.files import FAR
from benchmarks.nowhere import Nowhere
from deploy.embedded import start_kafka
from detectors import models, pack
from detectors.chain import Chain
from detectors.events import AnyEvent, Headcount
from detectors.models import Model
from detectors.models import Scorer as Ready
from detectors.months import first_day
from streams import admin, ingest, topics, wire
from streams.batches import BatchApp
from streams.cluster import Cluster
from streams.firm_table import FirmTable
from streams.metrics import StreamMetrics
from streams.outbox import Outbox
from streams.partitioner import partitions_of
from streams.replay import Replay, ReplayOptions
from streams.report import Report
from streams.scorer import Clocks, Scorer, live_chain
from streams.simulate import World, simulate

PARTITIONS = 2
PAUSE_SECONDS = 0.002
MONTHS = 5
COMMIT_SECONDS = 1.0
HEADER = (
    "| firms | at hand | month end, s | own events' median ms | p99 | longest | others' median ms | p99 | longest |"
)


@dataclass(frozen=True)
class Given:
    """A record as a consumer has it."""

    key: bytes | None
    value: bytes
    offset: int
    headers: tuple[tuple[str, bytes], ...]


def record(event: AnyEvent, offset: int) -> Given:
    """An event's."""
    of = wire.record(event)
    return Given(of.key, of.value, offset, tuple(of.headers))


def replayed(folder: Path, model: Model) -> Chain:
    """The chain of all firms, at the end of their history."""
    options = ReplayOptions(model=model, frozen=True, wording=False)
    run = Replay(options, Nowhere(), datetime(2026, 1, 1, tzinfo=UTC))
    run.run(ingest.frames([folder], Report(), today=FAR))
    return run.chain


def as_recovered(replayed: Chain, model: Model, folder: Path) -> Chain:
    """The same chain as a worker has it that has read its state."""
    rows = np.arange(len(replayed.panel))
    chain = live_chain(model, replayed.options, folder, random.random)
    pack.load(chain, pack.firm_records(replayed.panel, rows))
    pack.load(chain, [record for cohort in replayed.waiting() for record in pack.cohort_records(cohort)])
    pack.load(chain, [pack.clock_record(replayed.time)])
    return chain


def neighbour(partition: int) -> int:
    """A SIREN at home on a partition."""
    sirens = np.arange(100_000_000, 100_000_100, dtype=np.uint32)
    return int(sirens[partitions_of(sirens, PARTITIONS) == partition][0])


class Partition:
    """A partition that is given events, one at a time."""

    def __init__(self, scorer: Scorer, number: int, sirens: Sequence[int]) -> None:
        self.waits: list[float] = []
        self._scorer = scorer
        self._number = number
        self._sirens = cycle(sirens)
        self._offset = 1_000_000

    async def take(self, month: int) -> None:
        """An event of the month, and how long it took, its turn included."""
        event = Headcount(
            siren=f"{next(self._sirens):09d}", siret=None, account=None, known_at=first_day(month),
            month=first_day(month - 1), headcount=10 + len(self.waits) % 90,
        )  # fmt: skip
        due = time.perf_counter()
        await asyncio.sleep(PAUSE_SECONDS)
        await self._scorer.handle(self._number, [record(event, self._offset)])
        self.waits.append(time.perf_counter() - due - PAUSE_SECONDS)
        self._offset += 1


async def ended(scorer: Scorer, own: Partition, other: Partition, month: int) -> float:
    """Seconds from the first event after a month to all of its end being written; events go on meanwhile."""
    began, committed = time.perf_counter(), time.perf_counter()
    await own.take(month + 1)
    while scorer.holds(0):
        await asyncio.gather(own.take(month + 1), other.take(month + 1))
        if time.perf_counter() - committed > COMMIT_SECONDS:
            await scorer.confirmed()
            committed = time.perf_counter()
    await scorer.confirmed()
    return time.perf_counter() - began


async def run(kafka: str, chain: Chain, model: Model, hot_firms: int) -> None:
    """End months, and print."""
    outbox = Outbox(Cluster(kafka=kafka), 60)
    await outbox.start()
    app = BatchApp("benchmark", broker=f"kafka://{kafka}", store="memory://")
    table = FirmTable(app, new_chain=lambda: Chain(model), name="firms", partitions=PARTITIONS)
    table.chains[0] = chain
    scorer = Scorer(
        table,
        outbox,
        StreamMetrics(CollectorRegistry()),
        Clocks(lambda: datetime(2090, 1, 1, tzinfo=UTC).timestamp(), time.monotonic),
        partitions=PARTITIONS,
        ready=Ready(model),
        language="fr",
        hot_firms=hot_firms,
        failed=app.crash,
    )
    print(HEADER, "|" + "---|" * 9, sep="\n")
    known = chain.firms.sirens()
    sirens = known[partitions_of(known, PARTITIONS) == 0].tolist()
    for _ in range(MONTHS):
        month, at_hand = chain.swept + 1, len(chain.panel)
        own, other = Partition(scorer, 0, sirens), Partition(scorer, 1, [neighbour(1)])
        seconds = await ended(scorer, own, other, month)
        figures = [
            f"{1000 * value:.1f}"
            for partition in (own, other)
            for value in np.percentile(partition.waits or [np.nan], (50, 99, 100))
        ]
        print(f"| {len(chain.firms)} | {at_hand} | {seconds:.1f} | {' | '.join(figures)} |")
    await scorer.stop()
    await outbox.stop()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=20_000)
    parser.add_argument("--months", type=int, default=20)
    parser.add_argument("--hot-firms", type=int, default=50_000)
    parser.add_argument("--files", type=Path, help="partner files that are there already")
    parser.add_argument("--model", type=Path, help="of `vigie replay --model-out`; by default the expert scorecard")
    given = parser.parse_args()
    model = models.decode(given.model.read_bytes()) if given.model else models.prior()
    with tempfile.TemporaryDirectory() as name, start_kafka() as kafka:
        if not given.files:
            simulate(Path(name), World(firms=given.firms, months=given.months), 5)
        with admin.connect(Cluster(kafka=kafka.bootstrap)) as connection:
            connection.create(topics.table(topics.TopicOptions(partitions=PARTITIONS)), alter=False)
        chain = as_recovered(replayed(given.files or Path(name), model), model, Path(name))
        asyncio.run(run(kafka.bootstrap, chain, model, given.hot_firms))


if __name__ == "__main__":
    main()
