"""Vigie's live path with the reduced work in the place of its chain: the same app, table, tasks and outbox."""

import asyncio
from collections.abc import Sequence
from typing import Any

import uvloop

from alerts.round_trips import RoundTrips
from benchmarks.peers import columns, reduced
from benchmarks.peers.columns import Batch, Columns
from benchmarks.peers.given import Given, given
from benchmarks.peers.handwritten import REDIS_TIMEOUT_SECONDS, raise_alerts
from benchmarks.peers.meter import Meter
from streams.apps import Work, add_agent, by_partition, new_app, prepare_process
from streams.cluster import Cluster
from streams.column_table import ColumnTable
from streams.options import WorkerOptions
from streams.outbox import Outbox
from streams.state_writer import StateWriter


class ReducedWork:
    """What `streams.apps` asks for. Effects of a batch, in order: alerts; state; once that is there, offsets."""

    def __init__(self, told: Given, table: ColumnTable[Columns], outbox: Outbox) -> None:
        self._told, self._table = told, table
        self._redis = RoundTrips(told.redis, REDIS_TIMEOUT_SECONDS)
        self._raising = asyncio.Lock()
        self._judge = columns.judge_of(told.model)
        self._meter = Meter(told.meter)
        self._state = StateWriter(outbox, told.changelog, records=Columns.records, held=table.states.get)

    async def handle(self, partition: int, records: Sequence[Any]) -> None:
        """All of a batch but its state and offsets."""
        async with self._state.working(partition):
            firms = self._table.state(partition)
            changed, alerts = reduced.step(firms, self._judge, self._told.threshold, Batch.of(records))
            if alerts:
                async with self._raising:
                    await raise_alerts(self._redis, self._told.alerts, alerts)
            self._state.changed(partition, firms, changed)
            self._meter.count(len(records))

    async def confirmed(self) -> None:
        """Write the state that changed, and wait until Kafka has it."""
        await self._state.confirmed()


async def run(told: Given) -> None:
    """Work until killed, or until the app fails."""
    cluster, options = Cluster(kafka=told.kafka), WorkerOptions()
    app = new_app(told.run, cluster, options, told.data)
    table = ColumnTable(app, new_state=Columns, load=columns.load, name="firms", partitions=told.partitions)
    app.tables.add(table)
    outbox = Outbox(cluster, options.write_timeout_seconds)
    await outbox.start()
    work = ReducedWork(told, table, outbox)
    add_agent(app, "reduced", told.topic, *by_partition(app, Work(work.handle, work.confirmed), lambda: None))
    await app.start()
    while not app.crashed:
        await asyncio.sleep(0.5)
    raise RuntimeError("the app failed") from app.crash_reason


if __name__ == "__main__":
    prepare_process()
    uvloop.run(run(given()))
