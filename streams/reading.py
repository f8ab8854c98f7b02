"""Reading a topic's records outside any consumer group: from one offset to another, without waiting for more.

Nothing here commits an offset, so that looking at a topic changes nothing for its consumers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from streams.cluster import Cluster, ClusterUnreachable, reach, told
from streams.kafka_client import opened

LARGEST_FETCH_BYTES = 32 * 1024 * 1024


@contextmanager
def reader(cluster: Cluster, fetch_bytes: int = LARGEST_FETCH_BYTES) -> Iterator[KafkaConsumer]:
    """A consumer of no group, closed at the end; it holds `fetch_bytes` of a partition at most, or one batch.

    Raises ClusterUnreachable where no broker answers.
    """
    reach(cluster)
    with opened(
        KafkaConsumer,
        cluster,
        group_id=None,
        enable_auto_commit=False,
        allow_auto_create_topics=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=fetch_bytes,
    ) as consumer:
        yield consumer


def partitions_of(consumer: KafkaConsumer, topic: str) -> list[TopicPartition]:
    """The partitions of a topic, in order; none where there is no such topic."""
    return [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]


def records(
    consumer: KafkaConsumer, cluster: Cluster, partition: TopicPartition, start: int, end: int
) -> Iterator[Any]:
    """The records of a partition from offset `start` up to before `end`, as kafka-python gives them.

    Offsets that are gone (deleted, compacted) are passed over. Raises ClusterUnreachable where nothing comes for the
    cluster's timeout.
    """
    if start >= end:
        return
    doing = f"reading {partition.topic}/{partition.partition} from offset {start}"
    with told(cluster, doing):
        consumer.assign([partition])
        consumer.seek(partition, start)
        position = start
    while position < end:
        with told(cluster, doing):
            batch = consumer.poll(timeout_ms=int(cluster.kafka_timeout_s * 1000)).get(partition, [])
            reached = consumer.position(partition)
        if reached == position:
            raise ClusterUnreachable(
                f"nothing came from {cluster.kafka} within {cluster.kafka_timeout_s:g} s while {doing}. "
                "Look at the brokers' health, or give --kafka-timeout-s (VIGIE_KAFKA_TIMEOUT_S) more."
            )
        position = reached
        yield from (record for record in batch if record.offset < end)
