"""A firm is erased, and nothing of the others with it."""

import json
from pathlib import Path

import pytest
import redis
from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition

from alerts.actions import Actor, Take
from alerts.alert import encode
from alerts.audit import decode, stored
from alerts.desk import Desk
from alerts.routing import QUEUES, actions_key, cases_key, patterns, seen_key
from streams.topics import ALERTS, CHANGELOG, DEAD_LETTERS, EVENTS, EXAMPLES
from tests.acceptance.harness import PARTITIONS, Site
from tests.acceptance.world import World, recovered
from tests.alerts.publishing import Bench
from tests.alerts.samples import an_alert
from tests.member import member
from vigie.__main__ import main

OTHER = "999999999"


@pytest.fixture
def seeded(site: Site, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A cluster with the state of a replay."""
    monkeypatch.setenv("VIGIE_KAFKA", site.kafka)
    monkeypatch.setenv("VIGIE_REDIS", site.redis_url)
    state = str(tmp_path / "state")
    assert main(["replay", str(world.files), "--until", "2019-06", "--frozen", "--state-out", state]) == 0
    assert main(["seed", state]) == 0
    return site


def erase(siren: str, *more: str) -> int:
    return main(["firm", "erase", siren, "--reason", "request 7", *more])


def test_a_firm_s_erasure_leaves_the_others_as_they_were(seeded: Site, capsys: pytest.CaptureFixture[str]) -> None:
    before = recovered(seeded.records(CHANGELOG), [])
    number = next(siren for _, siren in before.cohorts)
    siren = f"{number:09d}"
    batch = [an_alert(id=f"{firm}-{d}", siren=firm, department=d) for firm in (siren, OTHER) for d in ("21", "2A")]
    Bench(seeded.redis_url).publish([encode(alert) for alert in batch])
    with redis.Redis.from_url(seeded.redis_url) as client:
        desk = Desk(client, where="here")
        for firm in (siren, OTHER):
            desk.act("21", firm, Take(), Actor("a.martin"))
        others = desk.history("21", OTHER)
        assert erase(siren) == 0
        assert erase(siren) == 0  # again, it finds nothing, and does no harm

        after = recovered(seeded.records(CHANGELOG), [])
        assert after.firms == {key: value for key, value in before.firms.items() if key != siren.encode()}
        assert after.cohorts == {key: value for key, value in before.cohorts.items() if key[1] != number}
        assert not any(record.key == siren.encode() for record in seeded.records(CHANGELOG))
        assert [entry.alert["siren"] for entry in seeded.entries()] == [OTHER, OTHER]
        rest = [key.decode() for queue in QUEUES for p in patterns(queue) for key in client.scan_iter(match=p)]
        assert not any(siren in key for key in rest)
        assert desk.find(siren) == []
        assert {case.department for case in desk.find(OTHER)} == {"21", "2A"}
        assert desk.history("21", OTHER) == others
        assert client.zrange(cases_key("21"), 0, -1) == [OTHER.encode()]
        assert client.xlen(actions_key("21")) == len(others) == 2
        # Sent again, it does not come back.
        assert client.zscore(seen_key("21"), f"{siren}-21") is not None
        Bench(seeded.redis_url).publish([encode(alert) for alert in batch])
        assert {entry.alert["siren"] for entry in seeded.entries()} == {OTHER}
        entries = [decode(item.entry) for item in stored(client, where="here")]
    assert [(e.action, e.object, e.outcome, e.detail) for e in entries] == [
        ("firm.erase", f"firm:{siren}", "done", "request 7")
    ] * 2
    assert ALERTS in capsys.readouterr().out


def test_logs_are_cut_off_once_all_is_committed(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VIGIE_KAFKA", site.kafka)
    monkeypatch.setenv("VIGIE_REDIS", site.redis_url)
    with site.producer() as producer:
        for topic in (EVENTS, ALERTS, EXAMPLES, DEAD_LETTERS):
            producer.send(topic, json.dumps({"siren": OTHER}).encode(), partition=0)
    assert erase(OTHER, "--cut-off-logs") == 1
    assert "has not committed all of" in capsys.readouterr().err
    for group, topic in (("vigie", EVENTS), ("vigie-dispatcher", ALERTS), ("vigie-trainer", EXAMPLES)):
        consumer = KafkaConsumer(bootstrap_servers=site.kafka, group_id=group, enable_auto_commit=False)
        place = TopicPartition(topic, 0)
        consumer.assign([place])
        consumer.commit({place: OffsetAndMetadata(1, "", -1)})
        consumer.close()
    assert erase(OTHER, "--cut-off-logs") == 0
    assert [site.records(topic) for topic in (EVENTS, ALERTS, EXAMPLES, DEAD_LETTERS)] == [[], [], [], []]
    assert site.ends(EVENTS) == {0: 1} | dict.fromkeys(range(1, PARTITIONS), 0)


def test_while_a_worker_is_at_work_nothing_is_erased(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VIGIE_KAFKA", site.kafka)
    with member(site.kafka, EVENTS, "vigie"):
        assert erase(OTHER) == 1
        assert "workers are at work (vigie)" in capsys.readouterr().err


def test_what_is_no_siren(capsys: pytest.CaptureFixture[str]) -> None:
    assert erase("12345678") == 2
    assert "9 digits" in capsys.readouterr().err
