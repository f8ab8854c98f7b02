"""The topics on a cluster: created where missing, compared with what they should be, altered only where asked.

An existing topic is never changed silently: a difference comes back with what was found, what is wanted and the remedy.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal

import msgspec
from kafka import errors
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from streams.cluster import Cluster, ClusterError, NotAuthorised, reach, told
from streams.kafka_client import opened
from streams.status import patiently
from streams.topics import APP_ID, CHANGELOG, EVENTS, MODELS, TRAINER_GROUP, Topic, TopicOptions, table

_RETRY_SECONDS = 0.1
_IN_SYNC = "min.insync.replicas"

State = Literal["created", "as it should be", "altered", "differs", "missing"]


class Difference(msgspec.Struct, frozen=True):
    """Something about a topic that is not as it should be; `alterable` where --alter may mend it without harm."""

    what: str
    found: str
    wanted: str
    remedy: str
    alterable: bool


class Finding(msgspec.Struct, frozen=True):
    """What became of a topic, or how it was found. `differences` are those that remain."""

    topic: str
    state: State
    partitions: int
    differences: tuple[Difference, ...] = ()


class _Found(msgspec.Struct, frozen=True):
    partitions: int
    replicas: int
    configs: dict[str, str]


class Survey(msgspec.Struct, frozen=True):
    """How a cluster is. `short` and `leaderless` name partitions as topic/number."""

    brokers: int
    version: tuple[int, ...]
    """The oldest broker's, as far as its protocol tells."""
    partitions: dict[str, int]
    replicas: dict[str, int]
    short: tuple[str, ...]
    """Partitions that have fewer replicas in sync than they should."""
    leaderless: tuple[str, ...]
    rights: dict[str, frozenset[str]]
    """What this user may do with each topic that is there and shown; empty where the cluster does not tell."""


class Copies(msgspec.Struct, frozen=True):
    """How a topic's records are kept by several brokers."""

    replicas: int
    in_sync: int
    """How many must have a record before it counts as written."""
    unclean: bool
    """Whether a replica that lacks such records may lead when no other is there."""


