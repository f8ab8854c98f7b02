"""The ceiling: no framework. aiokafka, numpy columns, whole batches into a changelog, offsets after it.

It has neither recovery nor rebalances: what a framework is for. It is what the work itself costs.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from alerts.round_trips import RoundTrips
from alerts.scripts import Command
from benchmarks.peers import columns, reduced
from benchmarks.peers.columns import Batch
from benchmarks.peers.given import Given, given
from benchmarks.peers.meter import Meter
from streams.packing import Packing

BATCH_RECORDS = 2_000
BATCH_BYTES = 512 * 1024
FETCH_BYTES = 16 * 1024 * 1024
COMMIT_SECONDS = 1.0
WAIT_MS = 250
REDIS_TIMEOUT_SECONDS = 5.0


async def raise_alerts(queue: RoundTrips, name: str, alerts: Sequence[columns.Alert]) -> None:
    """Alerts into a Redis stream, in one round trip, as Vigie's publisher sends its own."""
    for answer in await queue.send([_entry(name, alert) for alert in alerts]):
        if isinstance(answer, Exception):
            raise answer


def _entry(name: str, alert: columns.Alert) -> Command:
    return ("XADD", name, "*", "siren", alert.siren, "version", alert.version, "score", repr(alert.score))


class Handwritten:
    """All partitions of the topic."""

    def __init__(self, told: Given, consumer: Any, producer: Any) -> None:
        self._told, self._consumer, self._producer = told, consumer, producer
        self._queue = RoundTrips(told.redis, REDIS_TIMEOUT_SECONDS)
        self._judge = columns.judge_of(told.model)
        self._meter = Meter(told.meter)
        self._firms: dict[int, columns.Columns] = {}
        self._written: list[asyncio.Future[Any]] = []
        self._read: dict[Any, int] = {}

    async def run(self) -> None:
        """Work until killed."""
        due = time.monotonic() + COMMIT_SECONDS
        while True:
            for place, records in (await self._consumer.getmany(timeout_ms=WAIT_MS)).items():
                for start in range(0, len(records), BATCH_RECORDS):
                    await self._work(place, records[start : start + BATCH_RECORDS])
            if time.monotonic() >= due and self._read:
                await asyncio.gather(*self._written)
                self._written.clear()
                await self._consumer.commit(self._read)
                due = time.monotonic() + COMMIT_SECONDS

    async def _work(self, place: Any, records: Sequence[Any]) -> None:
        firms = self._firms.setdefault(place.partition, columns.Columns())
        changed, alerts = reduced.step(firms, self._judge, self._told.threshold, Batch.of(records))
        if alerts:
            await raise_alerts(self._queue, self._told.alerts, alerts)
        packing = Packing(self._producer.create_batch)
        full = [packed for record in firms.records(changed) if (packed := packing.add(*record)) is not None]
        for packed in [*full, *filter(None, [packing.rest()])]:
            self._written.append(
                await self._producer.send_batch(packed.builder, self._told.changelog, partition=place.partition)
            )
        self._read[place] = records[-1].offset + 1
        self._meter.count(len(records))


async def run(told: Given) -> None:
    """Connect, then work until killed."""
    consumer = AIOKafkaConsumer(
        told.topic,
        bootstrap_servers=told.kafka,
        group_id=told.run,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=told.kafka, acks="all", enable_idempotence=True, max_batch_size=BATCH_BYTES
    )
    await consumer.start()
    await producer.start()
    await Handwritten(told, consumer, producer).run()


if __name__ == "__main__":
    uvloop.run(run(given()))
