"""Servers that come back without what they had."""

import json
import shutil

import pytest
import redis

from tests.acceptance.harness import Site, until
from tests.acceptance.test_restart import (
    ALERTS,
    DISPATCHER,
    EVENTS,
    SCORER,
    alerts_written,
    check_as_if_undisturbed,
    finish,
    frozen,
)
from tests.acceptance.world import World
from tests.faults.schedule import LONG
from tests.faults.stage import Grounds
from vigie.__main__ import main

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def settled(site: Site) -> bool:
    return site.behind(SCORER, EVENTS) + site.behind(DISPATCHER, ALERTS) == 0


def rebuild(site: Site, capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    """What an operator does; gives the command's own summary."""
    capsys.readouterr()
    assert main(["alerts", "rebuild", "--kafka", site.kafka, "--redis", site.redis_url, "--json"]) == 0
    summary: dict[str, int] = json.loads(capsys.readouterr().out)
    return summary


@pytest.mark.parametrize("back", ["with old data", "empty"] if LONG else ["with old data"])
def test_redis_back_without_what_it_had(
    site: Site, world: World, ground: Grounds, back: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Redis misses what was committed, Kafka does not: a rebuild fills the gap, beside the worker, and doubles nothing.

    In the long form it fills an empty Redis, with no worker, in Kafka's order.
    """
    parts, data = world.parts(3), ground.valkey.data / "appendonlydir"
    worker = frozen(site, redis_longest_wait_seconds="0.5").ready()
    site.send(parts[0])
    until(lambda: alerts_written(site) > 0 and settled(site), "the first alerts\n" + worker.log)
    kept, old = site.ids(), site.folder / "old"
    if back == "with old data":
        shutil.copytree(data, old)
    site.send(parts[1])
    until(lambda: settled(site), "the next ones\n" + worker.log)
    delivered = site.ids()
    ground.valkey.kill()
    shutil.rmtree(data)
    if back == "with old data":
        shutil.copytree(old, data)
    ground.valkey.start_again()
    assert site.ids() == (kept if back == "with old data" else [])
    site.send(parts[2])
    until(lambda: settled(site), "the last ones\n" + worker.log)
    missing = set(delivered) - set(site.ids())
    assert missing == set(delivered) - (set(kept) if back == "with old data" else set())
    if back == "empty":
        worker.stop()
        with redis.Redis.from_url(site.redis_url) as client:
            client.flushall()
        missing = set(world.frozen.ids)
    summary = rebuild(site, capsys)
    assert (summary["restored"], summary["refused"]) == (len(missing), 0)
    if worker.running:
        worker.stop()
    finish(site)
    check_as_if_undisturbed(site, world)
    if back == "empty":
        check_order(site)


def check_order(site: Site) -> None:
    """Each queue has the alerts of a partition in the order of Kafka."""
    places = {json.loads(r.value)["id"]: (r.partition, r.offset) for r in reversed(site.records(ALERTS))}
    found: dict[tuple[str, int], list[int]] = {}
    for entry in site.entries():
        partition, offset = places[entry.alert["id"]]
        found.setdefault((entry.stream, partition), []).append(offset)
    assert any(len(offsets) > 2 for offsets in found.values())
    assert all(offsets == sorted(offsets) for offsets in found.values())
