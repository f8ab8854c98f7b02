from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from deploy.embedded import KafkaServer
from detectors.events import AnyEvent, Clock, Headcount
from streams import wire
from streams.dead_letters import LARGEST_VALUE_BYTES, Reason, dead_letter, encode
from streams.topics import ALERTS, DEAD_LETTERS, EVENTS
from tests.vigie.commands.conftest import Vigie, lines

REFUSED_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
Refuse = Callable[..., int]

pytestmark = pytest.mark.usefixtures("topics")


def headcount(siren: str = "012345678", known_at: date = date(2018, 2, 1), **more: Any) -> Headcount:
    fields = {"siret": None, "account": None, "month": date(2018, 1, 1), "headcount": 12} | more
    return Headcount(siren=siren, known_at=known_at, **fields)


@pytest.fixture
def refuse(producer: KafkaProducer) -> Refuse:
    """Puts a record among the dead letters, as the worker would, and gives the letter's offset."""

    def put(
        value: bytes,
        reason: Reason = "key-mismatch",
        topic: str = EVENTS,
        partition: int = 0,
        offset: int = 0,
        schema_version: int = 1,
    ) -> int:
        letter = dead_letter(
            reason,
            "said so",
            topic=topic,
            partition=partition,
            offset=offset,
            key=b"999999999",
            value=value,
            refused_at=REFUSED_AT,
            by="test",
            schema_version=schema_version,
        )
        return int(producer.send(DEAD_LETTERS, encode(letter)).get(timeout=10).offset)

    return put


class Events:
    """What comes onto the events topic from now on."""

    def __init__(self, bootstrap: str) -> None:
        self.consumer = KafkaConsumer(bootstrap_servers=bootstrap)
        self.consumer.assign([TopicPartition(EVENTS, n) for n in self.consumer.partitions_for_topic(EVENTS)])
        self.consumer.seek_to_end()
        for partition in self.consumer.assignment():
            self.consumer.position(partition)

    def new(self) -> list[Any]:
        found: list[Any] = []
        while batch := self.consumer.poll(timeout_ms=500):
            found += [record for records in batch.values() for record in records]
        return found


@pytest.fixture
def events(kafka: KafkaServer) -> Any:
    reading = Events(kafka.bootstrap)
    yield reading
    reading.consumer.close()


def outcome(vigie: Vigie, *arguments: str) -> tuple[int, list[tuple[str, str]]]:
    """The exit status of a replay, and for each letter its outcome and why."""
    status, out, _ = vigie("dead-letters", "replay", "--json", *arguments)
    return status, [(str(line["outcome"]), str(line["why"])) for line in lines(out)]


def test_the_newest_are_listed_oldest_first(vigie: Vigie, refuse: Refuse) -> None:
    offsets = [refuse(b"v%d" % number) for number in range(4)]
    status, out, _ = vigie("dead-letters", "list", "--limit", "3", "--json")
    assert status == 0
    assert [line["offset"] for line in lines(out)] == offsets[1:]
    assert vigie("dead-letters", "list", "--limit", "1")[1] == (
        f"{offsets[-1]} 2026-01-02 03:04:05 key-mismatch: said so\n"
        f"  {EVENTS}/0@0 key '999999999', 2 bytes, by test: 'v3'\n"
    )


def test_reasons_choose_from_all_of_them(vigie: Vigie, refuse: Refuse, producer: KafkaProducer) -> None:
    wanted = [refuse(b"a", "too-large"), refuse(b"b", "wrong-partition")]
    producer.send(DEAD_LETTERS, b"no letter at all").get(timeout=10)
    refuse(b"c")
    _, out, _ = vigie(
        "dead-letters", "list", "--reason", "too-large", "--reason", "wrong-partition", "--limit", "2", "--json"
    )
    assert [line["offset"] for line in lines(out)] == wanted
    assert vigie("dead-letters", "list", "--reason", "nonsense")[0] == 2


def test_nothing_is_sent_without_send(vigie: Vigie, refuse: Refuse, events: Events) -> None:
    refuse(wire.encode(headcount()))
    assert outcome(vigie, "--limit", "1") == (0, [("would be sent", "")])
    assert events.new() == []


