"""A firm is erased everywhere, and nothing of the others with it."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition

from alerts import audit
from alerts.actions import Actor, Note
from alerts.audit import Entry, decode, stored
from alerts.console.glass import Glass
from alerts.desk import Desk
from alerts.routing import AUDIT_KEY
from streams import examples
from streams.mentions import Mentions
from streams.rewriting import MOVED_FROM
from streams.topics import ALERTS, CHANGELOG, DEAD_LETTERS, EVENTS, EXAMPLES, MODELS
from tests.acceptance.harness import PARTITIONS, Site
from tests.acceptance.world import World, recovered
from tests.alerts.publishing import Bench
from tests.member import member
from tests.searching import holds
from vigie.__main__ import main

OTHER = "999999999"
FIRMS = 20
IDLE = ("--exit-when-idle", "2")
TOPICS = (EVENTS, ALERTS, EXAMPLES, DEAD_LETTERS, MODELS, CHANGELOG)


@pytest.fixture
def lived(site: Site, world: World, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A system that has seen two years and learned, and that has refused something of every firm, twice."""
    monkeypatch.setenv("VIGIE_KAFKA", site.kafka)
    monkeypatch.setenv("VIGIE_REDIS", site.redis_url)
    firms = sorted({line["key"] for line in world.lines if line["key"]})[:FIRMS]
    broken = [event(siren, f'{{"siren": "{siren}", "type"') for siren in firms]
    elsewhere = [event(OTHER, json.dumps({"type": "headcount", "siren": siren})) for siren in firms]
    with site.producer() as producer:
        for topic, key, value in (*broken, *elsewhere):
            producer.send(topic, value, key=key)
    site.send(line for line in world.lines if line["key"] is None or line["key"] in firms)
    worker = site.worker(*IDLE)
    assert worker.wait() == 0, worker.log
    return site


def event(siren: str, value: str) -> tuple[str, bytes, bytes]:
    return EVENTS, siren.encode(), value.encode()


def erase(siren: str, *more: str) -> int:
    return main(["firm", "erase", siren, "--reason", "request 7", *more])


def commit(site: Site, group: str, places: dict[TopicPartition, int]) -> None:
    consumer = KafkaConsumer(bootstrap_servers=site.kafka, group_id=group, enable_auto_commit=False)
    consumer.assign(list(places))
    consumer.commit({place: OffsetAndMetadata(offset, "", -1) for place, offset in places.items()})
    consumer.close()


def everything(client: Any) -> Iterator[tuple[bytes, Any]]:
    """Every key of Redis and all that is under it."""
    read = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"stream": client.xrange,
        b"zset": lambda key: client.zrange(key, 0, -1),
        b"list": lambda key: client.lrange(key, 0, -1),
        b"set": client.smembers,
    }
    for key in client.scan_iter():
        yield key, read[client.type(key)](key)


Logs = dict[str, list[Any]]
"""All records of each topic."""


def read(site: Site) -> Logs:
    return {topic: site.records(topic) for topic in TOPICS}


def of_others(logs: Logs, siren: str) -> dict[tuple[str, int], list[Any]]:
    """What each partition has of other firms, in order; of examples, the firms' rows."""
    mentions = Mentions(siren)
    found: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for topic in (EVENTS, ALERTS, DEAD_LETTERS, EXAMPLES):
        for record in logs[topic]:
            place = found[topic, record.partition]
            if topic == EXAMPLES:
                block = examples.examples_of(examples.decode(record.value))
                rows = zip(
                    block.cohort.sirens.tolist(), block.cohort.codes.tolist(), block.labels.tolist(), strict=True
                )
                place += [row for row in rows if row[0] != int(siren)]
            elif not (mentions.in_letter if topic == DEAD_LETTERS else mentions.in_record)(record):
                headers = [header for header in record.headers if header[0] != MOVED_FROM]
                place.append((record.key, record.value, record.timestamp, headers))
    return found


def choose(site: Site, logs: Logs) -> tuple[str, str, str]:
    """A firm with alerts that the model has learned from, its department and name."""
    for alert in (entry.alert for entry in site.entries()):
        siren = int(alert["siren"])
        if holds(logs[MODELS][-1].value, siren) and any(holds(block.value, siren) for block in logs[EXAMPLES]):
            return alert["siren"], alert["department"], alert["name"]
    raise AssertionError("no such firm")


