"""Events from clients of other people: whatever they compress with, nothing else differs."""

import asyncio
import json
from collections.abc import Sequence
from itertools import cycle
from typing import Any

from aiokafka import AIOKafkaProducer

from tests.acceptance.harness import Site
from tests.acceptance.world import World

CODECS = ("gzip", "snappy", "lz4", "zstd")
CHUNK = 1_000


async def send(site: Site, lines: Sequence[dict[str, Any]]) -> None:
    """All lines in order, each chunk by a client that compresses in another way."""
    chunks = [lines[i : i + CHUNK] for i in range(0, len(lines), CHUNK)]
    for codec, chunk in zip(cycle(CODECS), chunks, strict=False):
        async with AIOKafkaProducer(bootstrap_servers=site.kafka, compression_type=codec, acks="all") as producer:
            for line in chunk:
                key, value = line["key"], json.dumps(line["value"]).encode()
                partitions = [None] if key else list(range(site.partitions))
                for partition in partitions:
                    await producer.send(line["topic"], value, key=key.encode() if key else None, partition=partition)


def test_every_codec_is_read(site: Site, world: World) -> None:
    assert len(world.lines) > CHUNK * len(CODECS)
    asyncio.run(send(site, world.lines))
    worker = site.worker("--frozen", "--exit-when-idle", "2")
    assert worker.wait() == 0, worker.log
    assert site.ids() == world.frozen.ids