def test_what_needs_a_later_contract_goes_back_once_this_vigie_knows_it(
    vigie: Vigie, refuse: Refuse, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(wire.encode(headcount()), "newer-version", schema_version=2)
    replayed = ("--send", "--limit", "1")
    status, ((result, why),) = outcome(vigie, *replayed)
    assert (status, result) == (1, "still refused")
    assert "needs version 2" in why
    assert "upgrade Vigie" in why
    assert events.new() == []
    monkeypatch.setattr(wire, "EVENT_VERSION", 2)
    assert outcome(vigie, *replayed) == (0, [("sent", "")])
    (record,) = events.new()
    assert (wire.VERSION_HEADER, b"2") in record.headers


def test_a_mended_event_goes_back_under_its_own_siren(vigie: Vigie, refuse: Refuse, events: Events) -> None:
    event = headcount()
    value = b" " + wire.encode(event)
    offset = refuse(value)
    assert outcome(vigie, "--limit", "1", "--send") == (0, [("sent", "")])
    (record,) = events.new()
    assert (record.key, record.value) == (b"012345678", value)
    assert record.timestamp == wire.record(event).timestamp_ms
    headers = dict(record.headers)
    assert headers["type"] == b"headcount"
    assert headers["put_back_from"] == b"vigie.dead-letters/0@%d" % offset
    assert headers["sent_ms"].isdigit()


def test_twice_sends_twice(vigie: Vigie, refuse: Refuse, events: Events) -> None:
    refuse(wire.encode(headcount()))
    for _ in range(2):
        assert outcome(vigie, "--limit", "1", "--send")[0] == 0
    first, second = events.new()
    assert (first.key, first.value, first.partition) == (second.key, second.value, second.partition)


def test_a_clock_goes_back_to_its_partition(vigie: Vigie, refuse: Refuse, events: Events) -> None:
    event: AnyEvent = Clock(known_at=date(2018, 3, 1))
    refuse(wire.encode(event), "future-date", partition=5)
    assert outcome(vigie, "--limit", "1", "--send")[0] == 0
    (record,) = events.new()
    assert (record.key, record.partition) == (None, 5)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (b"not json", "not-json: "),
        (wire.encode(headcount()).replace(b"012345678", b"12"), "bad-siren: "),
        (wire.encode(headcount(month=date(1979, 12, 1))), "ancient-date: month lies before 1980"),
        (wire.encode(headcount(known_at=date(2999, 1, 1))), "future-date: known_at 2999-01-01 lies more than a day"),
    ],
)
def test_what_would_be_refused_again_is_not_sent(
    vigie: Vigie, refuse: Refuse, events: Events, value: bytes, why: str
) -> None:
    refuse(value)
    status, [(state, said)] = outcome(vigie, "--limit", "1", "--send")
    assert (status, state) == (1, "still refused")
    assert said.startswith(why)
    assert events.new() == []


def test_what_was_no_event_stays(vigie: Vigie, refuse: Refuse, events: Events) -> None:
    refuse(wire.encode(headcount()), topic=ALERTS)
    assert outcome(vigie, "--limit", "1", "--send") == (1, [("not an event", f"it was refused from {ALERTS}")])
    assert events.new() == []


def test_a_cut_value_is_read_again_where_it_stands(
    vigie: Vigie, refuse: Refuse, events: Events, producer: KafkaProducer
) -> None:
    value = wire.encode(headcount()) + b" " * LARGEST_VALUE_BYTES
    stands = producer.send(EVENTS, value, key=b"999999999", partition=2).get(timeout=10)
    events.new()
    refuse(value, partition=2, offset=stands.offset)
    assert outcome(vigie, "--limit", "1", "--send") == (0, [("sent", "")])
    (record,) = events.new()
    assert (record.key, record.value) == (b"012345678", value)
    refuse(value, partition=2, offset=stands.offset + 1000)
    assert outcome(vigie, "--limit", "1", "--send")[1][0][0] == "original gone"
    other = producer.send(EVENTS, b"another", partition=2).get(timeout=10)
    refuse(value, partition=2, offset=other.offset)
    assert outcome(vigie, "--limit", "1", "--send")[1][0][0] == "original gone"


def test_without_the_topic_it_says_what_to_do(vigie: Vigie, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.refused.DEAD_LETTERS", "vigie.no-such-topic")
    status, out, err = vigie("dead-letters", "list")
    assert (status, out) == (1, "")
    assert "has no topic vigie.no-such-topic" in err
    assert "vigie topics create" in err


def test_the_listing_is_the_letter_whole(vigie: Vigie, refuse: Refuse) -> None:
    refuse(b"\xff\x00")
    _, out, _ = vigie("dead-letters", "list", "--limit", "1", "--json")
    letter = msgspec.convert(lines(out)[0]["letter"], dict[str, object])
    assert (letter["value"], letter["encoding"], letter["size_bytes"]) == ("/wA=", "base64", 2)
