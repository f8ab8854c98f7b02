import gc
import inspect
import struct
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import READ_UNCOMMITTED, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import ConsumerRecord
from hypothesis import given
from hypothesis import strategies as st

from streams import plain_records
from streams.headers import Records

FIELDS = ("offset", "timestamp", "timestamp_type", "key", "value", "checksum")


def test_aiokafka_is_the_one_that_this_was_written_against() -> None:
    assert metadata.version("aiokafka") == "0.14.0"
    assert "self._consumer_record(tp, record)" in inspect.getsource(PartitionRecords._unpack_records)
    assert "= PartitionRecords(" in inspect.getsource(fetcher)
    assert "self._value_deserializer" in inspect.getsource(AIOKafkaConsumer.start)
    assert "records = res_or_error.getall(max_records)" in inspect.getsource(fetcher.Fetcher.fetched_records)


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


@dataclass
class State:
    """Of a partition, as aiokafka keeps it."""

    position: int
    paused: bool = False

    def consumed_to(self, position: int) -> None:
        self.position = position


def answer(batches: list[tuple[list[int], int, bool]]) -> bytes:
    """Batches of records with such gaps before each; behind the last so many are compacted away, or all are control."""
    data, base = b"", 0
    for gaps, behind, control in batches:
        builder, offset = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 10_000), -1
        for gap in gaps:
            offset += 1 + gap
            builder.append(offset, 0, None, b"%d" % (base + offset), [])
        batch = builder.build()
        struct.pack_into(">q", batch, 0, base)
        struct.pack_into(">i", batch, 23, offset + behind)
        if control:
            struct.pack_into(">h", batch, 21, 0x20)
        data += bytes(batch)
        base += offset + behind + 1
    return data


def taken(data: bytes, plain: bool, asked: int, most: list[int | None]) -> list[tuple[list[int], int, bool]]:
    """Offsets that each of several calls gives, the position behind them, and whether there is more."""
    of, kind = (plain_records.Plain, Records) if plain else (PartitionRecords, MemoryRecords)
    decode = plain_records.as_read if plain else None
    place, state = TopicPartition("t", 0), State(asked)
    records = of(place, kind(data), [], asked, None, decode, False, READ_UNCOMMITTED)
    assignment = SimpleNamespace(active=True, state_value=lambda _: state)
    result = FetchResult(place, assignment=assignment, partition_records=records, backoff=0)
    found = []
    for count in most:
        if result.has_more():
            offsets = [record.offset for record in plain_records.getall(result, count)]
            found.append((offsets, state.position, result.has_more()))
    return found


GAPS = st.lists(st.integers(0, 3), min_size=1, max_size=5)


@given(
    st.lists(st.tuples(GAPS, st.integers(0, 2), st.booleans()), min_size=1, max_size=4),
    st.integers(0, 8),
    st.lists(st.none() | st.integers(1, 6), max_size=12),
)
def test_any_number_at_a_time_it_takes_what_aiokafka_would(
    batches: list[tuple[list[int], int, bool]], asked: int, most: list[int | None]
) -> None:
    data = answer(batches)
    ours, theirs = (taken(data, plain, asked, [*most, None, None]) for plain in (True, False))
    assert [record for records, *_ in ours for record in records] == [o for records, *_ in theirs for o in records]
    assert ours[-1][1:] == theirs[-1][1:]
    for count, (offsets, position, _) in zip(most, ours, strict=False):
        assert count is None or len(offsets) <= count
        assert not offsets or position > offsets[-1]


def test_one_by_one_they_come_too() -> None:
    data = answer([([0, 1, 0], 0, False), ([0], 0, False)])
    records = plain_records.Plain(
        TopicPartition("t", 0), Records(data), [], 1, None, plain_records.as_read, False, READ_UNCOMMITTED
    )
    assert [(record.offset, records.next_fetch_offset) for record in records] == [(2, 3), (3, 4), (4, 5)]


def test_nothing_keeps_an_answer_that_was_taken() -> None:
    """It has some megabytes, and cycles of objects are looked for seldom."""
    place, state = TopicPartition("t", 0), State(0)
    records = plain_records.Plain(
        place, Records(answer([([0], 0, False)])), [], 0, None, plain_records.as_read, False, READ_UNCOMMITTED
    )
    held = weakref.ref(records)
    assignment = SimpleNamespace(active=True, state_value=lambda _: state)
    result = FetchResult(place, assignment=assignment, partition_records=records, backoff=0)
    del records
    gc.disable()
    try:
        assert len(plain_records.getall(result)) == 1
        assert held() is None
    finally:
        gc.enable()


def test_after_a_batch_that_is_corrupt_all_are_fetched_anew() -> None:
    builders = [DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 10_000) for _ in range(2)]
    for builder in builders:
        builder.append(0, 0, None, b"value", [])
    good, bad = (bytes(builder.build()) for builder in builders)
    state, place = State(0), TopicPartition("t", 0)
    records = plain_records.Plain(
        place, Records(good + bad[:-1] + b"x"), [], 0, None, plain_records.as_read, True, READ_UNCOMMITTED
    )
    assignment = SimpleNamespace(active=True, state_value=lambda _: state)
    result = FetchResult(place, assignment=assignment, partition_records=records, backoff=0)
    with pytest.raises(CorruptRecordException):
        plain_records.getall(result)
    assert plain_records.getall(result) == []
    assert (state.position, result.has_more()) == (0, False)


def test_other_consumers_have_records_as_ever() -> None:
    for decode in (None, lambda value: value * 2):
        assert read(plain_records.Plain, decode) == read(PartitionRecords, decode)
    assert isinstance(read(plain_records.Plain, None)[0], ConsumerRecord)


def test_it_is_what_consumers_of_the_process_use(monkeypatch: pytest.MonkeyPatch) -> None:
    # Put back at the end.
    monkeypatch.setattr(fetcher, "PartitionRecords", PartitionRecords)
    monkeypatch.setattr(FetchResult, "getall", FetchResult.getall)
    plain_records.install()
    assert fetcher.PartitionRecords is plain_records.Plain
    assert FetchResult.getall is plain_records.getall
