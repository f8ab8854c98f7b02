import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from kafka.admin import ConfigResource, KafkaAdminClient

from deploy.embedded import KafkaServer
from streams.admin import Finding, connect, create_topics
from streams.cluster import Cluster, ClusterError, ClusterUnreachable
from streams.topics import Topic, TopicOptions, table

TopicName = Callable[[str], str]


@pytest.fixture
def cluster(kafka: KafkaServer) -> Cluster:
    return Cluster(kafka=kafka.bootstrap)


@pytest.fixture
def topics(topic_name: TopicName) -> tuple[Topic, ...]:
    """The table, under names of this test's own."""
    return tuple(replace(topic, name=topic_name(topic.name)) for topic in table(TopicOptions(partitions=2)))


def states(findings: list[Finding]) -> list[str]:
    return [finding.state for finding in findings]


def test_missing_then_created_then_as_it_should_be(cluster: Cluster, topics: tuple[Topic, ...]) -> None:
    with connect(cluster) as admin:
        missing = admin.describe(topics)
        assert states(missing) == ["missing"] * 6
        assert all("vigie topics create" in f.differences[0].remedy for f in missing)
        assert states(admin.create(topics)) == ["created"] * 6
        again = admin.create(topics)
        assert states(again) == ["as it should be"] * 6
        assert [f.partitions for f in again] == [t.partitions for t in topics]


def test_four_at_once_agree(cluster: Cluster, topics: tuple[Topic, ...]) -> None:
    def create(_: int) -> list[Finding]:
        with connect(cluster) as admin:
            return admin.create(topics)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(create, range(4)))
    for result in results:
        assert not any(finding.differences for finding in result)
    for number in range(len(topics)):
        seen = sorted(result[number].state for result in results)
        assert seen == ["as it should be"] * 3 + ["created"]


def set_configs(cluster: Cluster, topic: str, configs: dict[str, str]) -> None:
    """Set them behind Vigie's back, and wait until the broker shows them."""
    client = KafkaAdminClient(bootstrap_servers=cluster.kafka)
    client.alter_configs([ConfigResource("topic", topic, configs)])
    deadline = time.monotonic() + 10
    while True:
        found = client.describe_configs([ConfigResource("topic", topic)], config_filter="all")["topic"][topic]
        if all(found[name]["value"] == value for name, value in configs.items()):
            break
        assert time.monotonic() < deadline
        time.sleep(0.05)
    client.close()


def test_configurations_are_altered_only_when_asked(cluster: Cluster, topics: tuple[Topic, ...]) -> None:
    with connect(cluster) as admin:
        admin.create(topics)
        foreign = {"segment.jitter.ms": "5"}  # not of the table: an operator's own, left alone
        set_configs(cluster, topics[0].name, {"retention.ms": "1000", "cleanup.policy": "compact"} | foreign)
        for _ in range(2):
            first, *others = admin.create(topics)
            assert first.state == "differs"
            assert {(d.what, d.found, d.wanted) for d in first.differences} == {
                ("retention.ms", "1000", "-1"),
                ("cleanup.policy", "compact", "delete"),
            }
            assert states(others) == ["as it should be"] * 5
        assert states(admin.create(topics, alter=True)) == ["altered"] + ["as it should be"] * 5
        assert states(admin.describe(topics)) == ["as it should be"] * 6
        (finding,) = admin.describe([replace(topics[0], configs={"segment.jitter.ms": "0"})])
        assert finding.differences[0].found == "5"


def test_only_what_has_no_order_gets_more_partitions(cluster: Cluster, topics: tuple[Topic, ...]) -> None:
    with connect(cluster) as admin:
        admin.create(topics)
        wanted = tuple(replace(topic, partitions=topic.partitions + 1) for topic in topics)
        findings = admin.create(wanted, alter=True)
        assert states(findings) == ["altered" if topic.can_grow else "differs" for topic in topics]
        assert [f.partitions for f in findings] == [t.partitions + t.can_grow for t in topics]
        fewer = admin.create(topics, alter=True)
        (growable,) = (number for number, topic in enumerate(topics) if topic.can_grow)
        assert fewer[growable].state == "differs"
        assert not fewer[growable].differences[0].alterable


def test_the_remedy_names_the_commands(cluster: Cluster, topics: tuple[Topic, ...]) -> None:
    alerts = topics[1]
    with connect(cluster) as admin:
        admin.create(topics)
        (finding,) = admin.describe([replace(alerts, partitions=4)])
    remedy = finding.differences[0].remedy
    assert "VIGIE_PARTITIONS=2" in remedy
    assert f"kafka-topics.sh --bootstrap-server {cluster.kafka} --delete --topic {alerts.name}" in remedy


def test_more_replicas_than_brokers(cluster: Cluster, topics: tuple[Topic, ...]) -> None:
    wanted = replace(topics[0], replication_factor=3)
    with connect(cluster) as admin, pytest.raises(ClusterError, match=r"3 replicas .* has 1 broker") as caught:
        admin.create([wanted])
    assert "VIGIE_REPLICATION_FACTOR" in str(caught.value)
    with connect(cluster) as admin:
        admin.create([topics[0]])
        (finding,) = admin.describe([wanted])
    assert [(d.what, d.found, d.wanted) for d in finding.differences] == [("replication factor", "1", "3")]


def test_a_configuration_that_the_broker_refuses_says_so(cluster: Cluster, topics: tuple[Topic, ...]) -> None:
    bad = replace(topics[0], configs={"retention.ms": "soon"})
    with (
        connect(cluster) as admin,
        pytest.raises(ClusterError, match=f"did not create the topic {bad.name}.*retention"),
    ):
        admin.create([bad])


def test_a_configuration_that_the_broker_does_not_know(cluster: Cluster, topics: tuple[Topic, ...]) -> None:
    with connect(cluster) as admin:
        admin.create([topics[0]])
        (finding,) = admin.describe([replace(topics[0], configs={"nothing.like.it": "1"})])
    (difference,) = finding.differences
    assert (difference.found, difference.alterable) == ("unknown to this broker", False)


def test_a_start_goes_on_despite_configurations_but_not_partitions(cluster: Cluster, topics: tuple[Topic, ...]) -> None:
    create_topics(cluster, topics)
    create_topics(cluster, [replace(topics[0], configs={"retention.ms": "5"})])
    with pytest.raises(ClusterError, match="has 2 partitions and should have 3"):
        create_topics(cluster, [replace(topics[0], partitions=3)])


def test_no_broker() -> None:
    cluster = Cluster(kafka="127.0.0.1:1", kafka_timeout_s=0.1)
    with (
        pytest.raises(ClusterUnreachable, match=r"127\.0\.0\.1:1 within 0\.1 s .*Connection refused"),
        connect(cluster),
    ):
        pass
