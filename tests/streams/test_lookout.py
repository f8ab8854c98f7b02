"""A worker on real servers that hangs in one way after the other, and goes on; it never ends."""

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry

from alerts.options import AlertsOptions
from streams.cluster import Cluster
from streams.health import Health
from streams.options import WorkerOptions
from streams.scorer import Clocks
from streams.worker import Worker, WorkerSettings
from tests.acceptance.harness import PATIENCE_SECONDS, Site
from tests.detectors.making import headcount
from tests.streams.test_trainer import FIRST, answers

STALL_SECONDS = 3.0
NOWHERE = Cluster(kafka="127.0.0.1:1")


def send(site: Site) -> None:
    """An event for the scorer."""
    event = headcount()
    with site.producer() as producer:
        producer.send("vigie.events", msgspec.json.encode(event), key=event.siren.encode())


def send_part_of_a_month(site: Site) -> None:
    """Examples that the trainer can do nothing with until the other partitions have answered too."""
    with site.producer() as producer:
        for record in answers(FIRST, partition=0):
            producer.send("vigie.labelled-examples", record.value)


def stuck(health: Health) -> bool:
    return any(problem.startswith("the scorer has committed nothing of vigie.events/") for problem in health.problems)


async def until(worker: Worker, met: Callable[[Health], bool]) -> Health:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not met(worker.health()):
            assert "stopping" not in worker.health().problems
            await asyncio.sleep(0.05)
        return worker.health()


async def hang_in_a_batch(worker: Worker, site: Site) -> None:
    """Nothing of the partition is committed, though records come."""
    scorer: Any = worker._scorer
    go_on, step = asyncio.Event(), scorer._step

    async def hang(*of: Any) -> None:
        await go_on.wait()
        await step(*of)

    scorer._step = hang
    await asyncio.to_thread(send, site)
    health = await until(worker, stuck)
    assert not health.live
    await away(worker)
    scorer._step = step
    go_on.set()
    await until(worker, lambda health: health.live and health.ready)


async def away(worker: Worker) -> None:
    """The same while Kafka does not answer: a restart would be of no use."""
    lookout = worker._lookout
    client, lookout._client, lookout._cluster = lookout._client, None, NOWHERE
    health = await until(worker, lambda health: health.kafka_reachable is False)
    assert not health.ready
    await asyncio.sleep(1.5 * STALL_SECONDS)
    assert not stuck(worker.health())
    lookout._client, lookout._cluster = client, Cluster(kafka=site_of(worker))
    await until(worker, stuck)


def site_of(worker: Worker) -> str:
    return worker._settings.cluster.kafka


async def read_nothing(worker: Worker, site: Site) -> None:
    """The role's own client would never tell that there is more."""
    consumer = worker._apps["scorer"].consumer
    getmany, instead = consumer._getmany, asyncio.Event()

    async def nothing(**of: Any) -> dict[Any, Any]:
        instead.set()
        await asyncio.sleep(0.1)
        return {}

    consumer._getmany = nothing
    # The fetch that is on its way would still bring the event.
    await instead.wait()
    await asyncio.to_thread(send, site)
    health = await until(worker, stuck)
    assert not health.live
    consumer._getmany = getmany
    await until(worker, lambda health: health.live and health.ready)


async def freeze(worker: Worker, site: Site) -> None:
    """Nothing at all runs in the event loop; another thread still tells."""
    seen: list[Health] = []

    def look() -> None:
        time.sleep(1.5 * STALL_SECONDS)
        seen.append(worker.health())

    thread = threading.Thread(target=look)
    thread.start()
    time.sleep(2 * STALL_SECONDS)
    thread.join()
    assert not seen[0].live
    assert seen[0].problems[0].startswith("the event loop has been silent for ")
    await until(worker, lambda health: health.live and health.ready)


async def check(worker: Worker, site: Site) -> None:
    health = await until(worker, lambda health: health.ready)
    assert [(role.role, role.group, role.state) for role in health.roles] == [
        ("scorer", "vigie", "ready"),
        ("trainer", "vigie-trainer", "ready"),
        ("dispatcher", "vigie-dispatcher", "ready"),
    ]
    assert [len(role.partitions) for role in health.roles] == [site.partitions, 1, site.partitions]
    assert (health.kafka_reachable, health.redis_reachable) == (True, None)
    assert health.model_version
    await asyncio.to_thread(send_part_of_a_month, site)
    for hang in (hang_in_a_batch, read_nothing, freeze):
        await hang(worker, site)
    scored, (examples,) = worker.health().roles[0].partitions, worker.health().roles[1].partitions
    assert sum(partition.committed for partition in scored) == 2
    assert (examples.committed, examples.end, examples.still_seconds) == (0, 1, 0)


def test_a_worker_that_hangs_is_not_live_until_it_goes_on(site: Site, tmp_path: Path) -> None:
    settings = WorkerSettings(
        cluster=site.cluster,
        worker=WorkerOptions(commit_seconds=0.1, stall_seconds=STALL_SECONDS),
        alerts=AlertsOptions(redis=site.redis_url),
        data=tmp_path,
    )

    async def run() -> None:
        worker = Worker(settings, CollectorRegistry(), Clocks(time.time, time.monotonic), lambda: 0.5)
        assert (worker.health().live, worker.health().ready) == (True, False)
        running = asyncio.create_task(worker.run())
        try:
            await check(worker, site)
        finally:
            worker.stop()
            await running
        assert worker.health().problems == ["stopping"]

    asyncio.run(run())
