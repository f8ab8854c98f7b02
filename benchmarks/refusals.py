"""What bad events cost the good ones beside them: good events a CPU second of a scorer, with more and more bad ones.

    python -m benchmarks.refusals

Scorers of one process, on an embedded Kafka, are given the same good events batch by batch in turn, one of them nothing
else and the others more and more bad ones among them: whatever else the machine does befalls all alike. CPU is that of
the event loop's thread, sending and Kafka's answers included. Prints a Markdown table.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

from prometheus_client import CollectorRegistry

from benchmarks.files import FAR
from benchmarks.month_end import Given, record
from deploy.embedded import start_kafka
from detectors import models
from detectors.chain import Chain
from detectors.models import Scorer as Ready
from streams import admin, ingest, topics
from streams.batches import BatchApp
from streams.cluster import Cluster
from streams.firm_table import FirmTable
from streams.metrics import StreamMetrics
from streams.outbox import Outbox
from streams.report import Report
from streams.scorer import Clocks, Scorer
from streams.simulate import World, simulate

BAD = [
    b"no JSON",
    b'{"type":"headcount","siren":"123456789"}',
    json.dumps({"type": "headcount", "siren": "12345678", "month": "2018-01-01", "headcount": "12"}).encode(),
    b'{"type":"firm","deep":' + b"[" * 5_000,
    json.dumps({"type": "firm", "siren": "123456789", "name": "x" * 2_000}).encode(),
    b"\xff" * 200,
]
SHARES = (0.0, 0.001, 0.01, 0.1)
TOGETHER = 2_000
HEADER = "| bad, of all | good events | CPU s | good events a CPU second | of those alone |"


class Side:
    """A scorer that is given so large a share of bad events."""

    def __init__(self, share: float, outbox: Outbox, app: BatchApp) -> None:
        self.share = share
        self.cpu = 0.0
        self._bad = cycle(BAD)
        self._offset = 0
        model = models.prior()
        table = FirmTable(app, new_chain=lambda: Chain(model), name=f"firms-{share}", partitions=1)
        clocks = Clocks(lambda: datetime(2090, 1, 1, tzinfo=UTC).timestamp(), time.monotonic)
        self._scorer = Scorer(
            table,
            outbox,
            StreamMetrics(CollectorRegistry()),
            clocks,
            partitions=1,
            ready=Ready(model),
            language="fr",
            hot_firms=50_000,
            failed=app.crash,
        )

    async def take(self, good: Sequence[Given]) -> None:
        """Work on some good events, and on the bad ones that stand among them."""
        count = round(self.share * len(good) / (1 - self.share))
        values = [*good]
        for number, value in enumerate(islice(self._bad, count)):
            values.insert(number * (len(good) + count) // count, Given(b"123456789", value, 0, ()))
        records = [Given(v.key, v.value, self._offset + i, v.headers) for i, v in enumerate(values)]
        self._offset += len(records)
        began = time.thread_time()
        await self._scorer.handle(0, records)
        await self._scorer.confirmed()
        self.cpu += time.thread_time() - began


async def run(kafka: str, good: Sequence[Given]) -> None:
    """Measure and print."""
    outbox = Outbox(Cluster(kafka=kafka), 60)
    await outbox.start()
    app = BatchApp("benchmark", broker=f"kafka://{kafka}", store="memory://")
    sides = [Side(share, outbox, app) for share in SHARES]
    for start in range(0, len(good), TOGETHER):
        for side in sides:
            await side.take(good[start : start + TOGETHER])
    await outbox.stop()
    print(HEADER, "|---|---|---|---|---|", sep="\n")
    for side in sides:
        rate = len(good) / side.cpu
        print(f"| {side.share:.1%} | {len(good)} | {side.cpu:.2f} | {rate:.0f} | {sides[0].cpu / side.cpu:.3f} |")


def main() -> None:
    """Simulate, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.refusals", description=__doc__)
    parser.add_argument("--firms", type=int, default=1_500)
    parser.add_argument("--months", type=int, default=24)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, start_kafka() as kafka:
        simulate(Path(name), World(firms=options.firms, months=options.months), 1)
        good = [record(event, 0) for event in ingest.events([Path(name)], Report(), today=FAR)]
        with admin.connect(Cluster(kafka=kafka.bootstrap)) as connection:
            connection.create(topics.table(topics.TopicOptions(partitions=1)), alter=False)
        asyncio.run(run(kafka.bootstrap, good))


if __name__ == "__main__":
    main()
