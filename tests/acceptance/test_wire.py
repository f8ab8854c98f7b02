"""What a client may write beside a plain value: keys, headers, sizes, times. No worker stops, no alert is lost."""

import asyncio
import json
from collections.abc import Sequence
from itertools import cycle
from typing import Any, NamedTuple

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from detectors.events import AnyEvent
from tests.acceptance.harness import Site, until
from tests.acceptance.test_poison import FIRM, HEADCOUNT, SIREN, event, home
from tests.acceptance.world import Line, World, replayed
from tests.streams.test_headers import Octets
from vigie.__main__ import main

MIB = 1 << 20
FAR_MS = 2**63 - 1


class Odd(NamedTuple):
    """A record that the broker takes, and why it should be refused; None where it is good."""

    reason: str | None
    value: bytes | None
    key: bytes | None = SIREN.encode()
    headers: Sequence[tuple[str, bytes | None]] = ()
    timestamp_ms: int | None = None


GOOD = event(HEADCOUNT)
ODD = {
    "10 MB of text": Odd("wrong-type", event(FIRM, name="x" * 10 * MIB)),
    "10 MB beside what is asked for": Odd(None, event(HEADCOUNT, more="x" * 10 * MIB)),
    "10 MB of brackets": Odd("other", b'{"type":"headcount","x":' + b"[" * 10 * MIB),
    "10 MB of zero bytes": Odd("not-json", bytes(10 * MIB)),
    "a key of 4 MB": Odd("key-mismatch", GOOD, b"\xff" * 4 * MIB),
    "an empty key": Odd("key-mismatch", GOOD, b""),
    "a key of other bytes": Odd("key-mismatch", GOOD, b"\xff\x00"),
    "a header without a value": Odd(None, GOOD, headers=[("sent_ms", None), ("type", None)]),
    "a header that is no UTF-8": Odd(None, GOOD, headers=[(Octets("x"), b"x")]),
    "a header of 2 MB": Odd(None, GOOD, headers=[("sent_ms", b"9" * 2 * MIB)]),
    "a thousand headers": Odd(None, GOOD, headers=[("sent_ms", b"x")] * 1000),
    "the first moment": Odd(None, GOOD, timestamp_ms=0),
    "the last moment": Odd(None, GOOD, timestamp_ms=FAR_MS),
    "a tombstone with headers": Odd("not-json", None, headers=[("sent_ms", b"1")]),
}
SENT: list[list[tuple[str, bytes | None]]] = [
    [("sent_ms", None)],
    [("sent_ms", b"")],
    [("sent_ms", b"9" * 400)],
    [("sent_ms", b"9" * 5_000)],
    [("sent_ms", b"\xff"), ("sent_ms", b"1500000000000")],
]
LARGE: list[tuple[str, bytes | None]] = [("sent_ms", b"0" * 900_000)]
NAMES = [
    "'; DROP TABLE firms; --",
    "<script>alert(1)</script>",
    "\x1b]0;owned\x07\x1b[2J",
    "\u202eGNP.exe",
    "A\x00B\r\nC",
]


def send(site: Site, records: dict[str, Odd]) -> dict[str, tuple[int, int]]:
    """Where each record stands. A batch for each: compressed, they are small enough for the topic."""
    places = {}
    for name, odd in records.items():
        where = {"key": odd.key, "partition": home(SIREN), "timestamp_ms": odd.timestamp_ms}
        if any(value is None for _, value in odd.headers):
            ((partition, offset),) = sent_by_another_client(site, [(odd.value, where | {"headers": odd.headers})])
        else:
            with site.producer(compression_type="gzip", max_request_size=64 * MIB) as producer:
                future = producer.send("vigie.events", odd.value, headers=list(odd.headers), **where)
                producer.flush()
                partition, offset = future.get().partition, future.get().offset
        places[name] = (partition, offset)
    return places


