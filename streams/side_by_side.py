"""All that a topic has now, its partitions read side by side and merged by a key of their records.

Without a group, and by the client that checks records in C: with kafka-python, checksums took most of the time.
"""

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams import aio
from streams.cluster import Cluster, ClusterUnreachable, told
from streams.loop_thread import LoopThread
from streams.reading import partitions_of, reader

T = TypeVar("T")
FETCH_BYTES = 4 * 1024 * 1024
"""Held of each partition at a time, or one record."""
_TOGETHER = 500


class Stretch(NamedTuple):
    """What is read of a partition: from offset `begin` up to before `end`."""

    partition: TopicPartition
    begin: int
    end: int


class SideBySide:
    """The records of a topic up to now: `count` offsets, in no partition where there is no such topic."""

    def __init__(self, cluster: Cluster, thread: LoopThread, consumer: Any, stretches: list[Stretch]) -> None:
        self._cluster = cluster
        self._thread = thread
        self._consumer = consumer
        self._stretches = stretches
        self.partitions = len(stretches)
        self.count = sum(stretch.end - stretch.begin for stretch in stretches)

    def merged(self, opened: Callable[[Any], T], key: Callable[[T], float]) -> Iterator[T]:
        """What `opened` makes of each record: each partition's in its order, the partitions merged by `key`.

        Raises ClusterUnreachable where nothing comes for the cluster's timeout, or ClusterError.
        """
        return heapq.merge(*(map(opened, self._records(stretch)) for stretch in self._stretches), key=key)

    def _records(self, stretch: Stretch) -> Iterator[Any]:
        partition, position, end = stretch
        while position < end:
            found, reached = self._thread.run(self._next(partition))
            if reached == position:
                raise ClusterUnreachable(
                    f"nothing came from {self._cluster.kafka} within {self._cluster.kafka_timeout_s:g} s while reading "
                    f"{partition.topic}/{partition.partition} from offset {position}. Look at the brokers' health, or "
                    "give --kafka-timeout-s (VIGIE_KAFKA_TIMEOUT_S) more."
                )
            position = reached
            yield from (record for record in found if record.offset < end)

    async def _next(self, partition: TopicPartition) -> tuple[list[Any], int]:
        timeout_ms = int(self._cluster.kafka_timeout_s * 1000)
        try:
            found = await self._consumer.getmany(partition, timeout_ms=timeout_ms, max_records=_TOGETHER)
            return found.get(partition, []), await self._consumer.position(partition)
        except KafkaError as error:
            raise aio.told(self._cluster, error) from error


@contextmanager
def side_by_side(cluster: Cluster, topic: str) -> Iterator[SideBySide]:
    """Look up how far the topic reaches, and connect. Raises ClusterUnreachable or ClusterError."""
    stretches = _stretches(cluster, topic)
    thread = LoopThread(f"read-{topic}")
    try:
        consumer = thread.run(_connected(cluster, stretches))
        try:
            yield SideBySide(cluster, thread, consumer, stretches)
        finally:
            thread.run(consumer.stop())
    finally:
        thread.close()


def _stretches(cluster: Cluster, topic: str) -> list[Stretch]:
    with reader(cluster) as consumer:
        partitions = partitions_of(consumer, topic)
        with told(cluster, f"looking up the offsets of {topic}"):
            begin, end = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
    return [Stretch(TopicPartition(topic, p.partition), begin[p], end[p]) for p in partitions]


async def _connected(cluster: Cluster, stretches: list[Stretch]) -> Any:
    consumer = AIOKafkaConsumer(
        **aio.client(cluster),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    try:
        await consumer.start()
        consumer.assign([stretch.partition for stretch in stretches])
        for stretch in stretches:
            consumer.seek(stretch.partition, stretch.begin)
    except BaseException as error:
        await consumer.stop()
        if isinstance(error, KafkaError):
            raise aio.told(cluster, error) from error
        raise
    return consumer
