"""The topics: names, keys, partitions and retention, and why each is what it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from detectors.options import option

EVENTS = "vigie.events"
ALERTS = "vigie.alerts"
EXAMPLES = "vigie.labelled-examples"
MODELS = "vigie.models"
DEAD_LETTERS = "vigie.dead-letters"
APP_ID = "vigie"
"""The Faust app of the scorer: its consumer group, and the prefix of its changelog `vigie-firms-changelog`."""
CHANGELOG = f"{APP_ID}-firms-changelog"
TRAINER_GROUP = f"{APP_ID}-trainer"
DISPATCHER_GROUP = f"{APP_ID}-dispatcher"
Role = Literal["scorer", "trainer", "dispatcher"]
ROLES: dict[Role, tuple[str, str]] = {
    "scorer": (APP_ID, EVENTS),
    "trainer": (TRAINER_GROUP, EXAMPLES),
    "dispatcher": (DISPATCHER_GROUP, ALERTS),
}
"""The consumer group of each role, and the topic that it reads."""

MIB = 1024 * 1024
FOR_EVER = "-1"
DAY_MS = 86_400_000
NO_LIMIT_MS = str(2**63 - 1)
CENTURY_MS = str(36_525 * DAY_MS)

_EVENT_TIME = {
    "message.timestamp.type": "CreateTime",
    # A record's timestamp is its known_at: 2016 is normal, and the worker, not the broker, refuses the future.
    "message.timestamp.before.max.ms": NO_LIMIT_MS,
    "message.timestamp.after.max.ms": NO_LIMIT_MS,
}
_KEPT = {
    "cleanup.policy": "delete",
    # By time Kafka compares a record's timestamp with the wall clock: events of 2016 would be deleted on arrival.
    "retention.ms": FOR_EVER,
    "retention.bytes": FOR_EVER,
    # A segment also rolls by the time between its records' timestamps: years of history pass in minutes of sending,
    # and with the default of a week each week of history would open a file. Segments roll by size alone.
    "segment.ms": CENTURY_MS,
}
_COMPACTED = {"cleanup.policy": "compact"}


@dataclass(frozen=True)
class TopicOptions:
    """How many partitions and replicas the topics have."""

    partitions: int = option(
        8, "Partitions of vigie.events, vigie.alerts and the changelog: for good, keys cannot move."
    )
    replication_factor: int = option(-1, "Copies of each partition; -1 is the cluster's own default.")
    min_insync_replicas: int = option(
        0, "Copies that must have a record before it counts as written; 0 leaves the cluster's own."
    )


@dataclass(frozen=True)
class Topic:
    """A topic as it should be; `configs` are Kafka's own names and its spelling of their values."""

    name: str
    description: str
    key: str
    """What the key is, in words."""
    partitions: int
    replication_factor: int
    """-1: whatever the cluster does by default."""
    configs: Mapping[str, str]
    can_grow: bool = False
    """Whether more partitions do no harm: only where nothing depends on a key's partition or on one order."""


def table(options: TopicOptions) -> tuple[Topic, ...]:
    """Every topic that Vigie needs, the scorer's changelog included."""
    durability = {"min.insync.replicas": str(options.min_insync_replicas)} if options.min_insync_replicas else {}

    def topic(name: str, description: str, *, key: str, partitions: int, largest: int, **more: Any) -> Topic:
        configs = _EVENT_TIME | {"max.message.bytes": str(largest)} | more.pop("configs") | durability
        return Topic(name, description, key, partitions, options.replication_factor, configs, **more)

    return (
        topic(EVENTS, _EVENTS, key=_EVENTS_KEY, partitions=options.partitions, largest=MIB, configs=_KEPT),
        topic(ALERTS, _ALERTS, key=_SIREN, partitions=options.partitions, largest=MIB, configs=_KEPT),
        topic(EXAMPLES, _EXAMPLES, key="none", partitions=1, largest=16 * MIB, configs=_KEPT),
        topic(MODELS, _MODELS, key="the model's name", partitions=1, largest=16 * MIB, configs=_COMPACTED),
        topic(
            DEAD_LETTERS,
            _DEAD_LETTERS,
            key="the refused record's own key",
            partitions=1,
            largest=8 * MIB,
            configs={"cleanup.policy": "delete", "retention.ms": str(365 * DAY_MS)},
            can_grow=True,
        ),
        topic(
            CHANGELOG,
            _CHANGELOG,
            key="the scorer's own",
            partitions=options.partitions,
            largest=16 * MIB,
            configs=_COMPACTED | {"segment.bytes": str(128 * MIB)},
        ),
    )


_SIREN = "SIREN in ASCII"
_EVENTS_KEY = f"{_SIREN}; none for clock events, which go to every partition"
_EVENTS = (
    "What the partners report, one event a record, in one order for each firm. Kept for ever: the scorer's state and "
    "every model can be made again from it."
)
_ALERTS = (
    "Alerts on their way to the agents. Kept for ever, since Redis is rebuilt from it and an alert must render the "
    "same years later; a year of alerts is of the order of a gigabyte."
)
_EXAMPLES = (
    "Matured examples, the scorers' to the trainer. One partition, since learning has one order. Kept for ever: a new "
    "kind of model learns from the start."
)
_MODELS = (
    "Model versions, the trainer's to every scorer. One partition: the last record is the model in force. Compacted: "
    "what a new scorer needs is the last one."
)
_DEAD_LETTERS = (
    "What was refused, with the reason. Kept for a year, by the wall clock at which it was refused. Room for a record "
    "of 1 MiB whose every byte needs six in JSON."
)
_CHANGELOG = (
    "The scorer's state, partition by partition as vigie.events, for its recovery. Compacted, in segments small enough "
    "that a recovery reads few records twice."
)
