"""A log written anew without some of its records: Kafka deletes no single one, only all before an offset.

Partition by partition, where there is anything to leave out, in order:

1. the partition's end is noted, in Kafka, as the offset of a group of its own (NOTES);
2. the records that stay are written behind that end, in their order, with keys, headers and timestamps, and with a
   header that says where each stood; all are confirmed;
3. each consumer group that has committed an offset gets that of the copy which it would have read next;
4. what stands before the noted end is deleted, then the note.

A kill behind any of it leaves a log that is read as before, some of it twice: doing it again goes on behind the last
copy. What somebody else writes meanwhile is neither deleted nor passed over: a group is moved to the first record that
is no copy, and reads copies behind it a second time.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition, errors
from kafka.admin import KafkaAdminClient

from streams.cluster import Cluster, ClusterError, told
from streams.cutting import administering, delete_before, ends
from streams.outbox import Keyed, Outbox, Whole
from streams.reading import partitions_of, reader, records
from streams.status import patiently
from streams.topics import APP_ID

NOTES = f"{APP_ID}-rewriting"
"""The group whose offsets are the ends up to which partitions are being written anew; it has no members."""
MOVED_FROM = "moved_from"
"""The header of a copy: the offset at which the record stood before, in ASCII digits."""
_ROUNDS = 3
"""The first may finish what was begun for other records, the second leaves out, the third finds nothing more."""

Rule = Callable[[Any], Sequence[bytes | None]]
"""What stands in a record's place: its own value, another one, or none."""


@dataclass
class Rewritten:
    """Records that were left out, and that have another value now."""

    removed: int = 0
    changed: int = 0


class _Begun(NamedTuple):
    """A partition being written anew: records from `begin` to before `end` go; those up to `done` have their copies."""

    begin: int
    end: int
    done: int


def rewrite(cluster: Cluster, topic: str, rule: Rule, timeout_seconds: float) -> Rewritten:
    """Apply a rule to all that a topic has; nobody may read it by a group meanwhile.

    Partitions in which the rule changes nothing are only read. Raises ClusterError, NotAuthorised, ClusterUnreachable,
    SendFailed.
    """
    tally = Rewritten()
    with reader(cluster) as consumer, administering(cluster) as admin:
        for place in partitions_of(consumer, topic):
            _Partition(cluster, consumer, admin, place).rewrite(rule, tally, timeout_seconds)
    return tally


class _Partition(NamedTuple):
    """A partition, and who reads and administers it."""

    cluster: Cluster
    consumer: KafkaConsumer
    admin: KafkaAdminClient
    place: TopicPartition

    def rewrite(self, rule: Rule, tally: Rewritten, timeout_seconds: float) -> None:
        """All that is said above, again while anything is found."""
        begun = self._unfinished()
        for _ in range(_ROUNDS):
            begun = begun or self._begin(rule)
            if begun is None:
                return
            originals = self.records(max(begun.begin, begun.done + 1), begun.end)
            asyncio.run(written(self.cluster, self.place, _copies(rule, originals, tally), timeout_seconds))
            _move_groups(self, begun.end)
            delete_before(self.cluster, {self.place: begun.end})
            _forget(self)
            begun = None
        raise ClusterError(
            f"what is to go from {self.place.topic}/{self.place.partition} comes in again: somebody writes it there. "
            "Stop who sends it (`vigie ingest`, a partner's program), and do this again."
        )

    def committed(self, groups: Sequence[str]) -> dict[str, OffsetAndMetadata]:
        """What groups have committed; those that have committed nothing are left out."""
        found = {}
        with told(self.cluster, "looking up what was committed"):
            for group in groups:
                ask = partial(self.admin.list_group_offsets, {group: [self.place]})
                at = patiently(ask, self.cluster.kafka_timeout_s)[group].get(self.place)
                if at is not None and at.offset >= 0:
                    found[group] = at
        return found

    def commit(self, group: str, at: OffsetAndMetadata) -> None:
        """Have a group go on there. Raises ClusterError where it has members."""
        with told(self.cluster, f"committing an offset of the consumer group {group}"):
            move = partial(self.admin.alter_group_offsets, group, {self.place: at})
            answer = patiently(move, self.cluster.kafka_timeout_s)[self.place]
            if answer is errors.UnknownMemberIdError:
                raise ClusterError(
                    f"the consumer group {group} reads {self.place.topic}: it would read what is copied again. Stop "
                    "its members, and do this again."
                )
            if answer is not errors.NoError:
                raise answer

    def noted(self) -> tuple[int, int, int]:
        """Where the partition begins and ends, and the end that is noted of it, or -1."""
        found = self.committed([NOTES])
        return *ends(self.cluster, self.consumer, self.place), found[NOTES].offset if found else -1

    def _unfinished(self) -> _Begun | None:
        """What a kill has left, if anything."""
        begin, end, noted = self.noted()
        if not begin < noted <= end:
            return None
        copies = (_moved_from(record) for record in self.records(noted, end))
        return _Begun(begin, noted, max((at for at in copies if at is not None), default=begin - 1))

    def _begin(self, rule: Rule) -> _Begun | None:
        """Note the end of a partition in which the rule changes something."""
        begin, end = ends(self.cluster, self.consumer, self.place)
        if not any(_changes(rule(record), record) for record in self.records(begin, end)):
            return None
        # Deletes nothing: whoever may not delete is told before anything is copied.
        delete_before(self.cluster, {self.place: begin})
        self.commit(NOTES, OffsetAndMetadata(end, "", -1))
        return _Begun(begin, end, begin - 1)

    def records(self, start: int, end: int) -> Iterator[Any]:
        """Those from an offset up to before another."""
        return records(self.consumer, self.cluster, self.place, start, end)


