"""A firm taken out of Kafka: out of its logs, out of the scorer's state, and out of what models remember.

No worker may be at work. Each part may be done by itself, and again: a kill leaves what was not reached yet.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient

from detectors import learning, models, pack
from detectors.errors import VigieError
from streams import examples
from streams.cluster import Cluster, ClusterError, told
from streams.cutting import administering, delete_before, ends
from streams.mentions import Mentions
from streams.models_topic import MODEL_KEY
from streams.partitioner import partitions_of
from streams.reading import partitions_of as topic_partitions
from streams.reading import reader, records
from streams.rewriting import Rewritten, Rule, readers, rewrite, to_be_read, written
from streams.status import patiently
from streams.topics import ALERTS, APP_ID, CHANGELOG, DEAD_LETTERS, EVENTS, EXAMPLES, MODELS, ROLES

LOGS = (EVENTS, DEAD_LETTERS, EXAMPLES, ALERTS)
"""Topics from which no single record can be deleted, what others are made of first."""


class StateErased(NamedTuple):
    """Records of the firm, and of cohorts that it waited in, which are gone; 0 and 0 where it was not there."""

    firms: int
    cohorts: int


class UnreadableModel(VigieError):
    """The model in force is of a version of Vigie that keeps firms otherwise."""


def require_idle(cluster: Cluster) -> None:
    """Raises ClusterError while anybody reads the logs by a group: a worker would write back what it holds in memory.

    Programs of others would read what is copied a second time.
    """
    with administering(cluster) as admin, told(cluster, "looking up the consumer groups"):
        own = [group for group, _ in ROLES.values()]
        busy = _with_members(admin, cluster, own)
        if busy:
            raise ClusterError(
                f"workers are at work ({', '.join(busy)}): they hold the firm in memory, and would write it back. "
                "Stop them all, erase, start them again."
            )
        others = [group for group in readers(admin, cluster) if group not in own and _reads_logs(admin, cluster, group)]
        busy = _with_members(admin, cluster, others)
        if busy:
            raise ClusterError(
                f"other programs read the logs ({', '.join(busy)}): they would read copied records a second time. "
                "Stop them, erase, start them again: their groups go on where they were."
            )


def require_scored(cluster: Cluster) -> None:
    """Raises ClusterError where the scorer has not read all events: what it has not read would bring the firm back."""
    with reader(cluster) as consumer, administering(cluster) as admin:
        places = topic_partitions(consumer, EVENTS)
        _require_committed(cluster, admin, APP_ID, {p: to_be_read(cluster, consumer, admin, p) for p in places})


def erase_log(cluster: Cluster, topic: str, siren: str, timeout_seconds: float) -> Rewritten:
    """Take a firm out of one of LOGS, by `rewriting`.

    Of events, alerts and dead letters what names the firm is left out; blocks of examples lose its row. Raises
    ClusterError, NotAuthorised, ClusterUnreachable, SendFailed.
    """
    return rewrite(cluster, topic, _rule(topic, siren), timeout_seconds)


def erase_models(cluster: Cluster, siren: str, timeout_seconds: float) -> int:
    """Take a firm out of what models keep to be learned from; gives how many versions had it. They score as before.

    In order: the model in force is written anew without the firm, confirmed, if it has it; then all versions before it
    are deleted, if it or one of them had it. A kill in between leaves both: do it again. Raises UnreadableModel,
    ClusterError, NotAuthorised, ClusterUnreachable, SendFailed.
    """
    with reader(cluster) as consumer:
        for place in topic_partitions(consumer, MODELS):
            begin, end = ends(cluster, consumer, place)
            kept = [(r.offset, r.value) for r in records(consumer, cluster, place, begin, end) if r.value is not None]
            having = [offset for offset, value in kept if _of_model(value, siren) is not value]
            if not having:
                continue
            newest, value = kept[-1]
            if newest in having:
                fresh = _of_model(value, siren)
                if fresh is None:
                    raise UnreadableModel(
                        f"the model in force ({MODELS}, offset {newest}) is of another version of Vigie: what it "
                        "keeps of a firm cannot be taken out. Erase with the version that made it, or publish another "
                        "(`vigie seed --replace`), and erase again."
                    )
                asyncio.run(written(cluster, place, iter([(MODEL_KEY, fresh)]), timeout_seconds))
                newest = end
            delete_before(cluster, {place: newest}, compacted=MODELS)
            return len(having)
    return 0


def erase_state(cluster: Cluster, siren: str, timeout_seconds: float) -> StateErased:
    """Take a firm out of the scorer's state.

    In order: the partition's records without the firm are written behind the old ones, confirmed; then the old ones are
    deleted. A kill in between leaves both, which is the same state with the firm in it: do it again. Raises
    ClusterError, NotAuthorised, ClusterUnreachable, SendFailed.
    """
    with reader(cluster) as consumer:
        places = topic_partitions(consumer, CHANGELOG)
        if not places:
            return StateErased(0, 0)
        partition = places[int(partitions_of(np.array([int(siren)], np.uint32), len(places))[0])]
        begin, end = ends(cluster, consumer, partition)
        found = _Without(siren)
        if any(_touched(found, consumer, cluster, partition, begin, end)):
            kept = found.records(records(consumer, cluster, partition, begin, end))
            asyncio.run(written(cluster, partition, kept, timeout_seconds))
            delete_before(cluster, {partition: end}, compacted=CHANGELOG)
    return StateErased(found.firms, found.cohorts)


def cut_off(cluster: Cluster) -> dict[str, int]:
    """Delete all that every role has committed from the logs; gives how many records, by topic.

    They are all firms': Redis and models can no longer be made again from Kafka, only from the partners' files. Raises
    ClusterError where a role has not read everything.
    """
    with reader(cluster) as consumer:
        found = {place: ends(cluster, consumer, place) for topic in LOGS for place in topic_partitions(consumer, topic)}
    with administering(cluster) as admin:
        for group, topic in ROLES.values():
            wanted = {place: end for place, (begin, end) in found.items() if place.topic == topic and begin < end}
            _require_committed(cluster, admin, group, wanted)
    delete_before(cluster, {place: end for place, (begin, end) in found.items() if end > begin})
    return {topic: sum(e - b for place, (b, e) in found.items() if place.topic == topic) for topic in LOGS}


def _rule(topic: str, siren: str) -> Rule:
    if topic == EXAMPLES:
        return lambda record: _without_example(record.value, siren)
    mentions = Mentions(siren)
    names = mentions.in_letter if topic == DEAD_LETTERS else mentions.in_record
    return lambda record: () if names(record) else (record.value,)


def _without_example(value: bytes | None, siren: str) -> Sequence[bytes | None]:
    try:
        return (value if value is None else examples.without(value, int(siren)),)
    except (msgspec.DecodeError, ValueError):
        # Of another version, or no block at all: every trainer passes it over, and nobody can tell whom it names.
        return () if value is not None and (siren.encode() in value or _u4(siren) in value) else (value,)


def _of_model(model: bytes, siren: str) -> bytes | None:
    """A model's record without a firm; the very same where that is not in it, None where nobody can tell."""
    try:
        opened = models.decode(model)
        fresh = learning.without(opened, int(siren))
    except models.UnusableModel:
        return None
    return model if fresh is opened else models.encode(fresh)


