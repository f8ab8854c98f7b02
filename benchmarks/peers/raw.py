"""What reading alone costs: aiokafka's records, counted and not looked at, offsets committed every second."""

import uvloop
from aiokafka import AIOKafkaConsumer

from benchmarks.peers.given import Given, given
from benchmarks.peers.meter import Meter

BATCH_RECORDS = 2_000
FETCH_BYTES = 16 * 1024 * 1024


async def run(told: Given) -> None:
    """Read until killed."""
    meter = Meter(told.meter)
    consumer = AIOKafkaConsumer(
        told.topic,
        bootstrap_servers=told.kafka,
        group_id=told.run,
        auto_offset_reset="earliest",
        auto_commit_interval_ms=1000,
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    await consumer.start()
    while True:
        for records in (await consumer.getmany(timeout_ms=1000, max_records=BATCH_RECORDS)).values():
            meter.count(len(records))


if __name__ == "__main__":
    uvloop.run(run(given()))
