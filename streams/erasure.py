"""A firm taken out of Kafka, as far as a log allows it.

The scorer's state is written anew without the firm, and its old records are deleted: nothing of the firm is left in the
changelog, whether compaction has run or not. Of the other topics no single record can be deleted: they keep the firm
until retention, or are cut off whole, up to what every role has committed.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from detectors import pack
from streams.cluster import Cluster, ClusterError, reach, told
from streams.kafka_client import opened
from streams.outbox import Outbox
from streams.partitioner import partitions_of
from streams.reading import partitions_of as topic_partitions
from streams.reading import reader, records
from streams.status import patiently
from streams.topics import CHANGELOG, DEAD_LETTERS, FOR_EVER, ROLES

LOGS = (*(topic for _, topic in ROLES.values()), DEAD_LETTERS)
"""Topics from which no single record can be taken."""


class StateErased(NamedTuple):
    """Records of the firm, and of cohorts that it waited in, which are gone; 0 and 0 where it was not there."""

    firms: int
    cohorts: int


def require_idle(cluster: Cluster) -> None:
    """Raises ClusterError while a worker is at work: it would write back what it holds in memory."""
    with _admin(cluster) as admin, told(cluster, "looking up the consumer groups"):
        groups = [group for group, _ in ROLES.values()]
        described = patiently(lambda: admin.describe_groups(groups), cluster.kafka_timeout_s)
        busy = [name for name, group in described.items() if group["members"]]
    if busy:
        raise ClusterError(
            f"workers are at work ({', '.join(sorted(busy))}): they hold the firm in memory, and would write it back. "
            "Stop them all, erase, start them again."
        )


def erase_state(cluster: Cluster, siren: str, timeout_seconds: float) -> StateErased:
    """Take a firm out of the scorer's state. No worker may be at work.

    In order: the partition's records without the firm are written behind the old ones, confirmed; then the old ones are
    deleted. A kill in between leaves both, which is the same state with the firm in it: do it again. Raises
    ClusterError, NotAuthorised, ClusterUnreachable, SendFailed.
    """
    with reader(cluster) as consumer:
        places = topic_partitions(consumer, CHANGELOG)
        if not places:
            return StateErased(0, 0)
        partition = places[int(partitions_of(np.array([int(siren)], np.uint32), len(places))[0])]
        begin, end = _ends(cluster, consumer, partition)
        found = _Without(siren)
        if any(_touched(found, consumer, cluster, partition, begin, end)):
            kept = found.records(records(consumer, cluster, partition, begin, end))
            asyncio.run(_written(cluster, partition, kept, timeout_seconds))
            _delete_before(cluster, {partition: end}, compacted=True)
    return StateErased(found.firms, found.cohorts)


def cut_off(cluster: Cluster) -> dict[str, int]:
    """Delete all that every role has committed from the logs; gives how many records, by topic.

    They are all firms': Redis and models can no longer be made again from Kafka, only from the partners' files. Raises
    ClusterError where a role has not read everything.
    """
    with reader(cluster) as consumer:
        ends = {place: _ends(cluster, consumer, place) for topic in LOGS for place in topic_partitions(consumer, topic)}
    with _admin(cluster) as admin, told(cluster, "looking up what was committed"):
        for group, topic in ROLES.values():
            offsets = admin.list_group_offsets({group: None})[group]
            for place, (begin, end) in ends.items():
                if place.topic == topic and end > begin and (place not in offsets or offsets[place].offset < end):
                    raise ClusterError(
                        f"{group} has not committed all of {topic}/{place.partition}: what it has not read would be "
                        "lost. Let the workers catch up (`vigie status`), stop them, and erase again."
                    )
    _delete_before(cluster, {place: end for place, (begin, end) in ends.items() if end > begin}, compacted=False)
    return {topic: sum(e - b for place, (b, e) in ends.items() if place.topic == topic) for topic in LOGS}


class _Without:
    """Records of the changelog without a firm; counts what was left out."""

    def __init__(self, siren: str) -> None:
        self._key = siren.encode()
        self._siren = int(siren)
        self.firms = 0
        self.cohorts = 0

    def records(self, some: Any) -> Iterator[pack.Record]:
        """All but the firm's, cohorts without it."""
        for record in some:
            if record.key == self._key:
                continue
            yield record.key, pack.without(record.key, record.value, self._siren)

    def count(self, record: Any) -> bool:
        """Whether a record has to do with the firm."""
        if record.key == self._key:
            self.firms += 1
            return True
        if pack.without(record.key, record.value, self._siren) is not record.value:
            self.cohorts += 1
            return True
        return False


def _touched(
    found: _Without, consumer: KafkaConsumer, cluster: Cluster, partition: TopicPartition, begin: int, end: int
) -> list[bool]:
    return [found.count(record) for record in records(consumer, cluster, partition, begin, end)]


async def _written(
    cluster: Cluster, partition: TopicPartition, kept: Iterator[pack.Record], timeout_seconds: float
) -> None:
    outbox = Outbox(cluster, timeout_seconds)
    await outbox.start()
    try:
        await outbox.settled(CHANGELOG, await outbox.send_batches(CHANGELOG, partition.partition, kept))
    finally:
        await outbox.stop()


def _delete_before(cluster: Cluster, ends: dict[TopicPartition, int], *, compacted: bool) -> None:
    """Delete what stands before these offsets. A compacted topic lets nobody: it is none for that moment."""
    with _admin(cluster) as admin, told(cluster, "deleting records"):
        if compacted:
            # Kept for ever meanwhile, and should a kill leave it so.
            _configure(admin, {"cleanup.policy": "compact,delete", "retention.ms": FOR_EVER})
        try:
            admin.delete_records(ends, timeout_ms=int(cluster.kafka_timeout_s * 1000))
        finally:
            if compacted:
                _configure(admin, {"cleanup.policy": "compact"})


def _configure(admin: KafkaAdminClient, configs: dict[str, str]) -> None:
    answer = admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, CHANGELOG, configs)], raise_on_unknown=False)
    if answer["topic"][CHANGELOG] != "OK":
        raise ClusterError(f"the cluster did not alter {CHANGELOG}: {answer['topic'][CHANGELOG]}.")


def _ends(cluster: Cluster, consumer: KafkaConsumer, place: TopicPartition) -> tuple[int, int]:
    with told(cluster, "looking up offsets"):
        return consumer.beginning_offsets([place])[place], consumer.end_offsets([place])[place]


@contextmanager
def _admin(cluster: Cluster) -> Iterator[KafkaAdminClient]:
    reach(cluster)
    with opened(KafkaAdminClient, cluster) as client:
        yield client
