"""From partner files to alerts in Redis, with plain clients at both ends."""

import json
import math
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import redis

from detectors import models
from streams.admin import create_topics
from streams.topics import CHANGELOG, TopicOptions, table
from tests.acceptance.harness import Entry, Site, until
from tests.acceptance.world import World, recovered
from tests.collector import Collector, collecting
from vigie.__main__ import main

FIELDS = {
    "id",
    "siren",
    "name",
    "department",
    "activity",
    "tier",
    "previous_tier",
    "kind",
    "probability",
    "previous_probability",
    "as_of",
    "raised_at",
    "model_version",
    "thresholds",
    "themes",
    "reasons",
    "evidence",
    "causes",
    "sources",
    "source",
}
FRENCH = ("risque", "dette", "cotisations", "activité partielle", "effectif")
TIERS = ("none", "moderate", "strong")
IDLE = ("--exit-when-idle", "2")


def logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


def check_contract(entry: Entry) -> None:
    """What cli.md promises of an alert's JSON, read by somebody who has nothing but that."""
    alert = entry.alert
    assert alert.keys() >= FIELDS
    assert entry.stream == f"vigie:alerts:{alert['department'] or 'unknown'}"
    assert len(alert["siren"]) == 9
    assert alert["siren"].isdigit()
    check_tiers(alert)
    assert sum(theme["contribution"] for theme in alert["themes"]) == pytest.approx(
        logit(alert["probability"]) - logit(alert["previous_probability"]), abs=1e-6
    )
    assert alert["reasons"]
    assert any(word in " ".join(alert["reasons"]) for word in FRENCH), alert["reasons"]
    assert all(item.keys() == {"field", "value", "previous"} for item in alert["evidence"])
    assert [cause["type"] for cause in alert["causes"]]
    assert all(cause.get("siren", alert["siren"]) == alert["siren"] for cause in alert["causes"])
    as_of = date.fromisoformat(alert["as_of"])
    assert all(date.fromisoformat(source["known_to"]) <= as_of for source in alert["sources"])
    assert datetime.fromisoformat(alert["raised_at"]).tzinfo is not None
    assert alert["source"].keys() == {"topic", "partition", "offset"}


def check_tiers(alert: dict[str, Any]) -> None:
    assert 0 < alert["thresholds"]["moderate"] < alert["thresholds"]["strong"] < 1
    rise = TIERS.index(alert["tier"]) - TIERS.index(alert["previous_tier"])
    assert {"raised": rise > 0, "lowered": rise < 0, "jump": rise == 0}[alert["kind"]], alert


def replayed_ids(world: World, folder: Path) -> list[str]:
    """The ids of `vigie replay --frozen`, sorted."""
    file = folder / "alerts.ndjson"
    assert main(["replay", str(world.files), "--frozen", "--alerts", str(file)]) == 0
    return sorted(json.loads(line)["id"] for line in file.read_text().splitlines())


def test_a_frozen_worker_gives_the_alerts_of_a_frozen_replay(site: Site, world: World, tmp_path: Path) -> None:
    site.send(world.lines)
    worker = site.worker("--frozen", *IDLE)
    assert worker.wait() == 0, worker.log
    entries = site.entries()
    for entry in entries:
        check_contract(entry)
    kinds = {entry.alert["kind"] for entry in entries}
    assert kinds == {"raised", "jump", "lowered"}
    assert site.ids() == replayed_ids(world, tmp_path) == world.frozen.ids
    assert recovered(site.records("vigie-firms-changelog"), site.ids()) == world.frozen
    assert site.records("vigie.dead-letters") == []
    assert site.records("vigie.models") == []
    sources = {tuple(entry.alert["source"].values()) for entry in entries}
    events = {(r.topic, r.partition, r.offset): json.loads(r.value) for r in site.records("vigie.events")}
    assert all(source in events for source in sources)
    for entry in entries:
        event = events[tuple(entry.alert["source"].values())]
        cause = entry.alert["causes"][0]
        assert cause["type"] == "clock" or event.items() >= cause.items()
    check_mirror(site, world)


def check_mirror(site: Site, world: World) -> None:
    """As on a mirror of events and alerts, without offsets and state: all is read again, no alert stands twice."""
    site.forget_groups()
    site.delete(CHANGELOG)
    create_topics(site.cluster, table(TopicOptions(partitions=site.partitions)))
    before = site.ends("vigie.alerts")
    worker = site.worker("--frozen", *IDLE)
    assert worker.wait() == 0, worker.log
    assert sum(site.ends("vigie.alerts").values()) == 2 * sum(before.values()), "every alert was raised once more"
    assert site.ids() == world.frozen.ids
    assert recovered(site.records(CHANGELOG), site.ids()) == world.frozen