def to_be_read(cluster: Cluster, consumer: KafkaConsumer, admin: KafkaAdminClient, place: TopicPartition) -> int:
    """What a group must have committed of a partition to have read all of it: its end, or the one noted of it."""
    begin, end, noted = _Partition(cluster, consumer, admin, place).noted()
    return noted if begin < noted <= end else end if begin < end else 0


def _copies(rule: Rule, originals: Iterator[Any], tally: Rewritten) -> Iterator[Whole]:
    for record in originals:
        left = rule(record)
        tally.removed += not left
        tally.changed += bool(left) and _changes(left, record)
        for value in left:
            headers = [(name, content) for name, content in record.headers if name != MOVED_FROM]
            yield record.key, value, record.timestamp, [*headers, (MOVED_FROM, b"%d" % record.offset)]


def _changes(left: Sequence[bytes | None], record: Any) -> bool:
    return not left or left[0] is not record.value


async def written(
    cluster: Cluster, place: TopicPartition, some: Iterator[Keyed | Whole], timeout_seconds: float
) -> None:
    """Write records behind a partition's end; on return they are confirmed. Raises SendFailed."""
    outbox = Outbox(cluster, timeout_seconds)
    await outbox.start()
    try:
        await outbox.settled(place.topic, await outbox.send_batches(place.topic, place.partition, some))
    finally:
        await outbox.stop()


def _move_groups(partition: _Partition, noted: int) -> None:
    """Lead every group that is at or before the noted end to where it goes on among the copies, once."""
    moved = f"moved from before {noted}"
    committed = partition.committed(readers(partition.admin, partition.cluster))
    before = {group: at.offset for group, at in committed.items() if at.offset <= noted and at.metadata != moved}
    _, end = ends(partition.cluster, partition.consumer, partition.place)
    after = _next_of(set(before.values()), partition.records(noted, end))
    for group, offset in before.items():
        # At the noted end it may have read all before, or go on with the first copy: the words tell which.
        partition.commit(group, OffsetAndMetadata(after.get(offset, end), moved, -1))


def _next_of(committed: set[int], behind: Iterator[Any]) -> dict[int, int]:
    """Where each of these offsets leads among the records behind the noted end; those missing lead to their end."""
    waiting, after = set(committed), dict[int, int]()
    for record in behind:
        stood = _moved_from(record)
        for offset in [at for at in waiting if stood is None or stood >= at]:
            after[offset] = record.offset
            waiting.discard(offset)
        if not waiting:
            break
    return after


def _moved_from(record: Any) -> int | None:
    """Where a copy stood; None of what is no copy."""
    return next((int(value) for name, value in record.headers if name == MOVED_FROM and (value or b"").isdigit()), None)


def readers(admin: KafkaAdminClient, cluster: Cluster) -> list[str]:
    """Every consumer group that this user may know of, NOTES aside."""
    with told(cluster, "listing the consumer groups"):
        groups = patiently(admin.list_groups, cluster.kafka_timeout_s)
    return sorted(g["group_id"] for g in groups if g["protocol_type"] in ("consumer", "") and g["group_id"] != NOTES)


def _forget(partition: _Partition) -> None:
    with told(partition.cluster, f"deleting an offset of the consumer group {NOTES}"):
        partition.admin.delete_group_offsets(NOTES, [partition.place])
