"""The model in force: the last record of vigie.models, followed by every scorer.

A model is decoded and its tables are made in a thread, so that what is left for the event loop is to use it.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from detectors import models
from detectors.models import Model, Scorer
from streams import aio
from streams.cluster import Cluster
from streams.errors import StreamsError
from streams.topics import MODELS

MODEL_KEY = b"firm-risk"
POLL_MS = 1_000
CATCH_UP_SECONDS = 0.02
LONGEST_STOP_SECONDS = 5.0

log = logging.getLogger(__name__)


class ModelFollower:
    """Reads vigie.models without a group: every process sees every version.

    `current` is the newest model that could be used. A version that cannot be used is logged and passed over.
    """

    def __init__(self, cluster: Cluster, start: Model, on_change: Callable[[Scorer], None]) -> None:
        self.current = Scorer(start)
        self.found = False
        """Whether the topic had any model."""
        self._record = models.encode(start)
        """The record that `current` was made of."""
        self._read_to = 0
        """Where the topic goes on; everything before has been looked at."""
        self._cluster = cluster
        self._on_change = on_change
        self._consumer: Any = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read up to the end, then go on in the background. Raises StreamsError when the topic is missing."""
        self._consumer = AIOKafkaConsumer(**aio.client(self._cluster), enable_auto_commit=False)
        await self._consumer.start()
        partition = TopicPartition(MODELS, 0)
        if not self._consumer.partitions_for_topic(MODELS):
            await self._consumer._client.force_metadata_update()
            if MODELS not in await self._consumer.topics():
                await self._consumer.stop()
                raise StreamsError(f"topic {MODELS} does not exist: create the topics with `vigie topics create`")
        # Before it is assigned: behind a fetch from an empty topic the broker would keep the question waiting.
        end = (await self._consumer.end_offsets([partition]))[partition]
        self._consumer.assign([partition])
        await self._consumer.seek_to_beginning(partition)
        self._read_to = await self._consumer.position(partition)
        while self._read_to < end:
            await self._read()
        self._task = asyncio.create_task(self._follow())

    async def newest(self) -> bytes:
        """The record of `current`, once whatever was in the topic before this call has been read."""
        partition = TopicPartition(MODELS, 0)
        end = (await self._consumer.end_offsets([partition]))[partition]
        while self._read_to < end:
            await asyncio.sleep(CATCH_UP_SECONDS)
        return self._record

    async def stop(self) -> None:
        """Stop reading; without a broker the consumer may not end by itself, and is left."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_STOP_SECONDS):
                if self._task is not None:
                    self._task.cancel()
                    await asyncio.gather(self._task, return_exceptions=True)
                if self._consumer is not None:
                    await self._consumer.stop()

    async def _follow(self) -> None:
        while True:
            await self._read()

    async def _read(self) -> None:
        fetched = await self._consumer.getmany(timeout_ms=POLL_MS)
        for records in fetched.values():
            for record in records:
                await self._take(record.value, record.offset)
        # Not that of the last record: what was compacted away is passed over in silence.
        self._read_to = await self._consumer.position(TopicPartition(MODELS, 0))

    async def _take(self, value: bytes | None, offset: int) -> None:
        if value is None:
            return
        try:
            ready = await asyncio.to_thread(made_ready, value)
        except models.UnusableModel as error:
            log.warning("%s at offset %d passed over: %s", MODELS, offset, error)
            return
        # Of a version that comes again the newer record counts: an erasure writes it anew, without a firm.
        self.found, self._record = True, value
        if ready.model.version != self.current.model.version:
            self.current = ready
            self._on_change(ready)


def made_ready(record: bytes) -> Scorer:
    """A record's model, ready to score; what only a trainer needs of it stays in the record."""
    return Scorer(msgspec.structs.replace(models.decode(record), learner=b""))
