import asyncio
import inspect
from collections.abc import Callable
from importlib import metadata
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from deploy.embedded import KafkaServer
from streams import headers


class Octets(str):
    """A header's name as C's client may write it."""

    __slots__ = ()

    def encode(self, *_: Any) -> bytes:
        return b"a\xff\xfe"


def test_aiokafka_is_the_one_that_this_was_written_against() -> None:
    assert metadata.version("aiokafka") == "0.14.0"
    assert "MemoryRecords(part_data[-1])" in inspect.getsource(fetcher)
    assert '.decode("utf-8")' in inspect.getsource(_DefaultRecordBatchPy._read_msg)


@pytest.fixture
def topic(kafka: KafkaServer, topic_name: Callable[[str], str]) -> str:
    name = topic_name("headers")
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.create_topics([NewTopic(name, 1, 1)])
    admin.close()
    return name


def read(kafka: KafkaServer, topic: str, count: int) -> list[Any]:
    async def run() -> list[Any]:
        consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        try:
            consumer.assign([TopicPartition(topic, 0)])
            return [await asyncio.wait_for(consumer.getone(), 30) for _ in range(count)]
        finally:
            await consumer.stop()

    return asyncio.run(run())


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_names_that_are_no_text_are_read_and_so_is_what_stands_around_them(
    kafka: KafkaServer, topic: str, compression: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Put back at the end, whatever a worker in this process has installed.
    monkeypatch.setattr(fetcher, "MemoryRecords", MemoryRecords)
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, compression_type=compression, linger_ms=50)
    sent: list[tuple[bytes, list[tuple[str, bytes]]]] = []
    for batch in range(4):
        for n in range(50):
            name = Octets("x") if batch in (1, 2) and n % 7 == 3 else "é"
            sent.append((b"%d-%d" % (batch, n), [("type", b"\xff"), (name, b"%d" % n)]))
            producer.send(topic, sent[-1][0], headers=sent[-1][1])
        producer.flush()
    producer.close()
    with pytest.raises(UnicodeDecodeError):
        read(kafka, topic, len(sent))
    headers.install()
    found = read(kafka, topic, len(sent))
    assert [record.offset for record in found] == list(range(len(sent)))
    shown = {"x": "a\\xff\\xfe"}
    assert [(r.value, [*r.headers]) for r in found] == [
        (value, [(shown.get(name, name), content) for name, content in named]) for value, named in sent
    ]
