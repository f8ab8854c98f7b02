import asyncio
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from alerts.options import AlertsOptions
from detectors import models
from detectors.models import prior
from streams.cluster import Cluster, ClusterUnreachable
from streams.errors import StreamsError
from streams.health import Health
from streams.options import WorkerOptions
from streams.scorer import Clocks
from streams.steady_clocks import ClockWrong
from streams.topics import Role
from streams.wire import record
from streams.worker import ROLES, Worker, WorkerSettings
from tests.acceptance.harness import Site
from tests.alerts.samples import many
from tests.detectors.making import JANUARY, headcount

CLOCKS = Clocks(time.time, time.monotonic)


class Bench:
    """Workers in this process."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site = site
        self.folder = folder
        self.registry = CollectorRegistry()
        self.health = Health()
        """Of the last worker, at its end."""

    def run(
        self,
        *,
        roles: Sequence[Role] = ROLES,
        kafka: str | None = None,
        stop_after: float | None = None,
        clocks: Clocks = CLOCKS,
        **options: Any,
    ) -> None:
        self.registry = CollectorRegistry()
        settings = WorkerSettings(
            cluster=Cluster(kafka=kafka or self.site.kafka, kafka_timeout_s=1),
            worker=WorkerOptions(**({"exit_when_idle": 0.3, "commit_seconds": 0.1} | options)),
            alerts=AlertsOptions(redis=self.site.redis_url),
            roles=roles,
            data=self.folder,
        )

        async def run() -> None:
            worker = Worker(settings, self.registry, clocks, lambda: 0.5)
            if stop_after is not None:
                asyncio.get_running_loop().call_later(stop_after, worker.stop)
            await worker.run()
            self.health = worker.health()

        asyncio.run(run())

    def ready(self) -> dict[str, float]:
        """Each role's readiness, as it was shown last."""
        (family,) = [family for family in self.registry.collect() if family.name == "vigie_ready"]
        return {sample.labels["role"]: sample.value for sample in family.samples}


@pytest.fixture
def bench(site: Site, tmp_path: Path) -> Bench:
    return Bench(site, tmp_path / "data")


def test_all_roles_become_ready_then_idle(bench: Bench) -> None:
    bench.run()
    assert bench.ready() == dict.fromkeys(ROLES, 1.0)
    (first,) = bench.site.records("vigie.models")
    assert models.decode(first.value) == prior()


def test_a_frozen_worker_has_no_trainer_and_publishes_no_model(bench: Bench) -> None:
    bench.run(frozen=True)
    assert bench.ready() == {"scorer": 1.0, "dispatcher": 1.0}
    assert bench.site.records("vigie.models") == []


def test_a_dispatcher_alone_has_no_model_and_is_well(bench: Bench) -> None:
    bench.run(roles=["dispatcher"], exit_when_idle=2.5)
    (role,) = bench.health.roles
    assert (role.role, role.state) == ("dispatcher", "ready")
    assert (bench.health.model_version, bench.health.problems) == (None, ["stopping"])


def test_a_machine_that_is_in_1970_refuses_nothing_that_its_partition_knows_better(bench: Bench) -> None:
    for number, clocks in enumerate((CLOCKS, Clocks(lambda: 0.0, time.monotonic), CLOCKS)):
        with bench.site.producer() as producer:
            event = record(headcount(month=JANUARY + number))
            producer.send("vigie.events", event.value, event.key)
        wrong = clocks is not CLOCKS
        with pytest.raises(ClockWrong, match=r"partition \d has events of") if wrong else nullcontext():
            bench.run(roles=["scorer"], frozen=True, clocks=clocks)
        assert (bench.site.behind("vigie", "vigie.events") > 0) == wrong
    assert bench.site.dead_letters() == []


def test_a_model_that_is_there_is_not_published_again(bench: Bench) -> None:
    bench.run(roles=["trainer"])
    bench.run(roles=["trainer"])
    assert len(bench.site.records("vigie.models")) == 1


def test_stop_ends_it_before_and_after_it_is_ready(bench: Bench) -> None:
    for seconds in (0.0, 0.5, 4.0):
        began = time.monotonic()
        bench.run(stop_after=seconds, exit_when_idle=0)
        assert time.monotonic() - began < seconds + 10


def test_missing_topics_name_the_remedy(bench: Bench) -> None:
    bench.site.delete("vigie.events")
    with pytest.raises(StreamsError, match=r"vigie\.events.*vigie topics create"):
        bench.run()


def test_a_broker_that_is_not_there(bench: Bench) -> None:
    with pytest.raises(ClusterUnreachable, match=r"127\.0\.0\.1:1.*VIGIE_KAFKA"):
        bench.run(kafka="127.0.0.1:1")


def test_state_of_another_format_stops_it(site: Site) -> None:
    """Going on without that firm's state would raise its alerts again, or never."""
    with site.producer() as producer:
        producer.send("vigie-firms-changelog", b"\x63" + bytes(50), key=b"123456789", partition=0)
    worker = site.worker("--frozen")
    assert worker.wait() == 1
    last = worker.log.splitlines()[-1]
    assert last.startswith("vigie: error: state record b'123456789' has format 99")
    assert "vigie replay" in last


def test_a_redis_that_refuses_stops_it_and_alerts_wait(site: Site) -> None:
    with site.producer() as producer:
        for alert in many(3):
            producer.send("vigie.alerts", alert)
    redis_url = site.redis_url.replace("redis://", "redis://nobody:wrong@")
    worker = site.worker("--roles", "dispatcher", redis=redis_url)
    assert worker.wait() == 1
    last = worker.log.splitlines()[-1]
    assert last.startswith("vigie: error: Redis at ")
    assert "VIGIE_REDIS" in last
    assert "wrong" not in worker.log
    assert site.behind("vigie-dispatcher", "vigie.alerts") == 3
    again = site.worker("--roles", "dispatcher", "--exit-when-idle", "0.3")
    assert again.wait() == 0, again.log
    assert len(site.ids()) == 3
