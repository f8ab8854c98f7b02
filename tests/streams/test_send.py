import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.partitioner.default import murmur2

from deploy.embedded import KafkaServer
from detectors.events import AnyEvent, Clock, Firm, Headcount
from streams.cluster import Cluster, ClusterError
from streams.errors import SendFailed
from streams.send import Sender, SendOptions

PARTITIONS = 3

MURMUR2 = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}
"""Of Kafka's own tests (UtilsTest.testMurmur2)."""


def headcount(siren: str, month: date, count: int) -> Headcount:
    return Headcount(siren=siren, siret=None, known_at=month, account=None, month=month, headcount=count)


FIRM = Firm(
    siren="123456789", siret=None, known_at=None, name="É", department="75", activity=None, active=None, legal_form=None
)
MANY: list[AnyEvent] = [
    FIRM,
    Clock(known_at=date(1985, 3, 1)),
    *(headcount(f"{n % 50:09d}", date(1985, 3, 1), n) for n in range(500)),
    Clock(known_at=date(2018, 3, 1)),
]


@pytest.fixture
def topic(kafka: KafkaServer, topic_name: Callable[[str], str]) -> str:
    return create(kafka, topic_name("events"))


def create(kafka: KafkaServer, name: str, **configs: str) -> str:
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    before = {"message.timestamp.before.max.ms": str(2**63 - 1)}
    admin.create_topics({name: {"num_partitions": PARTITIONS, "replication_factor": 1, "configs": before | configs}})
    admin.wait_for_topics([name])
    admin.close()
    return name


def records(kafka: KafkaServer, topic: str) -> Iterator[Any]:
    """All records of a topic, partition by partition."""
    consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest")
    for partition in [TopicPartition(topic, number) for number in range(PARTITIONS)]:
        consumer.assign([partition])
        consumer.seek_to_beginning(partition)
        end = consumer.end_offsets([partition])[partition]
        while consumer.position(partition) < end:
            yield from consumer.poll(timeout_ms=5000).get(partition, [])
    consumer.close()


def decoded(record: Any) -> AnyEvent:
    return msgspec.json.decode(record.value, type=AnyEvent)


@pytest.mark.parametrize("key", MURMUR2)
def test_keys_are_hashed_as_java_does(key: bytes) -> None:
    assert murmur2(key) == MURMUR2[key] % 2**32


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_events_arrive_whole_where_any_client_looks_for_them(
    kafka: KafkaServer, topic: str, compression: Any, together: bool
) -> None:
    sender = Sender(Cluster(kafka=kafka.bootstrap), SendOptions(send_compression=compression), lambda: 1234, topic)
    if together:
        assert sender.send_many(iter(MANY)) == len(MANY)
    else:
        for event in MANY:
            sender.send(event)
    sender.flush()
    sender.close()
    found = list(records(kafka, topic))
    clocks, facts = [[r for r in found if (r.key is None) is clock] for clock in (True, False)]
    assert len(clocks) == 2 * PARTITIONS
    assert len(facts) == len(MANY) - 2
    assert sender.confirmed == len(found)
    for record in facts:
        assert record.partition == (murmur2(record.key) & 0x7FFFFFFF) % PARTITIONS
        assert record.key.decode() == decoded(record).siren  # type: ignore[union-attr] # not a clock
        assert dict(record.headers)["sent_ms"] == b"1234"
    assert {r.timestamp for r in clocks} == {
        int(datetime(*day, tzinfo=UTC).timestamp() * 1000) for day in ((1985, 3, 1), (2018, 3, 1))
    }
    assert {dict(r.headers)["type"] for r in found} == {b"firm", b"clock", b"headcount"}


def test_each_partition_has_its_events_in_the_order_sent(kafka: KafkaServer, topic: str) -> None:
    sender = Sender(Cluster(kafka=kafka.bootstrap), SendOptions(send_batch_bytes=500, send_unconfirmed=10), None, topic)
    for event in MANY:
        sender.send(event)
    sender.flush()
    sender.close()
    for partition in range(PARTITIONS):
        here = [e for e in MANY if isinstance(e, Clock) or sender.partition_of(e.siren.encode()) == partition]
        assert [decoded(r) for r in records(kafka, topic) if r.partition == partition] == here


def test_one_by_one_and_together_keep_one_order(kafka: KafkaServer, topic: str) -> None:
    sender = Sender(Cluster(kafka=kafka.bootstrap), None, None, topic)
    parts = [MANY[:3], MANY[3:300], MANY[300:305], MANY[305:]]
    for number, part in enumerate(parts):
        if number % 2:
            sender.send_many(part)
        else:
            for event in part:
                sender.send(event)
    sender.flush()
    sender.close()
    for partition in range(PARTITIONS):
        here = [e for e in MANY if isinstance(e, Clock) or sender.partition_of(e.siren.encode()) == partition]
        assert [decoded(r) for r in records(kafka, topic) if r.partition == partition] == here


def test_a_lone_event_leaves_by_itself(kafka: KafkaServer, topic: str) -> None:
    sender = Sender(Cluster(kafka=kafka.bootstrap), SendOptions(send_linger_ms=50), None, topic)
    began = time.monotonic()
    sender.send(FIRM)
    while not sender.confirmed:
        assert time.monotonic() - began < 10
        time.sleep(0.005)
    assert time.monotonic() - began >= 0.05
    sender.close()


def test_what_kafka_refuses_is_told(kafka: KafkaServer, topic_name: Callable[[str], str]) -> None:
    topic = create(kafka, topic_name("small"), **{"max.message.bytes": "300"})
    sender = Sender(Cluster(kafka=kafka.bootstrap), topic=topic)
    sender.send(headcount("000000001", date(2018, 3, 1), 1))
    sender.flush()
    sender.send(msgspec.structs.replace(FIRM, name="x" * 250))
    with pytest.raises(
        SendFailed, match=f"firm 123456789 for topic {topic}, partition [0-2]: .*1 records were"
    ) as error:
        sender.flush()
    sender.close()
    assert error.value.exit_status == 1


def test_a_topic_that_is_not_there(kafka: KafkaServer, topic_name: Callable[[str], str]) -> None:
    with pytest.raises(ClusterError, match="vigie topics create"):
        Sender(Cluster(kafka=kafka.bootstrap), topic=topic_name("never-created"))
