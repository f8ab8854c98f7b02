import time

from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given
from hypothesis import strategies as st

from streams.packing import Batch, Packing

SIZE = 300
RECORDS = st.lists(
    st.tuples(st.none() | st.binary(min_size=9, max_size=9), st.binary(min_size=1, max_size=400)), max_size=30
)


def content(batch: Batch) -> list[tuple[bytes | None, bytes | None, int, tuple[tuple[str, bytes], ...]]]:
    # What the producer does with it, all but the sending.
    records = MemoryRecords(bytes(batch.builder._build()))
    return [(r.key, r.value, r.timestamp, tuple(r.headers)) for r in records.next_batch()]


@given(RECORDS)
def test_records_leave_in_order_in_batches_that_are_not_too_large(records: list[tuple[bytes | None, bytes]]) -> None:
    packing = Packing(lambda: BatchBuilder(SIZE, 0))
    batches = []
    for number, (key, value) in enumerate(records):
        full = packing.add(key, value, number, [("n", b"%d" % number)])
        assert packing
        if full is not None:
            batches.append(full)
    rest = packing.rest()
    assert not packing
    assert packing.rest() is None
    batches += [rest] if rest is not None else []
    counts = [batch.records for batch in batches]
    firsts = [batch.first_key for batch in batches]
    sizes = [batch.builder.size() for batch in batches]
    contents = [content(batch) for batch in batches]
    assert [len(found) for found in contents] == counts
    assert [found[0][0] for found in contents] == firsts
    assert all(size <= SIZE or count == 1 for size, count in zip(sizes, counts, strict=True))
    assert [record for found in contents for record in found] == [
        (key, value, number, (("n", b"%d" % number),)) for number, (key, value) in enumerate(records)
    ]


def test_a_record_of_no_headers_and_of_now() -> None:
    packing = Packing(lambda: BatchBuilder(SIZE, 0))
    before = int(time.time() * 1000)
    assert packing.add(b"key", None) is None
    (batch,) = [packing.rest()]
    assert batch is not None
    ((key, value, timestamp, headers),) = content(batch)
    assert (key, value, headers) == (b"key", None, ())
    assert before <= timestamp <= time.time() * 1000
