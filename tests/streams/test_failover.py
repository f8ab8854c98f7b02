"""Sentinels make a replica the master: the dispatcher finds it, and what it had not been given comes from Kafka."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import redis

from alerts.alert import encode
from alerts.connect import connect, safe_url
from alerts.errors import RedisUnavailable
from deploy.process import Supervised
from tests.acceptance.harness import Site, until
from tests.acceptance.processes import freeze
from tests.alerts.publishing import Bench, delivered
from tests.alerts.server import EXECUTABLE, MASTER, Server, free_port
from tests.streams.test_rebuild import expected, into_kafka, raised, rebuilt

QUEUE = "21"


class Watch(NamedTuple):
    """A master, its replica, and the URL of the Sentinel that watches them."""

    master: Server
    replica: Server
    url: str


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    with Server(tmp_path / "master", EXECUTABLE, *MASTER) as master:
        following = ("--replicaof", "127.0.0.1", str(master.port))
        with Server(tmp_path / "replica", EXECUTABLE, *MASTER, *following) as replica:
            port = free_port()
            sentinel = Supervised("sentinel", tmp_path / "sentinel")
            try:
                settings = sentinel.folder / "sentinel.conf"
                settings.write_text(
                    f"port {port}\nbind 127.0.0.1\ndir {sentinel.folder}\n"
                    f"sentinel monitor vigie 127.0.0.1 {master.port} 1\n"
                    "sentinel down-after-milliseconds vigie 500\nsentinel failover-timeout vigie 2000\n"
                )
                assert sentinel.start([EXECUTABLE, str(settings), "--sentinel"], os.environ) is None
                with redis.Redis(port=port, retry=None) as client:  # type: ignore[arg-type] # None is no retry
                    until(lambda: knows_replica(client), "the Sentinel to know the replica")
                yield Watch(master, replica, f"redis+sentinel://127.0.0.1:{port}/vigie/0")
            finally:
                sentinel.kill()
                sentinel.close()


def knows_replica(client: redis.Redis) -> bool:
    try:
        masters: Any = client.sentinel_masters()
    except redis.ConnectionError:
        return False
    return bool(masters["vigie"]["num-slaves"] == 1)


def test_after_a_failover_nothing_is_missing_once_redis_is_rebuilt(site: Site, watch: Watch) -> None:
    alerts = [alert for alert in raised(600) if alert.department == QUEUE]
    into_kafka(site, alerts)
    batch = [encode(alert) for alert in alerts]
    bench = Bench(watch.url)
    assert safe_url(watch.url) == watch.url
    with connect(watch.url, 5) as client, connect(watch.replica.url, 5) as replica:
        bench.publish(batch[:100])
        until(lambda: len(delivered(replica, QUEUE)) == 100, "the replica to have them")
        freeze(watch.replica.pid)
        client.execute_command("CLIENT", "KILL", "TYPE", "replica")
        # Acknowledged by the master alone: not even on the way to the replica.
        assert bench.publish(batch[100:150])[0].published == 50
        watch.master.kill()
        os.kill(watch.replica.pid, signal.SIGCONT)
        with pytest.raises(RedisUnavailable):
            rebuilt(site, redis_url=watch.url)
        # The dispatcher waits, and finds the new master by itself.
        assert bench.publish(batch[150:])[0].published == len(batch) - 150
        assert client.info("server")["tcp_port"] == watch.replica.port
        assert delivered(client, QUEUE) == [alert.id for alert in alerts[:100] + alerts[150:]]
        tally = rebuilt(site, redis_url=watch.url)
        assert (tally.restored, tally.already_there) == (50, len(alerts) - 50)
        assert sorted(delivered(client, QUEUE)) == expected(alerts)[QUEUE]