def used(client: redis.Redis, site: Site, firms: Sequence[tuple[str, str]]) -> Desk:
    """People have done what they do with firms; another program has read half of the alerts."""
    desk = Desk(client, where="here")
    glass = Glass(client, lambda: datetime.now(UTC), where="here")
    for siren, department in firms:
        desk.act(department, siren, Note(comment="seen"), Actor("a.martin"))
        glass.broken("b.durand", department, siren, "a motive of some length")
        # As a notifier of an older version held it.
        client.rpush("vigie:notifier-held:desk", f'{{"queue":"{department}","entry":"1-0","siren":"{siren}"}}')
        audit.record(client, Entry(actor="a.martin", action="alert.show", object=f"firm:{siren}"), where="here")
    commit(site, "archive", {TopicPartition(ALERTS, p): end // 2 for p, end in site.ends(ALERTS).items()})
    return desk


def test_nothing_of_a_firm_is_left_but_in_the_audit_log_and_all_others_are_as_before(
    lived: Site, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    site, before = lived, read(lived)
    siren, department, name = choose(site, before)
    assert not any(line["value"].get("name") == name for line in world.lines if line["key"] != siren)
    other = next(e.alert for e in site.entries() if e.alert["siren"] != siren)
    neighbour = other["department"], other["siren"]
    others, state = of_others(before, siren), without(recovered(before[CHANGELOG], []), siren)
    with redis.Redis.from_url(site.redis_url) as client:
        desk = used(client, site, ((siren, department), neighbour[::-1]))
        entries = [entry for entry in site.entries() if entry.alert["siren"] != siren]
        history = desk.history(*neighbour)
        gone = [bytes(record.value) for record in before[ALERTS] if record.key == siren.encode()]
        assert {topic for topic, _ in having(before, siren, name)} == set(TOPICS)
        assert len(left_in_redis(client, siren, name)) > 6

        assert erase(siren) == 0

        after = read(site)
        assert having(after, siren, name) == []
        assert left_in_redis(client, siren, name) == {AUDIT_KEY.encode()}
        files = [path for path in site.folder.rglob("*") if path.is_file()]
        assert not [path for path in files if siren.encode() in path.read_bytes() or name.encode() in path.read_bytes()]
        assert of_others(after, siren) == others
        assert without(recovered(after[CHANGELOG], []), siren) == state
        assert site.entries() == entries
        assert desk.history(*neighbour) == history
        for group, topic in (("vigie", EVENTS), ("vigie-dispatcher", ALERTS), ("vigie-trainer", EXAMPLES)):
            assert site.behind(group, topic) == 0

        # Sent again by whoever still has them, its alerts do not come back.
        Bench(site.redis_url).publish(gone)
        assert site.entries() == entries
        # Again, it finds nothing and writes nothing.
        ends = {topic: site.ends(topic) for topic in TOPICS}
        assert erase(siren) == 0
        assert {topic: site.ends(topic) for topic in TOPICS} == ends
        assert capsys.readouterr().out.endswith("Redis: 0 entries, 0 keys and members\nmodels: 0 version(s) with it\n")
        told = [(e.action, e.object, e.outcome) for e in (decode(s.entry) for s in stored(client, where="here"))]
        assert told[-2:] == [("firm.erase", f"firm:{siren}", "done")] * 2

        # All that is there is read from its beginning, by workers who have forgotten where they were, and into Redis.
        site.forget_groups()
        worker = site.worker("--roles", "scorer,dispatcher", *IDLE)
        assert worker.wait() == 0, worker.log
        client.flushall()
        assert main(["alerts", "rebuild"]) == 0
        again = read(site)
        assert having(again, siren, name) == []
        assert left_in_redis(client, siren, name) == set()
        assert site.ids() == sorted(entry.alert["id"] for entry in entries)
        assert without(recovered(again[CHANGELOG], []), siren) == state


def without(state: Any, siren: str) -> tuple[Any, Any]:
    firms = {key: value for key, value in state.firms.items() if key != siren.encode()}
    return firms, {key: value for key, value in state.cohorts.items() if key[1] != int(siren)}


def having(logs: Logs, siren: str, name: str) -> list[tuple[str, int]]:
    """Topics and offsets of records that have the SIREN or the name anywhere."""
    return [
        (topic, record.offset)
        for topic, found in logs.items()
        for record in found
        for part in (record.key, record.value, *(value for _, value in record.headers))
        if part is not None and (holds(part, int(siren)) or name.encode() in part)
    ]


def left_in_redis(client: redis.Redis, siren: str, name: str) -> set[bytes]:
    marks = (siren.encode(), name.encode())
    return {key for key, content in everything(client) if any(mark in text for mark in marks for text in flat(content))
            or marks[0] in key}  # fmt: skip


def flat(content: Any) -> Iterator[bytes]:
    """All texts in an answer of Redis."""
    if isinstance(content, bytes):
        yield content
    elif isinstance(content, dict):
        yield from flat([*content.items()])
    elif isinstance(content, list | tuple | set):
        for part in content:
            yield from flat(part)


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
        commit(site, group, {TopicPartition(topic, 0): 1})
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
