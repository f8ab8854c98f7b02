"""The servers of a run, and what is done to them between measurements."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import redis
from aiokafka import AIOKafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient

from benchmarks.peers.events import Sent
from deploy.embedded import KafkaOptions, start_kafka, start_valkey
from streams import admin, topics
from streams.cluster import Cluster
from streams.packing import Header, Packing
from streams.producer import connected

Record = tuple[bytes, bytes | None]
PARTITIONS = 4
BATCH_BYTES = 256 * 1024
TIMEOUT_SECONDS = 60.0
SHORT = "payment-delays"
"""Where events go for engines that need long for each; the others read vigie.events, as Vigie's own worker does."""
COMPACTED = {"cleanup.policy": "compact", "max.message.bytes": str(16 << 20)}


@dataclass(frozen=True)
class Site:
    """A broker, a Redis-protocol server, and a folder for what programs write."""

    kafka: str
    redis: str
    folder: Path

    @property
    def cluster(self) -> Cluster:
        """The broker, for Vigie's own parts."""
        return Cluster(kafka=self.kafka)

    def create(self, name: str, configs: dict[str, str] | None = None) -> None:
        """A topic, empty: one of that name is deleted first."""
        self.delete([name])
        topic = topics.Topic(name, "", key="", partitions=PARTITIONS, replication_factor=1, configs=configs or {})
        with admin.connect(self.cluster) as connection:
            connection.create([topic])

    def delete(self, names: Iterable[str]) -> None:
        """Delete those of the topics that exist."""
        client = KafkaAdminClient(bootstrap_servers=self.kafka)
        try:
            client.delete_topics([*set(names) & set(self.topics())], raise_errors=False)
        finally:
            client.close()

    def topics(self) -> list[str]:
        """The names of all topics."""
        client = KafkaAdminClient(bootstrap_servers=self.kafka)
        try:
            return [*client.list_topics()]
        finally:
            client.close()

    def forget_worker(self) -> None:
        """All that Vigie's worker has left, vigie.events aside: it starts anew."""
        table = [t for t in topics.table(topics.TopicOptions(partitions=PARTITIONS)) if t.name != topics.EVENTS]
        self.delete(topic.name for topic in table)
        client = KafkaAdminClient(bootstrap_servers=self.kafka)
        try:
            groups = {group["group_id"] for group in client.list_groups()}
            if mine := groups & {topics.APP_ID, topics.DISPATCHER_GROUP}:
                client.delete_groups([*mine])
        finally:
            client.close()
        with admin.connect(self.cluster) as connection:
            connection.create(table)

    def send(self, topic: str, events: Sent) -> None:
        """Put events into a topic, and wait until they are there."""
        places = [np.flatnonzero(events.partitions == p).tolist() for p in range(PARTITIONS)]
        self.write(topic, [((events.keys[i], events.values[i]) for i in at) for at in places])

    def write(self, topic: str, partitions: Iterable[Iterable[Record]], headers: list[Header] | None = None) -> None:
        """Put records into a topic, given by partition, and wait until they are there."""
        asyncio.run(_write(self.cluster, topic, partitions, headers))

    def last_records(self, topic: str) -> dict[bytes, bytes | None]:
        """The last value of each key of a topic."""
        return asyncio.run(_last_records(self.kafka, topic))


@contextmanager
def started(folder: Path, options: KafkaOptions | None = None) -> Iterator[Site]:
    """Servers that end with the block."""
    with start_kafka(options) as kafka, start_valkey() as valkey:
        yield Site(kafka.bootstrap, valkey.url, folder)


def alert_streams(queue: redis.Redis) -> list[bytes]:
    """Where alerts are in Redis, whichever program put them there; not what Vigie keeps about their cases."""
    return [key for key in queue.scan_iter(match="*alerts*", _type="stream") if b"{" not in key]


async def _write(
    cluster: Cluster, topic: str, partitions: Iterable[Iterable[Record]], headers: list[Header] | None
) -> None:
    producer = await connected(cluster, "benchmark", batch_bytes=BATCH_BYTES, request_timeout_s=TIMEOUT_SECONDS)
    try:
        futures = []
        for partition, records in enumerate(partitions):
            packing = Packing(producer.create_batch)
            for key, value in records:
                full = packing.add(key, value, headers=headers)
                if full is not None:
                    futures.append(await producer.send_batch(full.builder, topic, partition=partition))
            rest = packing.rest()
            if rest is not None:
                futures.append(await producer.send_batch(rest.builder, topic, partition=partition))
        await asyncio.gather(*futures)
    finally:
        await producer.stop()


async def _last_records(kafka: str, topic: str) -> dict[bytes, bytes | None]:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, max_partition_fetch_bytes=16 << 20)
    await consumer.start()
    try:
        places = [TopicPartition(topic, p) for p in sorted(consumer.partitions_for_topic(topic) or ())]
        places = places or [TopicPartition(topic, p) for p in range(PARTITIONS)]
        ends = await consumer.end_offsets(places)
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        last: dict[bytes, bytes | None] = {}
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                last.update((record.key, record.value) for record in records)
        return last
    finally:
        await consumer.stop()
