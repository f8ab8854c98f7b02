"""Three brokers that are one cluster, with three copies of each partition, and what befalls them.

What a broker leads goes to others once its session with the controller is over, where it was killed or frozen; one that
is stopped hands it over first. A fault ends once every copy is in sync again: the next one may take any broker.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, NewTopic
from kafka.errors import KafkaError

from deploy.embedded import KafkaCluster, KafkaOptions, KafkaServer, ValkeyServer, start_cluster, start_valkey
from streams.topics import TopicOptions
from tests.acceptance.harness import PARTITIONS, Site, until
from tests.acceptance.processes import frozen
from tests.faults.schedule import Fault
from tests.faults.stage import Blow, Stage
from tests.faults.watch import ALERTS, CHANGELOG, EVENTS, LONGEST_ASK_MS, SCORER

BROKERS, IN_SYNC = 3, 2
TOPICS = TopicOptions(partitions=PARTITIONS, replication_factor=BROKERS, min_insync_replicas=IN_SYNC)
AT_WORK = (EVENTS, ALERTS, CHANGELOG)
OFFSETS = "__consumer_offsets"
"""Kafka's own topic of what groups have committed."""
UNDER_WAY_SECONDS = 1.0
"""In which what was under way when a fault struck is at its end."""


@dataclass(frozen=True)
class Brokers:
    """A cluster and a Redis. Workers reach them without a detour."""

    kafka: KafkaCluster
    valkey: ValkeyServer

    def site(self, folder: Path) -> Site:
        return Site(self.kafka.bootstrap, self.valkey.url, folder, topics=TOPICS)

    def ways(self) -> dict[str, str]:
        return {"kafka": self.kafka.bootstrap, "redis": self.valkey.url}

    def faults(self) -> dict[str, Blow]:
        return {
            "leader killed": lambda s, f: self._away(s, f, self.leader(f.share)),
            "leader stopped": lambda s, f: self._away(s, f, self.leader(f.share), end=KafkaServer.pause),
            "leader frozen past its session": lambda s, f: self._hang(s, f, self.leader(f.share)),
            "controller killed": lambda s, f: self._away(s, f, self.controller()),
            "coordinator killed": lambda s, f: self._away(s, f, self.coordinator(SCORER)),
            "brokers stopped in turn": self._in_turn,
            "too few in sync": self._too_few,
            "two brokers killed": lambda s, f: self._away(s, f, *self.two(f.share)),
            "all brokers killed": lambda s, f: self._away(s, f, *self.kafka.brokers),
        }

    def start_again(self) -> None:
        self.valkey.start_again()
        self.kafka.start_again()
        until(self.whole, "every copy to be in sync")

    def leader(self, share: float) -> KafkaServer:
        """One of those that lead a partition at work; `share` in [0, 1) chooses."""
        leaders = sorted({p["leader_id"] for p in self._partitions(*AT_WORK)} - {-1})
        return self._broker(leaders[int(share * len(leaders))])

    def leader_of(self, topic: str) -> KafkaServer:
        """The one that leads a topic's only partition."""
        (partition,) = self._partitions(topic)
        return self._broker(partition["leader_id"])

    def leaderless(self, topic: str) -> bool:
        """Whether nobody leads a topic's only partition."""
        try:
            return [p["leader_id"] for p in self._partitions(topic)] == [-1]
        except KafkaError:
            return False

    @contextmanager
    def one_copy(self, topic: str) -> Iterator[None]:
        """A topic of one partition on one broker."""
        with self._admin() as admin:
            admin.create_topics([NewTopic(topic, 1, 1)])
        yield
        with self._admin() as admin:
            admin.delete_topics([topic])

    def two(self, share: float) -> list[KafkaServer]:
        """Such a leader and another broker."""
        leader = self.leader(share)
        return [leader, next(broker for broker in self.kafka.brokers if broker is not leader)]

    def controller(self) -> KafkaServer:
        """The one that decides who leads."""
        with self._admin() as admin:
            (topic,) = admin.describe_metadata_quorum()["topics"]
        return self._broker(topic["partitions"][0]["leader_id"])

    def coordinator(self, group: str) -> KafkaServer:
        """The one that keeps a consumer group: who leads the partition of its commits."""
        partitions = self._partitions(OFFSETS)
        number = abs(_java_hash(group)) % len(partitions)
        return self._broker(next(p["leader_id"] for p in partitions if p["partition_index"] == number))

    def whole(self) -> bool:
        """Whether every partition has its leader, and every copy in sync."""
        try:
            return all(p["leader_id"] > 0 and len(p["isr_nodes"]) == BROKERS for p in self._partitions())
        except KafkaError:
            return False

    def left_by(self, broker: KafkaServer) -> bool:
        """Whether others lead all, and know it."""
        node = self.kafka.brokers.index(broker) + 1
        try:
            return all(p["leader_id"] not in (-1, node) for p in self._partitions(without=broker))
        except KafkaError:
            return False

    def _away(
        self, stage: Stage, fault: Fault, *struck: KafkaServer, end: Callable[[KafkaServer], None] = KafkaServer.kill
    ) -> dict[str, int]:
        """Brokers that are gone for a while; the others lead meanwhile, where most are left."""
        remained = stage.at_work(fault)
        if remained:
            for broker in struck:
                end(broker)
            if len(struck) == 1:
                until(lambda: self.left_by(struck[0]), "others to lead")
            time.sleep(fault.seconds)
            self.start_again()
        return remained

    def _hang(self, stage: Stage, fault: Fault, broker: KafkaServer) -> dict[str, int]:
        """A broker that, when it comes to, does not know yet that it leads nothing any more."""
        remained = stage.at_work(fault)
        if remained:
            with frozen(broker.pid):
                until(lambda: self.left_by(broker), "others to lead")
                time.sleep(fault.seconds)
            self.start_again()
        return remained

    def _in_turn(self, stage: Stage, fault: Fault) -> dict[str, int]:
        """What an upgrade does."""
        remained = stage.at_work(fault)
        if remained:
            for broker in self.kafka.brokers:
                broker.pause()
                self.start_again()
        return remained

    def _too_few(self, stage: Stage, fault: Fault) -> dict[str, int]:
        """A broker away, and every topic asking for as many copies as there are brokers: nothing is confirmed."""
        broker = self.leader(fault.share)
        with self._asking_for_all():
            remained = stage.at_work(fault)
            if remained:
                broker.kill()
                until(lambda: self.left_by(broker), "others to lead")
                time.sleep(UNDER_WAY_SECONDS)
                # Where the leader changed not even the end is told now: there is no look.
                before = stage.watch.committed(), stage.watch.entries()
                time.sleep(fault.seconds)
                assert before == (stage.watch.committed(), stage.watch.entries()), "something was confirmed"
            # Kafka may not outlast a change of what is asked for while a copy is out of sync: docs/guarantees.md.
            self.start_again()
        return remained

    @contextmanager
    def _asking_for_all(self) -> Iterator[None]:
        try:
            self._ask_for(BROKERS)
            yield
        finally:
            self._ask_for(IN_SYNC)

    def _ask_for(self, in_sync: int) -> None:
        """Set how many copies must have a record."""
        with self._admin() as admin:
            config = {"min.insync.replicas": str(in_sync)}
            topics = [ConfigResource(ConfigResourceType.TOPIC, name, config) for name in admin.list_topics()]
            admin.alter_configs(topics, raise_on_unknown=False)

    def _partitions(self, *topics: str, without: KafkaServer | None = None) -> list[Any]:
        """Of these topics, or of all; one of the brokers is not asked."""
        with self._admin(without) as admin:
            return [p for topic in admin.describe_topics(list(topics) or None) for p in topic["partitions"]]

    def _broker(self, node: int) -> KafkaServer:
        return self.kafka.brokers[node - 1]

    @contextmanager
    def _admin(self, without: KafkaServer | None = None) -> Iterator[KafkaAdminClient]:
        asked = [broker.bootstrap for broker in self.kafka.brokers if broker is not without]
        admin = KafkaAdminClient(bootstrap_servers=asked, request_timeout_ms=LONGEST_ASK_MS)
        try:
            yield admin
        finally:
            admin.close()


@contextmanager
def brokers(options: KafkaOptions) -> Iterator[Brokers]:
    """Servers of one's own, since they will be killed."""
    with start_cluster(options, BROKERS) as kafka, start_valkey() as valkey:
        yield Brokers(kafka, valkey)
        for broker in kafka.brokers:
            # Their data goes with them: nothing is to be handed over.
            broker.kill()


def _java_hash(text: str) -> int:
    value = 0
    for character in text:
        value = (31 * value + ord(character)) & 0xFFFFFFFF
    return value - (1 << 32) if value >= 1 << 31 else value
