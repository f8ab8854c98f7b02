"""How long a partition's month end holds up its own events, and those of another partition of the same worker.

    python -m benchmarks.month_end --firms 20000        # all on one partition

A worker's scorer on an embedded Kafka: one partition, which has all firms of a simulated world, ends months while the
other is given an event at a time. Prints a Markdown table, a row a month end.
"""

import argparse
import asyncio
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry

from benchmarks.files import FAR
from benchmarks.nowhere import Nowhere
from deploy.embedded import start_kafka
from detectors import models
from detectors.chain import Chain
from detectors.events import AnyEvent, Clock, Headcount
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
from streams.scorer import Clocks, Scorer
from streams.simulate import World, simulate

PARTITIONS = 2
PAUSE_SECONDS = 0.002
MONTHS = 5
HEADER = "| firms | own partition waits, ms | ms of it a 1 000 firms | other events | median ms | p99 ms | longest ms |"


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


def neighbour(partition: int) -> str:
    """A SIREN at home on a partition."""
    sirens = np.arange(100_000_000, 100_000_100, dtype=np.uint32)
    return str(sirens[partitions_of(sirens, PARTITIONS) == partition][0])


async def ended(scorer: Scorer, chain: Chain) -> tuple[float, list[float]]:
    """Seconds until events may follow the end of the next month, and what each of the other partition's takes meanwhile
    and until all of it is written.
    """
    month, siren, others = chain.swept + 2, neighbour(1), list[float]()

    async def end() -> float:
        began = time.perf_counter()
        await scorer.handle(0, [record(Clock(known_at=first_day(month)), month)])
        waited = time.perf_counter() - began
        await scorer.confirmed()
        return waited

    ending = asyncio.create_task(end())
    while not ending.done():
        event = Headcount(
            siren=siren, siret=None, account=None, known_at=first_day(chain.swept + 1), month=first_day(chain.swept),
            headcount=10 + len(others) % 90,
        )  # fmt: skip
        due = time.perf_counter()
        await asyncio.sleep(PAUSE_SECONDS)
        await scorer.handle(1, [record(event, month * 100_000 + len(others))])
        others.append(time.perf_counter() - due - PAUSE_SECONDS)
    return await ending, others


async def run(kafka: str, chain: Chain, model: Model) -> None:
    """End months, and print."""
    outbox = Outbox(Cluster(kafka=kafka), 60)
    await outbox.start()
    app = BatchApp("benchmark", broker=f"kafka://{kafka}", store="memory://")
    table = FirmTable(app, new_chain=lambda: Chain(model), name="firms", partitions=PARTITIONS)
    table.chains[0] = chain
    clocks = Clocks(lambda: datetime(2090, 1, 1, tzinfo=UTC).timestamp(), time.monotonic)
    metrics, ready = StreamMetrics(CollectorRegistry()), Ready(model)
    scorer = Scorer(
        table,
        outbox,
        metrics,
        clocks,
        partitions=PARTITIONS,
        ready=ready,
        language="fr",
        hot_firms=50_000,
        failed=app.crash,
    )
    print(HEADER, "|" + "---|" * 7, sep="\n")
    for _ in range(MONTHS):
        seconds, others = await ended(scorer, chain)
        firms, values = len(chain.panel), np.percentile(others, (50, 99, 100))
        figures = " | ".join(f"{1000 * value:.1f}" for value in values)
        print(f"| {firms} | {1000 * seconds:.0f} | {1e6 * seconds / firms:.1f} | {len(others)} | {figures} |")
    await outbox.stop()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=20_000)
    parser.add_argument("--months", type=int, default=20)
    parser.add_argument("--files", type=Path, help="partner files that are there already")
    parser.add_argument("--model", type=Path, help="of `vigie replay --model-out`; by default the expert scorecard")
    given = parser.parse_args()
    model = models.decode(given.model.read_bytes()) if given.model else models.prior()
    with tempfile.TemporaryDirectory() as name, start_kafka() as kafka:
        if not given.files:
            simulate(Path(name), World(firms=given.firms, months=given.months), 5)
        with admin.connect(Cluster(kafka=kafka.bootstrap)) as connection:
            connection.create(topics.table(topics.TopicOptions(partitions=PARTITIONS)), alter=False)
        asyncio.run(run(kafka.bootstrap, replayed(given.files or Path(name), model), model))


if __name__ == "__main__":
    main()
