"""Brokers of a cluster killed, stopped, frozen and too few, under load: nothing lost, nothing doubled.

Collected in `make soak` alone: to start three brokers takes longer than a test may.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.embedded import KafkaOptions
from streams.cluster import Cluster
from streams.outbox import Outbox, Outgoing
from tests.acceptance.harness import PARTITIONS, until
from tests.acceptance.world import World
from tests.faults.brokers import Brokers, brokers
from tests.faults.schedule import CLUSTER_KINDS, SEED, STORMS, schedule
from tests.faults.test_storm import outlasted
from vigie.__main__ import main

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def cluster(kafka_options: KafkaOptions) -> Iterator[Brokers]:
    """New for each test: what faults left behind in one is not for the next."""
    with brokers(kafka_options) as cluster:
        yield cluster


@pytest.mark.parametrize("seed", range(SEED, SEED + STORMS))
def test_brokers_go_and_come_back(
    cluster: Brokers, world: World, tmp_path: Path, seed: int, record_property: Callable[[str, object], None]
) -> None:
    faults = schedule(seed, len(CLUSTER_KINDS), CLUSTER_KINDS)
    for line in outlasted(cluster, world, tmp_path, faults, seed):
        record_property("figures", line)


def test_topics_as_an_operator_makes_them_outlast_a_broker(
    cluster: Brokers, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with cluster.site(tmp_path) as site:
        asked = ["--kafka", site.kafka, "--json"]
        made = ["--partitions", str(PARTITIONS), "--replication-factor", "3", "--min-insync-replicas", "2"]
        assert main(["topics", "create", *asked, *made]) == 0
        capsys.readouterr()
        main(["doctor", *asked, "--redis", site.redis_url])
        checks = {check["name"]: check["state"] for check in json.loads(capsys.readouterr().out)}
        assert (checks["copies"], checks["replicas"]) == ("well", "well")
        # Kafka may not outlast a change of it then, when the topic is deleted in the end.
        alter = ["topics", "create", *asked, "--alter", "--partitions", str(PARTITIONS), "--replication-factor", "3"]
        away = cluster.leader(0)
        away.kill()
        until(lambda: cluster.left_by(away), "others to lead")
        assert main([*alter, "--min-insync-replicas", "1"]) != 0
        assert "not in sync" in capsys.readouterr().err
        cluster.start_again()
        assert main([*alter, "--min-insync-replicas", "1"]) == 0


def test_what_has_no_leader_waits_for_one_and_keeps_its_order(cluster: Brokers, tmp_path: Path) -> None:
    """For longer than a request may take, after which the library alone would give it up and refuse what follows."""
    topic, records = "one-copy", [Outgoing(None, number, partition=0) for number in (b"1", b"2", b"3")]

    async def send() -> None:
        outbox = Outbox(Cluster(kafka=cluster.kafka.bootstrap), 40)
        outbox_request_seconds = 20
        await outbox.start()
        try:
            await outbox.send(topic, records[:1])
            leader = cluster.leader_of(topic)
            leader.kill()
            await asyncio.to_thread(until, lambda: cluster.leaderless(topic), "nobody to lead")
            sending = asyncio.create_task(outbox.send(topic, records[1:2]))
            await asyncio.sleep(outbox_request_seconds + 3)
            assert not sending.done()
            await asyncio.to_thread(leader.start_again)
            await sending
            await outbox.send(topic, records[2:])
        finally:
            await outbox.stop()

    with cluster.site(tmp_path) as site, cluster.one_copy(topic):
        asyncio.run(send())
        assert [record.value for record in site.records(topic)] == [b"1", b"2", b"3"]