def sent_by_another_client(site: Site, records: list[tuple[bytes | None, dict[str, Any]]]) -> list[tuple[int, int]]:
    """By aiokafka, which lets a header have no value. Where each record stands."""

    async def run() -> list[tuple[int, int]]:
        async with AIOKafkaProducer(bootstrap_servers=site.kafka, enable_idempotence=True) as producer:
            futures = [await producer.send("vigie.events", value, **settings) for value, settings in records]
            return [(done.partition, done.offset) for done in await asyncio.gather(*futures)]

    return asyncio.run(run())


def test_odd_records_stop_nothing(site: Site, world: World) -> None:
    worker = site.worker("--frozen").ready()
    # In the midst of history: the first event of all would begin time.
    site.send(world.lines[:2000])
    places = send(site, ODD)
    site.send(world.lines[2000:4000])
    until(lambda: site.behind("vigie", "vigie.events") == 0, "all to be worked on\n" + worker.log)
    worker.stop()
    letters = {(letter["partition"], letter["offset"]): letter for letter in site.dead_letters()}
    reasons = {name: letters[at]["reason"] if at in letters else None for name, at in places.items()}
    assert reasons == {name: odd.reason for name, odd in ODD.items()}
    assert all(len(json.dumps(letter)) < MIB for letter in letters.values())
    good = [converted(line) for line in world.lines[:4000]]
    good.insert(2000, msgspec.json.decode(GOOD, type=AnyEvent))
    assert site.ids() == replayed(good).ids


def test_alerts_come_whatever_headers_their_events_have(site: Site, world: World) -> None:
    """A header that goes with an alert must neither make it too large nor stop the dispatcher."""
    records: list[tuple[bytes | None, dict[str, Any]]] = []
    headers = cycle(SENT)
    # A large one now and then: a world of them would be gigabytes.
    large = cycle([True, *[False] * 400])
    for line in world.lines:
        key, value = line["key"], json.dumps(line["value"]).encode()
        chosen = {"headers": LARGE if next(large) else next(headers)}
        if key is None:
            records += [(value, {"partition": partition}) for partition in range(site.partitions)]
        else:
            records.append((value, {"key": key.encode()} | chosen))
    sent_by_another_client(site, records)
    worker = site.worker("--frozen", "--exit-when-idle", "2")
    assert worker.wait() == 0, worker.log
    assert site.ids() == world.frozen.ids
    assert site.dead_letters() == []


def test_a_huge_record_among_the_alerts(site: Site) -> None:
    with site.producer(compression_type="gzip", max_request_size=64 * MIB) as producer:
        producer.send("vigie.alerts", b'{"id":"' + b"\xff" * 10 * MIB, key=b"\xff" * 4 * MIB, partition=1)
    worker = site.worker("--roles", "dispatcher", "--exit-when-idle", "0.5")
    assert worker.wait() == 0, worker.log
    (letter,) = site.dead_letters()
    assert (letter["topic"], letter["partition"], letter["offset"]) == ("vigie.alerts", 1, 0)
    assert (letter["truncated"], letter["size_bytes"]) == (True, 10 * MIB + 7)
    assert site.behind("vigie-dispatcher", "vigie.alerts") == 0


def test_hostile_names_reach_the_agent_as_text(site: Site, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    names = cycle(NAMES)
    lines = [
        line if line["value"]["type"] != "firm" or not line["value"]["name"] else named(line, next(names))
        for line in world.lines
    ]
    site.send(lines)
    worker = site.worker("--frozen", "--exit-when-idle", "2")
    assert worker.wait() == 0, worker.log
    assert site.ids() == replayed([converted(line) for line in lines]).ids
    found = {entry.alert["name"] for entry in site.entries()}
    assert found <= {*NAMES, None}
    assert len(found) > 3
    capsys.readouterr()
    assert main(["alerts", "list", "--limit", "1000", "--redis", site.redis_url]) == 0
    shown = capsys.readouterr().out
    assert "DROP TABLE" in shown
    assert {c for c in shown if not c.isprintable()} <= {"\n", "\u202f", "\u00a0"}


def named(line: Line, name: str) -> Line:
    return line | {"value": line["value"] | {"name": name}}


def converted(line: Line) -> AnyEvent:
    return msgspec.convert(line["value"], AnyEvent)
