import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from streams.partition_tasks import IDLE_SECONDS, LEAST_TURNS, MANY_RECORDS, MOST_TURNS, TURN_SECONDS, PartitionTasks


@dataclass
class Message:
    partition: int
    number: int = 0


@dataclass
class Bench:
    """Work that takes as long as the test wants, and what became of it."""

    open: asyncio.Event = field(default_factory=asyncio.Event)
    """Whether partition 0 may go on; the others always may."""
    closed: bool = False
    begun: list[Message] = field(default_factory=list)
    ended: list[Message] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    def tasks(self, most: int = 3) -> PartitionTasks:
        return PartitionTasks(self.work, self.failed, lambda: self.closed, most)

    async def work(self, messages: Sequence[Message], records: Sequence[bytes]) -> None:
        assert {message.partition for message in messages} == {messages[0].partition}
        self.sizes.append(len(records))
        self.begun += messages
        if messages[0].partition == 0:
            await self.open.wait()
        if messages[0].number < 0:
            raise ValueError(messages[0].number)
        self.ended += messages

    async def failed(self, error: Exception) -> None:
        self.errors.append(error)


def run(test: Callable[[Bench], Awaitable[None]]) -> None:
    async def within() -> None:
        await asyncio.wait_for(test(Bench()), 10)

    asyncio.run(within())


async def turns(count: int = 50) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_a_partition_s_order_is_kept_and_others_do_not_wait_for_it() -> None:
    async def test(b: Bench) -> None:
        tasks = b.tasks()
        for message in (Message(0, 0), Message(1, 0), Message(0, 1), Message(1, 1)):
            await tasks.put(message, [b""])
            await turns()
        assert b.ended == [Message(1, 0), Message(1, 1)]
        assert b.begun[0] == Message(0, 0)
        assert Message(0, 1) not in b.begun
        b.open.set()
        await turns()
        assert b.ended[2:] == [Message(0, 0), Message(0, 1)]

    run(test)


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_left_out(seed: int) -> None:
    async def test(b: Bench) -> None:
        random, tasks = Random(seed), b.tasks()
        b.open.set()
        messages = [Message(random.randrange(3), n) for n in range(60)]
        for message in messages:
            await tasks.put(message, [b""] * random.randrange(1, 5))
            await turns(random.randrange(3))
        await turns(500)
        for partition in range(3):
            of = [m for m in messages if m.partition == partition]
            assert [m for m in b.ended if m.partition == partition] == of

    run(test)


def test_a_full_partition_holds_whoever_puts_more_into_it() -> None:
    async def test(b: Bench) -> None:
        tasks = b.tasks(most=3)
        for number in range(3):
            await tasks.put(Message(0, number), [b""] * 2)
            await turns()
        # One is being worked on, two wait with more records than may.
        last = asyncio.create_task(tasks.put(Message(0, 3), [b""]))
        await turns()
        assert not last.done()
        b.open.set()
        await last
        await turns()
        assert [m.number for m in b.ended] == [0, 1, 2, 3]

    run(test)


def test_what_waits_is_worked_on_together_up_to_so_many_records() -> None:
    async def test(b: Bench) -> None:
        tasks = b.tasks(most=5)
        await tasks.put(Message(0, 0), [b""])
        await turns()
        for number in range(1, 5):
            await tasks.put(Message(0, number), [b""] * 2)
            if number == 3:
                b.open.set()
                await turns()
        await turns()
        assert b.sizes == [1, 4, 2, 2]
        # A message is never cut, however large.
        await tasks.put(Message(0, 5), [b""] * 9)
        await turns()
        assert b.sizes[4:] == [9]
        assert [m.number for m in b.ended] == list(range(6))

    run(test)


