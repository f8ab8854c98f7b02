from aiokafka.producer.message_accumulator import BatchBuilder

from streams.lane import Lane
from streams.wire import Record

LINGER = 5.0


def record(size: int = 10) -> Record:
    return Record(b"123456789", b"x" * size, [], 0)


def lane() -> Lane:
    return Lane(3, lambda: BatchBuilder(1000, 0))


def test_what_has_just_begun_waits_for_more() -> None:
    waiting = lane()
    assert waiting.wait(0.0, LINGER) is None
    assert waiting.add(record(), 10.0)
    assert waiting.wait(10.0, LINGER) == LINGER
    assert not waiting.add(record(), 12.0)
    assert waiting.wait(12.0, LINGER) == 3.0
    assert waiting.wait(12.0, 0.0) == 0.0
    assert waiting.wait(20.0, LINGER) == 0.0
    assert waiting.take().records == 2
    assert waiting.wait(20.0, LINGER) is None


def test_what_is_full_leaves_first_and_at_once() -> None:
    waiting = lane()
    looks = [waiting.add(record(400), 10.0 + number) for number in range(5)]
    assert looks == [True, False, True, False, True]
    assert waiting.wait(14.0, LINGER) == 0.0
    assert [waiting.take().records for _ in range(2)] == [2, 2]
    # The last was begun when the one before it was full.
    assert waiting.wait(14.0, LINGER) == LINGER
    assert waiting.take().records == 1
