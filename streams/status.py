"""The state of a running Vigie, for its operator: what waits, what is in force, what was refused, what is wrong.

Only looks: no offset is committed, nothing is written. A part that does not answer becomes a problem in words, and its
numbers None.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import msgspec
from kafka import KafkaConsumer, TopicPartition, errors
from kafka.admin import KafkaAdminClient

from alerts.connect import connect, safe_url
from alerts.totals import totals
from detectors.errors import UnusableInput, VigieError
from detectors.headlines import headline
from detectors.months import month_text
from detectors.regime import WATCHES, Regime, reason
from streams.cluster import Cluster, told
from streams.kafka_client import opened
from streams.reading import partitions_of, reader, records
from streams.topics import (
    ALERTS,
    APP_ID,
    CHANGELOG,
    DEAD_LETTERS,
    EVENTS,
    EXAMPLES,
    MODELS,
    ROLES,
)

_RETRY_SECONDS = 0.2
NEEDED = (EVENTS, ALERTS, EXAMPLES, MODELS, DEAD_LETTERS, CHANGELOG)


class Role(msgspec.Struct, frozen=True):
    """A consumer group: `lag` counts the records of its topic that it has not committed."""

    group: str
    topic: str
    state: str
    members: int
    lag: int


class Alarm(msgspec.Struct, frozen=True):
    """A change of the world that a watch (inputs, scores, errors) found, until it is over."""

    watch: str
    state: str
    """alarm, or recovering: quiet for less than three months."""
    since: str
    """YYYY-MM."""
    reason: str


class Status(msgspec.Struct, kw_only=True):
    """Everything on the screen; None is unknown.

    `lag_events` is the scorer's lag. `model_version` None with no problem about it means that no model has been
    published; a model without `model_as_of` is the expert scorecard, which has learned nothing. `regime` holds the
    alarms of the last month that the trainer has seen: an empty list says that all is calm. `alerts_total`
    counts what Redis was given since the beginning, trimmed alerts too; with Redis away, the alerts topic's
    records. `ready`: events that come now are scored and reach the agents.
    """

    ready: bool = False
    lag_events: int | None = None
    roles: list[Role] = []
    model_version: str | None = None
    model_as_of: date | None = None
    model_age_days: int | None = None
    regime: list[Alarm] | None = None
    alerts_total: int | None = None
    dead_letters_total: int | None = None
    kafka_reachable: bool = False
    redis_reachable: bool = False
    problems: list[str] = []


def collect(cluster: Cluster, redis_url: str, redis_timeout_seconds: float, today: date) -> Status:
    """Ask Kafka and Redis. `today` (wall clock) gives the model's age.

    Raises UnusableInput for a Redis URL that is none; all else that fails is in `problems`.
    """
    status = Status()
    with connect(redis_url, redis_timeout_seconds) as client:
        _ask_kafka(status, cluster, today)
        with _noted(status):
            queues = totals(client, where=safe_url(redis_url))
            status.alerts_total = sum(count.total() for count in queues.values())
            status.redis_reachable = True
    status.ready = not status.problems
    return status


def _ask_kafka(status: Status, cluster: Cluster, today: date) -> None:
    """Fill in what Kafka knows; each part on its own, so that one refusal does not hide the others."""
    with _noted(status), reader(cluster) as consumer:
        status.kafka_reachable = True
        present = _present(status, cluster, consumer)
        with _noted(status):
            _ask_groups(status, cluster, consumer, present)
        with _noted(status):
            status.alerts_total = _count(cluster, consumer, ALERTS) if ALERTS in present else None
        with _noted(status):
            status.dead_letters_total = _count(cluster, consumer, DEAD_LETTERS) if DEAD_LETTERS in present else None
        with _noted(status):
            _ask_model(status, cluster, consumer, today)


@contextmanager
def _noted(status: Status) -> Iterator[None]:
    try:
        yield
    except VigieError as error:
        status.problems.append(str(error))


def _present(status: Status, cluster: Cluster, consumer: KafkaConsumer) -> set[str]:
    with told(cluster, "listing the topics"):
        present = set(consumer.topics())
    missing = [name for name in NEEDED if name not in present]
    if missing:
        status.problems.append(
            f"topics are missing, or hidden from user {cluster.kafka_user or 'anonymous'}: {', '.join(missing)}. "
            "Create them (vigie topics create), or have the cluster's operator grant DESCRIBE and READ."
        )
    return present


def _ask_groups(status: Status, cluster: Cluster, consumer: KafkaConsumer, present: set[str]) -> None:
    with opened(KafkaAdminClient, cluster, "connecting to its administration") as admin:
        roles = [_role(cluster, admin, consumer, group, topic) for group, topic in ROLES.values() if topic in present]
    status.roles = roles
    for role in roles:
        if role.group == APP_ID:
            status.lag_events = role.lag
            if role.state != "Stable" or not role.members:
                status.problems.append(
                    f"no scorer is at work: the consumer group {APP_ID} is {role.state} with {role.members} member(s). "
                    "Start one: vigie worker."
                )


def _role(cluster: Cluster, admin: KafkaAdminClient, consumer: KafkaConsumer, group: str, topic: str) -> Role:
    with told(cluster, f"looking up the consumer group {group}"):
        described = patiently(lambda: admin.describe_groups([group])[group], cluster.kafka_timeout_s)
        offsets = patiently(lambda: admin.list_group_offsets({group: None})[group], cluster.kafka_timeout_s)
    begin, end = _offsets(cluster, consumer, partitions_of(consumer, topic))
    # A group's first reading starts at the beginning; an offset of -1 is one that was never committed.
    committed = {p: max(begin[p], offsets[p].offset if p in offsets else begin[p]) for p in begin}
    lag = sum(max(0, end[p] - committed[p]) for p in end)
    return Role(group, topic, str(described["group_state"]), len(described["members"]), lag)


def patiently(ask: Callable[[], Any], seconds: float) -> Any:
    """Ask again while the coordinator is being found: a new cluster makes its offsets topic at the first question."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except (errors.CoordinatorNotAvailableError, errors.CoordinatorLoadInProgressError, errors.NotCoordinatorError):
            if time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_SECONDS)


def _offsets(
    cluster: Cluster, consumer: KafkaConsumer, partitions: Sequence[TopicPartition]
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    with told(cluster, "looking up offsets"):
        return consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)


def _count(cluster: Cluster, consumer: KafkaConsumer, topic: str) -> int:
    begin, end = _offsets(cluster, consumer, partitions_of(consumer, topic))
    return sum(end[p] - begin[p] for p in end)


def _ask_model(status: Status, cluster: Cluster, consumer: KafkaConsumer, today: date) -> None:
    last: Any = None
    for partition in partitions_of(consumer, MODELS):
        begin, end = _offsets(cluster, consumer, [partition])
        # Compaction never takes a partition's last record.
        for record in records(consumer, cluster, partition, max(begin[partition], end[partition] - 1), end[partition]):
            last = record
    if last is None:
        return
    try:
        model = headline(last.value or b"")
    except UnusableInput as error:
        status.problems.append(f"the last record of {MODELS} (offset {last.offset}) is no model: {error}.")
        return
    status.model_version, status.model_as_of = model.version, model.as_of
    status.regime = _alarms(model.regime) if model.regime.month else None
    if model.as_of is not None:
        status.model_age_days = (today - model.as_of).days


def _alarms(regime: Regime) -> list[Alarm]:
    found = [(watch, regime.finding(watch)) for watch in WATCHES]
    return [Alarm(w, f.state, month_text(f.since), reason(w, regime)) for w, f in found if f.since]
