import inspect
from collections.abc import Callable
from importlib import metadata
from operator import attrgetter
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import READ_UNCOMMITTED, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import ConsumerRecord

from streams import plain_records

FIELDS = ("offset", "timestamp", "timestamp_type", "key", "value", "checksum")


def test_aiokafka_is_the_one_that_this_was_written_against() -> None:
    assert metadata.version("aiokafka") == "0.14.0"
    assert "self._consumer_record(tp, record)" in inspect.getsource(PartitionRecords._unpack_records)
    assert "= PartitionRecords(" in inspect.getsource(fetcher)
    assert "self._value_deserializer" in inspect.getsource(AIOKafkaConsumer.start)


def read(of: type[PartitionRecords], decode: Callable[[bytes], Any] | None) -> list[Any]:
    batch = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 10_000)
    for n in range(3):
        batch.append(n, 1_700_000_000_000 + n, b"%d" % n or None, b"v%d" % n, [("type", b"x")] * n)
    data = MemoryRecords(bytes(batch.build()))
    return [*of(TopicPartition("t", 0), data, [], 1, None, decode, True, READ_UNCOMMITTED)]


def test_records_say_what_aiokafkas_own_do_but_for_where_they_lie() -> None:
    plain, own = read(plain_records.Plain, plain_records.as_read), read(PartitionRecords, None)
    fields = attrgetter(*FIELDS)
    assert [(*fields(r), [*r.headers]) for r in plain] == [(*fields(r), [*r.headers]) for r in own]
    assert [r.offset for r in plain] == [1, 2], "what lies before the asked offset is left out"
    assert not any(isinstance(r, ConsumerRecord) for r in plain)


def test_other_consumers_have_records_as_ever() -> None:
    for decode in (None, lambda value: value * 2):
        assert read(plain_records.Plain, decode) == read(PartitionRecords, decode)
    assert isinstance(read(plain_records.Plain, None)[0], ConsumerRecord)


def test_it_is_what_consumers_of_the_process_use(monkeypatch: pytest.MonkeyPatch) -> None:
    # Put back at the end.
    monkeypatch.setattr(fetcher, "PartitionRecords", PartitionRecords)
    plain_records.install()
    assert fetcher.PartitionRecords is plain_records.Plain
