"""Deleting what stands at the beginning of partitions: all that Kafka lets anybody delete of a log."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from kafka import KafkaConsumer, TopicPartition, errors
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from streams.cluster import Cluster, ClusterError, reach, told
from streams.kafka_client import opened
from streams.topics import FOR_EVER

_RETRY_SECONDS = 0.1


@contextmanager
def administering(cluster: Cluster) -> Iterator[KafkaAdminClient]:
    """A client for the cluster's administration, closed at the end. Raises ClusterUnreachable."""
    reach(cluster)
    with opened(KafkaAdminClient, cluster) as client:
        yield client


def ends(cluster: Cluster, consumer: KafkaConsumer, place: TopicPartition) -> tuple[int, int]:
    """The offset of a partition's first record, and the one behind its last."""
    with told(cluster, "looking up offsets"):
        return consumer.beginning_offsets([place])[place], consumer.end_offsets([place])[place]


def delete_before(cluster: Cluster, offsets: Mapping[TopicPartition, int], *, compacted: str | None = None) -> None:
    """Delete what stands before these offsets. Where they are of a `compacted` topic, that is none for the moment.

    Raises ClusterError, NotAuthorised, ClusterUnreachable.
    """
    with administering(cluster) as admin, told(cluster, "deleting records"):
        if compacted is None:
            admin.delete_records(dict(offsets), timeout_ms=int(cluster.kafka_timeout_s * 1000))
            return
        # Kept for ever meanwhile, and should a kill leave it so.
        _configure(admin, compacted, {"cleanup.policy": "compact,delete", "retention.ms": FOR_EVER})
        try:
            _delete_once_allowed(admin, offsets, cluster.kafka_timeout_s)
        finally:
            _configure(admin, compacted, {"cleanup.policy": "compact"})


def _delete_once_allowed(admin: KafkaAdminClient, offsets: Mapping[TopicPartition, int], seconds: float) -> None:
    """A broker hears of a topic's new settings a little after they have been answered for."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            admin.delete_records(dict(offsets), timeout_ms=int(seconds * 1000))
        except errors.PolicyViolationError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_SECONDS)
        else:
            return


def _configure(admin: KafkaAdminClient, topic: str, configs: dict[str, str]) -> None:
    answer = admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs)], raise_on_unknown=False)
    if answer["topic"][topic] != "OK":
        raise ClusterError(f"the cluster did not alter {topic}: {answer['topic'][topic]}.")
