"""Redis filled again from vigie.alerts, for one that came back empty, or with old data.

Read without a group and published by the dispatcher's own script: what a queue holds, or has held and trimmed, is known
by its id and left alone, and what is missing is appended. So it may be run at any time, beside dispatchers, again after
a kill, and changes nothing where nothing is missing.

Alerts come as they were raised: each partition in its own order, the partitions side by side by the time of raising. A
queue that was empty, with no dispatcher at work meanwhile, thus has the order that it had. What is missing behind later
alerts comes after them, since a stream has no other place for it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import msgspec
import redis

from alerts.metrics import AlertMetrics
from alerts.publish import CHUNK, publish
from alerts.routing import queue_of
from streams.cluster import Cluster, ClusterError
from streams.side_by_side import side_by_side
from streams.topics import ALERTS


@dataclass(frozen=True)
class Wanted:
    """Which alerts are brought back; `since` is the first `as_of` wanted, None for all."""

    queues: Collection[str]
    since: date | None = None


@dataclass
class Tally:
    """How far it is, in records of the topic; `read` goes up to `total`."""

    total: int = 0
    read: int = 0
    passed_over: int = 0
    """Alerts that were not wanted."""
    refused: int = 0
    """Records that are no alert: the dispatcher has put them among the dead letters."""
    already_there: int = 0
    restored: int = 0


class _Head(msgspec.Struct):
    as_of: date
    raised_at: datetime
    department: str | None = None


class _Record(NamedTuple):
    raised_at: float
    value: bytes
    head: _Head | None


_decoder = msgspec.json.Decoder(_Head)


def rebuild(
    cluster: Cluster,
    client: redis.Redis,
    wanted: Wanted,
    tally: Tally,
    *,
    where: str,
    metrics: AlertMetrics,
    clock: Callable[[], float],
) -> None:
    """Publish what is wanted of all that the topic has now, counting in `tally`.

    Raises RedisUnavailable at an outage, as `publish` does, ClusterError where there is no such topic, and what else
    reading raises; running it again goes on.
    """
    with side_by_side(cluster, ALERTS) as topic:
        if not topic.partitions:
            raise ClusterError(
                f"the cluster at {cluster.kafka} has no topic {ALERTS}, or hides it from user "
                f"{cluster.kafka_user or 'anonymous'}. Correct --kafka (VIGIE_KAFKA), or have READ granted."
            )
        tally.total = topic.count
        batch: list[bytes] = []
        for value in _chosen(topic.merged(_opened, lambda record: record.raised_at), wanted, tally):
            batch.append(value)
            if len(batch) == CHUNK:
                _publish(client, batch, tally, where, metrics, clock)
                batch = []
        _publish(client, batch, tally, where, metrics, clock)


def _publish(
    client: redis.Redis,
    batch: list[bytes],
    tally: Tally,
    where: str,
    metrics: AlertMetrics,
    clock: Callable[[], float],
) -> None:
    # Agents were told of these when they were raised, or will be of what is new by the dispatcher.
    result = publish(client, batch, where=where, metrics=metrics, clock=clock, notify=False)
    tally.restored += result.published
    tally.already_there += result.duplicates
    tally.refused += len(result.refused)


def _chosen(found: Iterable[_Record], wanted: Wanted, tally: Tally) -> Iterator[bytes]:
    for record in found:
        tally.read += 1
        if record.head is None:
            tally.refused += 1
        elif queue_of(record.head.department) in wanted.queues and (
            wanted.since is None or record.head.as_of >= wanted.since
        ):
            yield record.value
        else:
            tally.passed_over += 1


def _opened(record: Any) -> _Record:
    value: bytes = record.value or b""
    try:
        head = _decoder.decode(value)
    except (msgspec.DecodeError, RecursionError):
        return _Record(0.0, value, None)
    raised_at = head.raised_at if head.raised_at.tzinfo else head.raised_at.replace(tzinfo=UTC)
    return _Record(raised_at.timestamp(), value, head)