def compute(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


async def turns_between(batches: int, work_seconds: float, others_seconds: float) -> list[int]:
    """How many turns others have between batches of a partition each, where work and their turns take so long."""
    passed, begun = 0, []

    async def others() -> None:
        nonlocal passed
        while True:
            passed += 1
            compute(others_seconds)
            await asyncio.sleep(0)

    async def work(_messages: Sequence[Message], _records: Sequence[bytes]) -> None:
        begun.append(passed)
        compute(work_seconds)

    tasks = PartitionTasks(work, Bench().failed, lambda: False, 3)
    counting = asyncio.create_task(others())
    for partition in range(batches):
        await tasks.put(Message(partition), [b""])
    await turns(200)
    counting.cancel()
    assert len(begun) == batches
    return [later - earlier for earlier, later in pairwise(begun)]


@pytest.mark.parametrize("busy", [True, False], ids=["who have something to do", "who have nothing to do"])
def test_between_two_batches_the_loop_has_turns_for_others(busy: bool) -> None:
    async def test(_: Bench) -> None:
        between = await turns_between(3, 2 * MOST_TURNS * TURN_SECONDS, 3 * IDLE_SECONDS if busy else 0)
        assert min(between) >= MOST_TURNS if busy else min(between) < MOST_TURNS / 2

    run(test)


def test_small_batches_need_not_make_way_each() -> None:
    async def test(_: Bench) -> None:
        between = await turns_between(12, TURN_SECONDS * LEAST_TURNS * 0.4, 3 * IDLE_SECONDS)
        # Three together hold the loop for long enough; on a machine that is interrupted, two.
        assert sum(turns < LEAST_TURNS for turns in between) >= 5
        assert sum(turns >= LEAST_TURNS for turns in between) >= 2

    run(test)


@pytest.mark.parametrize("many", [True, False])
def test_what_comes_to_a_free_loop_makes_way_for_others_where_it_is_much(many: bool) -> None:
    """For the request that the work on it is to overlap with."""

    async def test(_: Bench) -> None:
        told: list[str] = []

        async def work(*_: Any) -> None:
            told.append("work")

        async def request() -> None:
            compute(3 * IDLE_SECONDS)
            told.append("request")

        tasks = PartitionTasks(work, failed, lambda: False, 1_000)
        await asyncio.sleep(0.01)
        await tasks.put(Message(0), [b""] * (MANY_RECORDS if many else MANY_RECORDS - 1))
        requesting = asyncio.create_task(request())
        await turns()
        await requesting
        assert told == (["request", "work"] if many else ["work", "request"])

    async def failed(error: Exception) -> None:
        raise error

    run(test)


def test_what_is_offered_is_taken_where_there_is_room() -> None:
    async def test(b: Bench) -> None:
        tasks = b.tasks(most=3)
        assert [tasks.offer(Message(0, n), [b""] * 2) for n in range(4)] == [True, True, False, False]
        assert tasks.offer(Message(1, 0), [b""])
        b.open.set()
        await turns()
        assert tasks.offer(Message(0, 2), [b""])
        await turns()
        assert [m.number for m in b.ended if m.partition == 0] == [0, 1, 2]
        b.closed = True
        assert tasks.offer(Message(0, 3), [b""]), "nobody is to wait for room that there will not be"
        await turns()
        assert len(b.ended) == 4

    run(test)


def test_settling_finishes_what_has_begun_and_forgets_the_rest() -> None:
    async def test(b: Bench) -> None:
        tasks = b.tasks(most=1)
        for number in range(2):
            await tasks.put(Message(0, number), [b""] * 2)
            await turns()
        held = asyncio.create_task(tasks.put(Message(0, 2), [b""]))
        await turns()
        b.closed = True
        settling = asyncio.create_task(tasks.settle())
        await held
        await turns()
        assert not settling.done()
        b.open.set()
        await settling
        await tasks.put(Message(1, 3), [b""])
        await turns()
        assert b.begun == b.ended == [Message(0, 0)]
        b.closed = False
        await tasks.put(Message(0, 4), [b""])
        await turns()
        assert b.ended[1:] == [Message(0, 4)]

    run(test)


def test_the_first_failure_is_told_and_nothing_goes_on() -> None:
    """Going on would pass the batch over; other partitions stop as well, since the worker is about to end."""

    async def test(b: Bench) -> None:
        tasks = b.tasks()
        b.open.set()
        await tasks.put(Message(1, -1), [b""])
        await tasks.put(Message(1, 5), [b""])
        await turns()
        await tasks.put(Message(2, 6), [b""])
        await turns()
        await tasks.settle()
        assert [str(error) for error in b.errors] == ["-1"]
        assert b.ended == []

    run(test)
