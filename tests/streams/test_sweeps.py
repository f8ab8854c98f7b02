"""Month ends between batches: one partition at a time, held back until the end."""

import asyncio
from collections.abc import Awaitable, Callable

from streams.sweeps import Sweeps


class Stretches:
    """Month ends of so many stretches each, as they are done."""

    def __init__(self, **left: int) -> None:
        self.left = {int(partition[1:]): number for partition, number in left.items()}
        self.done: list[int] = []
        self.paused = False
        self.failures: list[Exception] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.fails = -1

    async def go_on(self, partition: int) -> bool:
        await self.gate.wait()
        if partition == self.fails:
            raise ValueError("no broker")
        self.done.append(partition)
        self.left[partition] -= 1
        return self.left[partition] > 0

    async def failed(self, error: Exception) -> None:
        self.failures.append(error)


def trial(body: Callable[[Sweeps, Stretches], Awaitable[None]], **left: int) -> None:
    async def run() -> None:
        stretches = Stretches(**left)
        sweeps = Sweeps(stretches.go_on, stretches.failed, lambda: stretches.paused)
        try:
            await asyncio.wait_for(body(sweeps, stretches), 5)
        finally:
            await sweeps.stop()

    asyncio.run(run())


async def until(there: Callable[[], bool]) -> None:
    while not there():
        await asyncio.sleep(0.001)


def test_one_partition_after_the_other_and_each_is_held_back_until_its_end() -> None:
    async def body(sweeps: Sweeps, stretches: Stretches) -> None:
        for partition in (3, 1, 3):
            sweeps.start(partition)
        assert (sweeps.holds(3), sweeps.holds(1), sweeps.holds(2)) == (True, True, False)
        while sweeps.holds(3) or sweeps.holds(1):
            assert sweeps.holds(3) or not stretches.left[3]
            assert sweeps.holds(1) or not stretches.left[1]
            await asyncio.sleep(0)
        assert stretches.done == [3, 3, 3, 1, 1]

    trial(body, p3=3, p1=2)


def test_others_have_a_turn_between_two_stretches() -> None:
    async def body(sweeps: Sweeps, stretches: Stretches) -> None:
        sweeps.start(1)
        turns = 0
        while sweeps.holds(1):
            await asyncio.sleep(0)
            turns += 1
        assert turns >= 20

    trial(body, p1=20)


def test_while_it_is_paused_nothing_is_begun_and_what_was_begun_is_waited_for() -> None:
    async def body(sweeps: Sweeps, stretches: Stretches) -> None:
        stretches.gate.clear()
        sweeps.start(1)
        await asyncio.sleep(0.01)
        stretches.paused = True
        settled = asyncio.create_task(sweeps.settle())
        await asyncio.sleep(0.01)
        assert not settled.done()
        stretches.gate.set()
        await settled
        await asyncio.sleep(0.03)
        assert stretches.done == [1]
        assert sweeps.holds(1)
        stretches.paused = False
        await until(lambda: not sweeps.holds(1))
        assert stretches.done == [1, 1, 1]

    trial(body, p1=3)


def test_what_fails_is_told_once_and_its_partition_stays_held_back() -> None:
    async def body(sweeps: Sweeps, stretches: Stretches) -> None:
        stretches.fails = 1
        for partition in (1, 2):
            sweeps.start(partition)
        await until(lambda: bool(stretches.failures))
        assert [str(error) for error in stretches.failures] == ["no broker"]
        assert sweeps.holds(1)
        await until(lambda: not sweeps.holds(2))
        assert stretches.done == [2]
        assert sweeps.holds(1)

    trial(body, p1=3, p2=1)


def test_stopped_it_leaves_the_rest() -> None:
    async def body(sweeps: Sweeps, stretches: Stretches) -> None:
        for partition in (1, 2):
            sweeps.start(partition)
        await until(lambda: len(stretches.done) > 2)
        await sweeps.stop()
        done = len(stretches.done)
        await asyncio.sleep(0.01)
        assert len(stretches.done) == done < 2_000
        assert sweeps.holds(1)

    trial(body, p1=1_000, p2=1_000)