def _u4(siren: str) -> bytes:
    return int(siren).to_bytes(4, "little")


def _with_members(admin: KafkaAdminClient, cluster: Cluster, groups: Sequence[str]) -> list[str]:
    described = patiently(lambda: admin.describe_groups(groups), cluster.kafka_timeout_s) if groups else {}
    return sorted(name for name, group in described.items() if group["members"])


def _reads_logs(admin: KafkaAdminClient, cluster: Cluster, group: str) -> bool:
    offsets = patiently(lambda: admin.list_group_offsets({group: None})[group], cluster.kafka_timeout_s)
    return any(place.topic in LOGS and found.offset >= 0 for place, found in offsets.items())


def _require_committed(
    cluster: Cluster, admin: KafkaAdminClient, group: str, wanted: dict[TopicPartition, int]
) -> None:
    """Raises ClusterError unless a group has committed these offsets, or later ones."""
    with told(cluster, "looking up what was committed"):
        offsets = patiently(lambda: admin.list_group_offsets({group: None})[group], cluster.kafka_timeout_s)
    for place, end in wanted.items():
        if (offsets[place].offset if place in offsets else 0) < end:
            raise ClusterError(
                f"{group} has not committed all of {place.topic}/{place.partition}: what it has not read would be "
                "lost, or bring the firm back. Let the workers catch up (`vigie status`), stop them, and erase again."
            )


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