def test_an_unfrozen_worker_learns_what_replay_learns(site: Site, world: World, tmp_path: Path) -> None:
    """A model depends on the examples alone: neither on when it reaches the scorers, nor on a kill in between."""
    file = tmp_path / "scores.csv"
    assert main(["replay", str(world.files), "--scores", str(file)]) == 0
    versions = list(dict.fromkeys(line.rsplit(",", 1)[1].strip() for line in file.read_text().splitlines()))[1:]
    site.send(world.lines)
    worker = site.worker().ready(roles=3)
    until(lambda: site.ends("vigie.models")[0] >= 4, "some models\n" + worker.log)
    worker.kill()
    assert site.behind("vigie", "vigie.events") + site.behind("vigie-trainer", "vigie.labelled-examples") > 0
    worker = site.worker(*IDLE)
    assert worker.wait() == 0, worker.log
    published = [models.decode(record.value).version for record in site.records("vigie.models")]
    assert len(versions) > 5
    assert set(versions) <= set(published)
    ids = site.ids()
    assert len(ids) == len(set(ids)) > 0
    for entry in site.entries():
        check_contract(entry)
    assert {entry.alert["model_version"] for entry in site.entries()} <= set(published)


def test_roles_in_three_processes(site: Site, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trainer learns; the frozen scorer does not listen to it; each alert's trace goes through all of them."""
    monkeypatch.setenv("VIGIE_KAFKA", site.kafka)
    with collecting() as collector:
        trainer = site.worker("--roles", "trainer")
        traced = [
            site.worker("--roles", role, "--frozen", traces_to=collector.url) for role in ("scorer", "dispatcher")
        ]
        workers = [trainer, *traced]
        for worker in workers:
            worker.ready(roles=1)
        assert main(["ingest", str(world.files), "--traces-to", collector.url]) == 0
        until(lambda: site.ids() == world.frozen.ids, "all alerts\n" + workers[1].log)
        until(lambda: site.ends("vigie.models")[0] > 5, "some models\n" + trainer.log)
        assert {entry.alert["model_version"] for entry in site.entries()} == {"prior-2"}
        for worker in workers:
            worker.stop()
    check_traces(site, collector)


def check_traces(site: Site, collector: Collector) -> None:
    """From what stands in Redis beside an alert, its way back: raised by the scorer, of an event that was ingested."""
    assert {service for service, _ in collector.spans} == {"vigie-ingest", "vigie-worker"}
    events, alerts, delivered = (
        {span.span_id: span for span in collector.named(name)}
        for name in ("send vigie.events", "send vigie.alerts", "deliver an alert")
    )
    with redis.Redis.from_url(site.redis_url, decode_responses=True) as client:
        traces = [
            fields["trace"]
            for key in client.keys("vigie:alerts:*")
            if client.type(key) == "stream"
            for _, fields in client.xrange(key)
        ]
    assert len(traces) == len(alerts) == len(delivered) == len(site.ids())
    for trace in traces:
        _, trace_id, span_id, _ = trace.split("-")
        alert = alerts[bytes.fromhex(span_id)]
        assert alert.trace_id.hex() == trace_id
        assert events[alert.parent_span_id].trace_id == alert.trace_id
    assert {span.parent_span_id for span in delivered.values()} == alerts.keys()
    scored = collector.named("score vigie.events")
    assert {link.span_id for span in scored for link in span.links} == events.keys()
    # Events are traced by the batch: thousands of them, and far fewer spans.
    assert len(events) + len(scored) < len(site.records("vigie.events")) / 10


def test_two_workers_share_the_partitions(site: Site, world: World) -> None:
    workers = [site.worker("--frozen"), site.worker("--frozen")]
    for worker in workers:
        worker.ready()
    site.send(world.lines)
    until(lambda: site.ids() == world.frozen.ids, "all alerts\n" + workers[0].log)
    # The last alerts may come before the last events.
    until(lambda: site.behind("vigie", "vigie.events") == 0, "all commits\n" + workers[0].log)
    done = [worker.metric("vigie_events_total") for worker in workers]
    # Each partition has its own copy of every clock event.
    clocks = sum(line["key"] is None for line in world.lines)
    assert sum(done) == len(world.lines) + clocks * (site.partitions - 1)
    assert min(done) > 1000
    for worker in workers:
        worker.stop()
    assert recovered(site.records("vigie-firms-changelog"), site.ids()) == world.frozen
