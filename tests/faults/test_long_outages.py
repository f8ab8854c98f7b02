"""Servers that are away for long, or not there yet. Collected in `make soak` alone."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.acceptance.harness import Site, until
from tests.acceptance.test_restart import (
    ALERTS,
    DISPATCHER,
    EVENTS,
    SCORER,
    check_as_if_undisturbed,
    finish,
    frozen,
    work_until,
)
from tests.acceptance.world import World
from tests.faults.stage import Grounds
from tests.faults.test_outages import settled

LONGEST_END_SECONDS = 40
"""For the write, the roles, the producer and the rest to be given up, one after the other, on busy cores."""
AWAY_SECONDS = 70
"""More than twice any time-out of the clients."""

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def test_kafka_away_for_long(site: Site, world: World, ground: Grounds) -> None:
    site.send(world.lines)
    worker = frozen(site, stall_seconds="20")
    work_until(site, worker, len(world.frozen.ids) // 4)
    ground.kafka.kill()
    time.sleep(AWAY_SECONDS)
    assert worker.running, worker.log
    assert worker.answer("live")[0] == 200, "a restart would not bring Kafka back"
    assert worker.answer("ready") == (503, "not ready\nKafka does not answer\n")
    ground.kafka.start_again()
    assert site.behind(SCORER, EVENTS) > 0
    until(lambda: settled(site), "all to be done\n" + worker.log)
    worker.stop()
    check_as_if_undisturbed(site, world)


def test_kafka_away_for_longer_than_a_write_may_wait(site: Site, world: World, ground: Grounds) -> None:
    site.send(world.lines)
    worker = frozen(site, write_timeout_seconds="2")
    work_until(site, worker, len(world.frozen.ids) // 4)
    ground.kafka.kill()
    began = time.monotonic()
    assert worker.wait() == 1
    assert time.monotonic() - began < LONGEST_END_SECONDS
    assert "vigie: error: no broker took a record for vigie" in worker.log
    assert "--write-timeout-seconds" in worker.log
    ground.kafka.start_again()
    assert site.behind(SCORER, EVENTS) > 0
    finish(site)
    check_as_if_undisturbed(site, world)


@pytest.mark.parametrize("away_seconds", [0, AWAY_SECONDS])
def test_told_to_stop_while_kafka_is_away(
    site: Site, world: World, ground: Grounds, away_seconds: int, record_property: Callable[[str, object], None]
) -> None:
    """The libraries would wait for the broker, for minutes; what is not committed is done again anyway."""
    site.send(world.lines)
    worker = frozen(site)
    work_until(site, worker, len(world.frozen.ids) // 4)
    ground.kafka.kill()
    time.sleep(away_seconds)
    began = time.monotonic()
    os.kill(worker.pid, signal.SIGTERM)
    worker.wait()
    record_property("figures", f"Kafka away for {away_seconds} s: ended {time.monotonic() - began:.1f} s after SIGTERM")
    assert time.monotonic() - began < LONGEST_END_SECONDS
    ground.kafka.start_again()
    assert site.behind(SCORER, EVENTS) > 0
    finish(site)
    check_as_if_undisturbed(site, world)


def test_nobody_there_at_the_start(site: Site, world: World, ground: Grounds) -> None:
    site.send(world.lines)
    ground.kafka.kill()
    worker = frozen(site, kafka_timeout_s="1")
    assert worker.wait() == 1
    assert "no Kafka broker answered" in worker.log.splitlines()[-1]
    ground.kafka.start_again()
    ground.valkey.kill()
    worker = frozen(site, redis_longest_wait_seconds="0.5").ready()
    until(lambda: site.behind(SCORER, EVENTS) == 0, "scoring without Redis\n" + worker.log)
    assert site.behind(DISPATCHER, ALERTS) > 0
    ground.valkey.start_again()
    until(lambda: settled(site), "all to be delivered\n" + worker.log)
    worker.stop()
    check_as_if_undisturbed(site, world)


def test_redis_away_for_long(site: Site, world: World, ground: Grounds) -> None:
    first, rest = world.parts(2)
    site.send(first)
    worker = frozen(site, redis_longest_wait_seconds="0.5")
    work_until(site, worker, 1)
    ground.valkey.kill()
    site.send(rest)
    until(lambda: site.behind(SCORER, EVENTS) == 0, "scoring to go on without Redis\n" + worker.log)
    time.sleep(AWAY_SECONDS)
    assert worker.running, worker.log
    assert site.behind(DISPATCHER, ALERTS) > 0
    ground.valkey.start_again()
    until(lambda: settled(site), "all to be delivered\n" + worker.log)
    worker.stop()
    check_as_if_undisturbed(site, world)
