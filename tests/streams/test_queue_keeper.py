import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kafka import TopicPartition
from kafka.admin import KafkaAdminClient
from prometheus_client import CollectorRegistry

from alerts import persistence
from alerts.alert import encode
from alerts.connect import connect
from alerts.groups import join
from alerts.metrics import AlertMetrics
from alerts.options import AlertsOptions
from alerts.routing import seen_key
from alerts.trimming import DAY_MS
from streams import queue_keeper
from streams.cluster import Cluster
from streams.queue_keeper import QueueKeeper, earliest_ms
from tests.acceptance.harness import Site, until
from tests.alerts.samples import an_alert
from tests.alerts.server import EXECUTABLE, Server, free_port
from tests.alerts.test_trimming import fill, left
from tests.streams.test_worker import Bench

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
Value = Callable[[str], float]


@contextmanager
def keeping(
    site: Site,
    redis_url: str | None = None,
    cluster: Cluster | None = None,
    wall: Callable[[], float] = time.time,
) -> Iterator[Value]:
    """A keeper at work, trimming what is older than 100 days; gives the values of its metrics."""
    registry = CollectorRegistry()
    options = AlertsOptions(redis=redis_url or site.redis_url, redis_timeout_seconds=1)
    keeper = QueueKeeper(cluster or site.cluster, options, 100, AlertMetrics(registry), wall)
    keeper.start()
    try:
        yield lambda name: registry.get_sample_value(name, {"department": "21"} if "queue" in name else {}) or 0.0
    finally:
        asyncio.run(keeper.stop())


def raise_at(site: Site, partition: int, *times: datetime) -> None:
    with site.producer() as producer:
        for at in times:
            producer.send("vigie.alerts", encode(an_alert(raised_at=at)), partition=partition).get(10)


def test_kafka_tells_which_ids_cannot_come_again(site: Site) -> None:
    assert earliest_ms(site.cluster) == 0
    raise_at(site, 0, NOON, NOON + timedelta(days=9))
    raise_at(site, 1, NOON + timedelta(days=5))
    day_before = round((NOON - timedelta(days=1)).timestamp() * 1000)
    assert earliest_ms(site.cluster) == day_before
    admin = KafkaAdminClient(bootstrap_servers=site.kafka)
    admin.delete_records({TopicPartition("vigie.alerts", 0): 1})
    admin.close()
    assert earliest_ms(site.cluster) == day_before + 5 * DAY_MS
    with site.producer() as producer:
        producer.send("vigie.alerts", b"no alert", partition=2)
    assert earliest_ms(site.cluster) == 0


def test_a_worker_trims_its_queues_and_forgets_what_kafka_has_forgotten(site: Site, tmp_path: Path) -> None:
    raise_at(site, 0, datetime.now(UTC) - timedelta(days=200))
    with connect(site.redis_url, 5) as client:
        fill(client, [400, 150, 50])
        Bench(site, tmp_path).run(roles=["dispatcher"], alerts_retention_days=100.0)
        until(lambda: left(client)[0] == 2, "the old entries to go")
        assert client.zcard(seen_key("21")) == 3  # that of 400 days is forgotten; one was dispatched


def test_what_stays_is_measured_and_said(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_keeper, "EVERY_SECONDS", 0.02)
    with connect(site.redis_url, 5) as client:
        fill(client, [400, 150, 50])
        nowhere = Cluster(kafka=f"127.0.0.1:{free_port()}", kafka_timeout_s=0.1)
        # Without Kafka too.
        with keeping(site, cluster=nowhere) as value:
            until(lambda: value("vigie_alerts_queue_entries") == 1, "the queue to be trimmed")
            assert value("vigie_alerts_trimmed_total") == 2
    assert [record.message[:24] for record in caplog.records] == ["how far back Kafka goes:"]
    caplog.clear()
    with connect(site.redis_url, 5) as client:
        client.flushall()
        fill(client, [400, 150, 50])
        join(client, "21", "urssaf", where="here")
        with keeping(site) as value:
            until(lambda: value("vigie_alerts_queue_entries") == 3, "the queue to be measured")
            until(lambda: bool(caplog.records), "a warning")
            time.sleep(0.1)
    [record] = caplog.records
    assert "since the group urssaf still needs them" in record.message


def test_nothing_is_trimmed_by_clocks_that_disagree(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_keeper, "EVERY_SECONDS", 0.02)
    monkeypatch.setattr(queue_keeper, "earliest_ms", lambda _: round(time.time() * 1000) - 300 * DAY_MS)
    wrong = [0.0]
    with connect(site.redis_url, 5) as client:
        fill(client, [400, 150, 50])
        with keeping(site, wall=lambda: time.time() + wrong[0]) as value:
            until(lambda: value("vigie_alerts_queue_entries") == 1, "trimming")
            wrong[0] = -2 * 3600
            until(lambda: bool(caplog.records), "a warning")
            client.flushall()
            fill(client, [400, 150, 50])
            until(lambda: value("vigie_alerts_queue_entries") == 3, "the queue to be measured")
            wrong[0] = 0
            until(lambda: value("vigie_alerts_queue_entries") == 1, "trimming again")
    [record] = caplog.records
    assert "a clock +2 h from this machine's: nothing is trimmed" in record.message


def test_a_server_that_trims_too_much_is_not_asked_to(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persistence, "OLDEST", (99, 0, 0))
    with connect(site.redis_url, 5) as client:
        fill(client, [400, 150, 50])
        with keeping(site) as value:
            until(lambda: value("vigie_alerts_queue_entries") == 3, "the queue to be measured")
        assert left(client) == [0, 1, 2]


def test_a_server_is_judged_when_it_is_met_and_a_restart_is_said(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_keeper, "EVERY_SECONDS", 0.02)
    server = Server(tmp_path / "redis", EXECUTABLE, "--appendfsync", "no")

    def said(text: str) -> Callable[[], bool]:
        return lambda: any(text in record.message for record in caplog.records)

    def said_of_fsync() -> int:
        return sum("appendfsync no" in record.message for record in caplog.records)

    with keeping(site, server.url):
        until(said("does not take commands now"), "the outage")
        with server:
            until(said("appendfsync no"), "the judgement")
            assert not said("vigie alerts rebuild")()
            server.kill()
            server.start()
            until(said("vigie alerts rebuild"), "the restart to be noticed")
            until(lambda: said_of_fsync() == 2, "the second judgement")
    assert said_of_fsync() == 2
