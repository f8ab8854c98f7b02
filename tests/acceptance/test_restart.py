"""Whatever ends or interrupts a worker: no alert is lost, none is doubled, and state is as if nothing had happened."""

import os
import time
from collections.abc import Collection
from random import Random

import pytest

from deploy.embedded import ValkeyServer
from tests.acceptance.harness import Site, WorkerProcess, until
from tests.acceptance.world import World, recovered

EVENTS, ALERTS = "vigie.events", "vigie.alerts"
SCORER, DISPATCHER = "vigie", "vigie-dispatcher"
STOP_SECONDS = 10
KILLS = 3
ROUNDS = int(os.environ.get("VIGIE_SOAK_ROUNDS", "1"))
"""Rounds of kills, each with a seed of its own: one in `make test`, many in `make soak`."""
# Small batches and frequent commits: more moments between two effects to be killed at.
BRISK = {"batch_records": "200", "commit_seconds": "0.2", "session_seconds": "3"}


def frozen(site: Site, *arguments: str, **settings: str) -> WorkerProcess:
    return site.worker("--frozen", *arguments, **(BRISK | settings))


def finish(site: Site, **settings: str) -> None:
    """Run a worker until nothing is left."""
    worker = frozen(site, "--exit-when-idle", "1.5", **settings)
    assert worker.wait() == 0, worker.log


def alerts_written(site: Site) -> int:
    return sum(site.ends(ALERTS).values())


def work_until(site: Site, worker: WorkerProcess, alerts: int) -> None:
    """Return once so many alerts are in Kafka, with work left to do."""
    until(lambda: worker.running and alerts_written(site) >= alerts, f"{alerts} alerts\n{worker.log}")


def check_as_if_undisturbed(site: Site, world: World) -> None:
    assert site.ids() == world.frozen.ids
    check_state(site, world)


def check_state(site: Site, world: World, apart: Collection[bytes] = ()) -> None:
    """Everything is committed, nothing was refused, and firms but some are as an undisturbed replay leaves them."""
    assert site.behind(SCORER, EVENTS) == 0
    assert site.behind(DISPATCHER, ALERTS) == 0
    assert site.dead_letters() == []
    state = recovered(site.records("vigie-firms-changelog"), site.ids())
    found, expected = (
        {siren: record for siren, record in firms.items() if siren not in apart}
        for firms in (state.firms, world.frozen.firms)
    )
    assert found == expected
    assert state.cohorts == world.frozen.cohorts


@pytest.mark.parametrize("seed", range(20, 20 + ROUNDS))
def test_killed_at_random_moments(site: Site, world: World, seed: int) -> None:
    random = Random(seed)
    site.send(world.lines)
    for share in sorted(random.uniform(0.05, 0.7) for _ in range(KILLS)):
        worker = frozen(site, instance="one")
        work_until(site, worker, round(share * len(world.frozen.ids)))
        time.sleep(random.uniform(0, 0.2))
        worker.kill()
        assert site.behind(SCORER, EVENTS) > 0, "nothing was left to do at this kill: it proves nothing"
    finish(site, instance="one")
    check_as_if_undisturbed(site, world)


def test_sigterm_in_mid_work(site: Site, world: World) -> None:
    site.send(world.lines)
    worker = frozen(site)
    work_until(site, worker, len(world.frozen.ids) // 4)
    assert worker.stop() < STOP_SECONDS
    assert site.behind(SCORER, EVENTS) > 0
    finish(site)
    check_as_if_undisturbed(site, world)


def test_workers_join_leave_and_die(site: Site, world: World) -> None:
    parts = world.parts(5)
    first = frozen(site).ready()
    site.send(parts[0])
    second = frozen(site)
    site.send(parts[1])
    second.ready()
    site.send(parts[2])
    until(lambda: second.metric("vigie_events_total") > 0, "the second worker to have partitions\n" + second.log)
    assert second.stop() < STOP_SECONDS
    third = frozen(site, commit_seconds="5").ready()
    site.send(parts[3])
    until(lambda: third.metric("vigie_events_total") > 0, "the third worker to have partitions\n" + third.log)
    third.kill()
    assert site.behind(SCORER, EVENTS) > 0
    site.send(parts[4])
    until(lambda: site.ids() == world.frozen.ids, "all alerts\n" + first.log)
    until(lambda: site.behind(SCORER, EVENTS) + site.behind(DISPATCHER, ALERTS) == 0, "all commits\n" + first.log)
    assert first.stop() < STOP_SECONDS
    check_as_if_undisturbed(site, world)


def test_redis_dies_and_comes_back(site: Site, world: World, valkey: ValkeyServer) -> None:
    parts = world.parts(3)
    worker = frozen(site, redis_longest_wait_seconds="0.5").ready()
    site.send(parts[0])
    until(lambda: len(site.ids()) > 0, "the first alerts\n" + worker.log)
    until(lambda: worker.answer("ready") == (200, "ready\n"), "it to say so\n" + worker.log)
    try:
        for part in parts[1:]:
            valkey.kill()
            site.send(part)
            until(lambda: site.behind(SCORER, EVENTS) == 0, "scoring to go on without Redis\n" + worker.log)
            assert site.behind(DISPATCHER, ALERTS) > 0
            until(lambda: worker.answer("ready")[0] == 503, "it to say that alerts wait\n" + worker.log)
            assert worker.answer("ready")[1].endswith("Redis takes no alerts; they wait in Kafka\n")
            assert worker.answer("live")[0] == 200
            if part is parts[-1]:
                assert worker.stop() < STOP_SECONDS
                break
            valkey.start_again()
            until(lambda: site.behind(DISPATCHER, ALERTS) == 0, "alerts to be delivered again\n" + worker.log)
    finally:
        if not valkey.running:
            valkey.start_again()
    finish(site)
    check_as_if_undisturbed(site, world)
