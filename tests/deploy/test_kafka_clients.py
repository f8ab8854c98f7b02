"""Both clients that Vigie rests on, against the embedded broker."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin import NewTopic as AioNewTopic
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, NewTopic

from deploy.embedded import KafkaServer

Names = Callable[[str], str]
OLD = int(datetime(2016, 1, 31, tzinfo=UTC).timestamp() * 1000)


def test_aiokafka_administers_produces_and_consumes_in_a_group(kafka: KafkaServer, topic_name: Names) -> None:
    topic, group = topic_name("aiokafka"), topic_name("group")
    ahead = int((time.time() + 86_400) * 1000)

    async def there_and_back() -> list[tuple[int, bytes | None, bytes | None, int]]:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
        await admin.start()
        await admin.create_topics([AioNewTopic(topic, 3, 1)])
        await admin.close()
        async with AIOKafkaProducer(
            bootstrap_servers=kafka.bootstrap, enable_idempotence=True, compression_type="gzip"
        ) as producer:
            await producer.send_and_wait(topic, b"old", key=b"1", partition=2, timestamp_ms=OLD)
            await producer.send_and_wait(topic, b"ahead", key=b"2", partition=2, timestamp_ms=ahead)
        found: list[tuple[int, bytes | None, bytes | None, int]] = []
        async with AIOKafkaConsumer(
            topic, bootstrap_servers=kafka.bootstrap, group_id=group, auto_offset_reset="earliest"
        ) as consumer:
            while len(found) < 2:
                record = await asyncio.wait_for(consumer.getone(), 20)
                found.append((record.partition, record.key, record.value, record.timestamp))
            await consumer.commit()
        return found

    assert asyncio.run(there_and_back()) == [(2, b"1", b"old", OLD), (2, b"2", b"ahead", ahead)]


def test_kafka_python_administers_produces_and_consumes_in_a_group(kafka: KafkaServer, topic_name: Names) -> None:
    topic, group = topic_name("kafka-python"), topic_name("group")
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.create_topics([NewTopic(topic, 3, 1)])
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, enable_idempotence=True, compression_type="gzip")
    producer.send(topic, b"old", key=b"1", partition=2, timestamp_ms=OLD).get(10)
    producer.close()
    found = []
    for _ in range(2):
        # The second consumer begins where the first has committed, and so finds the second record alone.
        consumer = KafkaConsumer(
            topic,
            bootstrap_servers=kafka.bootstrap,
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            consumer_timeout_ms=20_000,
        )
        record = next(consumer)
        found.append((record.partition, record.value, record.timestamp))
        consumer.commit()
        consumer.close()
        if len(found) == 1:
            producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
            producer.send(topic, b"new", partition=2, timestamp_ms=OLD + 1).get(10)
            producer.close()
    admin.close()
    assert found == [(2, b"old", OLD), (2, b"new", OLD + 1)]


def test_topics_keep_records_of_any_date_by_default(kafka: KafkaServer, topic_name: Names) -> None:
    topic = topic_name("defaults")
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.create_topics([NewTopic(topic, 1, 1)])
    resource = ConfigResource(ConfigResourceType.TOPIC, topic)
    settings = admin.describe_configs([resource], config_filter="all")["topic"][topic]
    admin.close()
    names = ("retention.ms", "message.timestamp.before.max.ms", "message.timestamp.after.max.ms", "segment.ms")
    assert [int(settings[name]["value"]) for name in names] == [-1, 2**63 - 1, 2**63 - 1, 2**63 - 1]


def test_ten_years_of_records_make_one_segment(kafka: KafkaServer, topic_name: Names) -> None:
    topic = topic_name("years")
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.create_topics([NewTopic(topic, 1, 1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    for month in range(120):
        producer.send(topic, b"event", partition=0, timestamp_ms=OLD + month * 30 * 86_400_000).get(10)
    producer.close()
    assert len(list((kafka.data / "log" / f"{topic}-0").glob("*.log"))) == 1


def test_topics_are_not_made_by_asking_for_them(kafka: KafkaServer, topic_name: Names) -> None:
    topic = topic_name("asked-for")
    consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap)
    assert not consumer.partitions_for_topic(topic)
    assert topic not in consumer.topics()
    consumer.close()