class TopicAdmin:
    """A connection to a cluster's administration; see `connect`. Not safe between threads: take one each."""

    def __init__(self, client: KafkaAdminClient, cluster: Cluster) -> None:
        self._client = client
        self._cluster = cluster

    def create(self, topics: Sequence[Topic], *, alter: bool = False) -> list[Finding]:
        """Create the topics that are missing and compare the others; may be called at the same time from anywhere.

        With `alter`, what can be mended without harm is: first configurations, then partitions. A kill in between
        leaves topics that the next call finishes. Raises ClusterError, NotAuthorised or ClusterUnreachable.
        """
        created = self._create_missing(topics)
        findings = self.describe(topics)
        if alter and any(d.alterable for f in findings for d in f.differences):
            altered = self._alter(topics, findings)
            findings = [
                msgspec.structs.replace(f, state="altered") if f.topic in altered and not f.differences else f
                for f in self._settled(topics)
            ]
        return [
            msgspec.structs.replace(f, state="created") if f.topic in created and not f.differences else f
            for f in findings
        ]

    def describe(self, topics: Sequence[Topic]) -> list[Finding]:
        """Compare each topic with the cluster's; changes nothing."""
        found = self._found([topic.name for topic in topics])
        return [_compare(topic, found.get(topic.name), self._cluster.kafka) for topic in topics]

    def copies(self, names: Sequence[str]) -> dict[str, Copies]:
        """How these topics, where they are there, are kept."""
        return {name: _copies(found) for name, found in self._found(names).items()}

    def delete(self, topics: Sequence[str]) -> None:
        """Delete topics, and wait until they are gone. Raises ClusterError, NotAuthorised or ClusterUnreachable."""
        with told(self._cluster, f"deleting {', '.join(topics)}"):
            self._client.delete_topics(list(topics))
        deadline = time.monotonic() + self._cluster.kafka_timeout_s
        while left := sorted(self._metadata(topics)):
            if time.monotonic() >= deadline:
                raise ClusterError(f"{', '.join(left)} had not gone after {self._cluster.kafka_timeout_s:g} s.")
            time.sleep(_RETRY_SECONDS)

    def members(self, groups: Sequence[str]) -> dict[str, int]:
        """How many members each consumer group has; 0 for one that is not there."""
        with told(self._cluster, "looking up the consumer groups"):
            # A broker that was started anew reads its groups before it tells of them.
            known = patiently(self._client.list_groups, self._cluster.kafka_timeout_s)
            there = sorted({group["group_id"] for group in known} & {*groups})
            describe = partial(self._client.describe_groups, there)
            found = patiently(describe, self._cluster.kafka_timeout_s) if there else {}
        return {group: len(found[group]["members"]) if group in found else 0 for group in groups}

    def group_rights(self, groups: Sequence[str]) -> dict[str, frozenset[str] | None]:
        """What this user may do with each consumer group: nothing told of one that nobody was in yet, None for one that
        the user may not even see.
        """
        return {group: self._group_rights(group) for group in groups}

    def _group_rights(self, group: str) -> frozenset[str] | None:
        deadline = time.monotonic() + self._cluster.kafka_timeout_s
        with told(self._cluster, f"asking for the rights on the group {group}"):
            while True:
                try:
                    return frozenset(self._client.describe_groups([group])[group].get("authorized_operations") or ())
                except errors.GroupAuthorizationFailedError:
                    return None
                except errors.KafkaError as error:
                    # The first to ask for a group at all has the broker make its own topic.
                    if not error.retriable or time.monotonic() >= deadline:
                        raise
                time.sleep(_RETRY_SECONDS)

    def clock(self) -> float | None:
        """The clock of the controller that leads, Unix seconds; None where the cluster does not tell this user.

        It is when that one last caught up with itself, which is now; brokers with ZooKeeper have no such thing.
        """
        try:
            (topic,) = self._client.describe_metadata_quorum()["topics"]
            (partition,) = topic["partitions"]
            leader = next(v for v in partition["current_voters"] if v["replica_id"] == partition["leader_id"])
        except (errors.KafkaError, StopIteration, ValueError):
            return None
        return float(leader["last_caught_up_timestamp"]) / 1000 if leader["last_caught_up_timestamp"] > 0 else None

    def cluster_id(self) -> str:
        """The name that the cluster gave itself when it was made. Raises ClusterError or ClusterUnreachable."""
        with told(self._cluster, "asking for its id"):
            return str(self._client.describe_cluster()["cluster_id"])

    def survey(self, names: Sequence[str]) -> Survey:
        """How the cluster is, and of these topics those that are there. Raises ClusterError or ClusterUnreachable."""
        metadata = self._metadata(names)
        with told(self._cluster, "looking at its brokers"):
            brokers = [broker["broker_id"] for broker in self._client.describe_cluster()["brokers"]]
            versions = [self._client.get_broker_version_data(broker).broker_version for broker in brokers]
        return Survey(
            brokers=len(brokers),
            version=min((tuple(version) for version in versions), default=()),
            partitions={name: len(topic["partitions"]) for name, topic in metadata.items()},
            replicas={
                name: min(len(p["replica_nodes"]) for p in topic["partitions"]) for name, topic in metadata.items()
            },
            short=_short(metadata),
            leaderless=tuple(name for name, p in _partitions(metadata) if p["leader_id"] < 0),
            rights={name: frozenset(topic.get("authorized_operations") or ()) for name, topic in metadata.items()},
        )

    def _create_missing(self, topics: Sequence[Topic]) -> set[str]:
        """The names of the topics that this very call created."""
        present = set(self._metadata([t.name for t in topics]))
        wanted = {t.name: t for t in topics if t.name not in present}
        if not wanted:
            return set()
        with told(self._cluster, "creating topics"):
            answers = self._client.create_topics({t.name: _new(t) for t in wanted.values()}, raise_errors=False)[
                "topics"
            ]
        created = {a["name"] for a in answers if self._was_created(a, wanted[a["name"]])}
        with told(self._cluster, "waiting for the new topics to have their leaders"):
            self._client.wait_for_topics(list(wanted))
        return created

    def _was_created(self, answer: Mapping[str, Any], topic: Topic) -> bool:
        error = errors.for_code(answer["error_code"])
        reason = (answer.get("error_message") or error.__name__).rstrip(".")
        if error is errors.NoError:
            return True
        if error is errors.TopicAlreadyExistsError:
            return False  # somebody else was faster: it is compared like any other
        if issubclass(error, errors.AuthorizationError):
            raise NotAuthorised(
                f"the cluster at {self._cluster.kafka} lets user {self._cluster.kafka_user or 'anonymous'} not create "
                f"the topic {topic.name}: {reason}. Have its operator grant CREATE on it, or create it."
            )
        if error is errors.InvalidReplicationFactorError:
            raise ClusterError(
                f"the topic {topic.name} wants {topic.replication_factor} replicas and the cluster at "
                f"{self._cluster.kafka} has {self._brokers()} broker(s): {reason}. Start more brokers, or give a "
                "smaller --replication-factor (VIGIE_REPLICATION_FACTOR)."
            )
        raise ClusterError(f"the cluster at {self._cluster.kafka} did not create the topic {topic.name}: {reason}.")

    def _alter(self, topics: Sequence[Topic], findings: Sequence[Finding]) -> set[str]:
        wanted = {t.name: t for t in topics}
        altered = set()
        for finding in findings:
            names = [d.what for d in finding.differences if d.alterable]
            configs = {name: wanted[finding.topic].configs[name] for name in names if name != "partitions"}
            if configs:
                self._require_in_sync(finding.topic, configs)
                self._alter_configs(finding.topic, configs)
            if "partitions" in names:
                with told(self._cluster, f"adding partitions to {finding.topic}"):
                    self._client.create_partitions({finding.topic: wanted[finding.topic].partitions})
            if names:
                altered.add(finding.topic)
        return altered

    def _settled(self, topics: Sequence[Topic]) -> list[Finding]:
        """The findings once what was altered shows: a broker hears of it a moment after the controller took it."""
        deadline = time.monotonic() + self._cluster.kafka_timeout_s
        while True:
            findings = self.describe(topics)
            if time.monotonic() >= deadline or not any(d.alterable for f in findings for d in f.differences):
                return findings
            time.sleep(_RETRY_SECONDS)

    def _require_in_sync(self, topic: str, configs: Mapping[str, str]) -> None:
        # Kafka 4.4.0 loses the cluster once such a topic is deleted and a broker ends: docs/guarantees.md.
        if _IN_SYNC in configs and (short := _short(self._metadata([topic]))):
            raise ClusterError(
                f"{_IN_SYNC} of {topic} was not altered: copies of {', '.join(short)} are not in sync, and a change "
                "meanwhile may harm the cluster. Run it again once `vigie doctor` finds every replica in sync."
            )

    def _alter_configs(self, topic: str, configs: dict[str, str]) -> None:
        with told(self._cluster, f"altering {topic}"):
            resource = ConfigResource(ConfigResourceType.TOPIC, topic, configs)
            answer = self._client.alter_configs([resource], raise_on_unknown=False)["topic"][topic]
        if answer != "OK":
            raise ClusterError(
                f"the cluster at {self._cluster.kafka} did not alter {topic} ({', '.join(sorted(configs))}): {answer}."
            )

    def _found(self, names: Sequence[str]) -> dict[str, _Found]:
        metadata = self._metadata(names)
        if not metadata:
            return {}
        with told(self._cluster, "reading the topics' configuration"):
            resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in metadata]
            configs = self._client.describe_configs(resources, config_filter="all")["topic"]
        return {
            name: _Found(
                len(topic["partitions"]),
                min(len(p["replica_nodes"]) for p in topic["partitions"]),
                {key: entry["value"] for key, entry in configs.get(name, {}).items()},
            )
            for name, topic in metadata.items()
        }

    def _metadata(self, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        with told(self._cluster, "looking up the topics"):
            topics = self._client.describe_topics(list(names))
            for topic in topics:
                error = errors.for_code(topic["error_code"])
                if issubclass(error, errors.AuthorizationError):
                    raise error(topic["name"])
        return {t["name"]: t for t in topics if t["error_code"] == 0 and t["partitions"]}

    def _brokers(self) -> int:
        with told(self._cluster, "counting the brokers"):
            return len(self._client.describe_cluster()["brokers"])


@contextmanager
def connect(cluster: Cluster) -> Iterator[TopicAdmin]:
    """A `TopicAdmin`, closed at the end. Raises ClusterUnreachable where no broker answers."""
    reach(cluster)
    with opened(KafkaAdminClient, cluster) as client:
        yield TopicAdmin(client, cluster)


def create_topics(cluster: Cluster, topics: Sequence[Topic]) -> None:
    """Make sure that the topics are there, for a worker's start. Raises ClusterError where one differs in partitions.

    Other differences are the operator's to judge: `vigie topics describe` shows them.
    """
    with connect(cluster) as admin:
        findings = admin.create(topics)
    for finding in findings:
        for difference in finding.differences:
            if difference.what == "partitions":
                raise ClusterError(
                    f"the topic {finding.topic} has {difference.found} partitions and should have "
                    f"{difference.wanted}. {difference.remedy}"
                )


def clear_state(cluster: Cluster) -> None:
    """Delete the scorer's state and the models, and make both topics anew, as they were in partitions and replicas.

    Effects in order: both deleted, both created. A kill in between: run it again. Raises ClusterError where a worker
    with either role is in its group, which would go on from memory.
    """
    names = (CHANGELOG, MODELS)
    with connect(cluster) as admin:
        busy = [group for group, members in admin.members([APP_ID, TRAINER_GROUP]).items() if members]
        if busy:
            raise ClusterError(f"workers are at work in {', '.join(busy)}: stop them first (one that was killed counts "
                               "until its session is over, --session-seconds).")  # fmt: skip
        found = admin.survey([EVENTS, *names])
        if EVENTS not in found.partitions:
            raise ClusterError(f"the topic {EVENTS} is missing. Create the topics: vigie topics create.")
        options = TopicOptions(partitions=found.partitions[EVENTS], replication_factor=found.replicas.get(EVENTS, -1))
        admin.delete([name for name in names if name in found.partitions])
        admin.create([topic for topic in table(options) if topic.name in names])


def _partitions(metadata: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Each partition of some topics, by its name topic/number."""
    return [(f"{name}/{p['partition_index']}", p) for name, topic in metadata.items() for p in topic["partitions"]]


def _short(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """The partitions that have copies out of sync."""
    return tuple(name for name, p in _partitions(metadata) if len(p["isr_nodes"]) < len(p["replica_nodes"]))


def _copies(found: _Found) -> Copies:
    # Brokers that are not Apache's may have no such settings: what they then do is what Kafka does without.
    in_sync = int(found.configs.get(_IN_SYNC, "1"))
    return Copies(found.replicas, in_sync, found.configs.get("unclean.leader.election.enable") == "true")


def _new(topic: Topic) -> dict[str, Any]:
    return {
        "num_partitions": topic.partitions,
        "replication_factor": topic.replication_factor,
        "configs": dict(topic.configs),
    }


def _compare(topic: Topic, found: _Found | None, bootstrap: str) -> Finding:
    if found is None:
        remedy = "Create it: vigie topics create."
        return Finding(topic.name, "missing", 0, (Difference("topic", "missing", "there", remedy, alterable=False),))
    differences = [
        *_compare_partitions(topic, found, bootstrap),
        *_compare_replicas(topic, found, bootstrap),
        *_compare_configs(topic, found),
    ]
    return Finding(topic.name, "differs" if differences else "as it should be", found.partitions, tuple(differences))


def _compare_partitions(topic: Topic, found: _Found, bootstrap: str) -> Iterator[Difference]:
    if found.partitions == topic.partitions:
        return
    grows = topic.can_grow and found.partitions < topic.partitions
    remedy = "vigie topics create --alter adds them." if grows else _new_partitions_remedy(topic, found, bootstrap)
    yield Difference("partitions", str(found.partitions), str(topic.partitions), remedy, alterable=grows)


def _new_partitions_remedy(topic: Topic, found: _Found, bootstrap: str) -> str:
    delete = f"kafka-topics.sh --bootstrap-server {bootstrap} --delete --topic {topic.name}"
    again = f"stop the workers, then {delete}, then vigie topics create"
    if topic.name == EVENTS:
        return (
            "Another number would move most firms to another one, away from their state and their order: refused. "
            f"Set VIGIE_PARTITIONS={found.partitions} to keep it; or, to change it, {again}, and ingest the partners' "
            f"files again (delete {CHANGELOG} too: it must have the same number)."
        )
    if topic.name == CHANGELOG:
        return f"It must have as many partitions as {EVENTS}: {again}; the state is made again from {EVENTS}."
    if topic.partitions == 1:
        return f"Its records need one order, which one partition alone gives: refused. To make it again, {again}."
    return (
        f"Other partitions would break the order of a firm's records: refused. Set VIGIE_PARTITIONS={found.partitions} "
        f"to keep it; or, once all its records are dealt with, {again}."
    )


def _compare_replicas(topic: Topic, found: _Found, bootstrap: str) -> Iterator[Difference]:
    if topic.replication_factor in (-1, found.replicas):
        return
    remedy = (
        f"Copies are moved by Kafka's own tool, with a plan: kafka-reassign-partitions.sh --bootstrap-server "
        f"{bootstrap} --reassignment-json-file PLAN --execute."
    )
    yield Difference("replication factor", str(found.replicas), str(topic.replication_factor), remedy, alterable=False)


def _compare_configs(topic: Topic, found: _Found) -> Iterator[Difference]:
    for name, wanted in topic.configs.items():
        value = found.configs.get(name)
        if value is None:
            yield Difference(name, "unknown to this broker", wanted, "Use Apache Kafka 3.6 or later.", alterable=False)
        elif value != wanted:
            yield Difference(name, value, wanted, "vigie topics create --alter sets it.", alterable=True)
