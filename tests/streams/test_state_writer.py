"""What reaches the changelog, when, and what never may."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import numpy as np
import pytest

from streams.errors import SendFailed
from streams.state_writer import Record, Rows, StateWriter

TOPIC = "changelog"
Firms = list[int]
"""A state: how often each row has changed."""


class Log:
    """Takes whole batches as an outbox does, and confirms them when told to."""

    def __init__(self) -> None:
        self.records: list[tuple[int, bytes, bytes | None]] = []
        self.awaited: list[asyncio.Future[None]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.told: list[Firms] = []
        self.room = asyncio.Event()
        self.room.set()

    async def send_batches(self, topic: str, partition: int, records: Any, *, many: bool = False) -> list[Any]:
        assert topic == TOPIC
        await self.room.wait()
        self.records += [(partition, key, value) for key, value in records]
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.awaited.append(future)
        return [future]

    async def settled(self, _topic: str, futures: list[asyncio.Future[None]]) -> None:
        await self.open.wait()
        for future in futures:
            if not future.done():
                future.set_result(None)


def records(state: Firms, rows: Rows) -> Iterator[Record]:
    for row in rows.tolist():
        yield b"%d" % row, b"%d" % state[row]


def change(state: Firms, *rows: int) -> Rows:
    for row in rows:
        state[row] += 1
    return np.array(rows, np.int32)


def trial(body: Callable[[StateWriter[Firms], Log, dict[int, Firms]], Awaitable[None]]) -> None:
    async def run() -> None:
        log, held = Log(), {0: [0] * 5000, 1: [0] * 5000}
        writer = StateWriter[Firms](
            log,  # type: ignore[arg-type]
            TOPIC,
            records=records,
            held=held.get,
            written=log.told.append,
        )
        await body(writer, log, held)

    asyncio.run(run())


def test_a_row_is_written_once_with_its_last_value() -> None:
    async def body(writer: StateWriter[Firms], log: Log, held: dict[int, Firms]) -> None:
        for rows in ((1, 4_000), (2,), (1, 2)):
            async with writer.working(0):
                writer.changed(0, held[0], change(held[0], *rows))
        assert log.records == []
        await writer.confirmed()
        assert log.records == [(0, b"1", b"2"), (0, b"2", b"2"), (0, b"4000", b"1")]
        await writer.confirmed()
        assert len(log.records) == 3
        async with writer.working(0):
            writer.changed(0, held[0], change(held[0], 1))
        await writer.confirmed()
        assert log.records[3:] == [(0, b"1", b"3")]

    trial(body)


def test_nothing_of_a_batch_is_written_before_its_effects_are_confirmed() -> None:
    async def body(writer: StateWriter[Firms], log: Log, held: dict[int, Firms]) -> None:
        async with writer.working(0):
            writer.changed(0, held[0], change(held[0], 1))
        async with writer.working(0):
            change(held[0], 1)  # The batch's alerts are on their way: row 1 must not be written as it is now.
            commit = asyncio.create_task(writer.confirmed())
            await asyncio.sleep(0.01)
            assert log.records == []
            assert not commit.done()
            writer.changed(0, held[0], np.array([1], np.int32))
        await commit
        assert log.records == [(0, b"1", b"2")]

    trial(body)


def test_a_commit_waits_for_no_partition_that_has_nothing_to_write() -> None:
    async def body(writer: StateWriter[Firms], log: Log, held: dict[int, Firms]) -> None:
        async with writer.working(0):
            writer.changed(0, held[0], change(held[0], 1))
        async with writer.working(0):
            await writer.write(0)
            async with writer.working(1):
                writer.changed(1, held[1], change(held[1], 7))
            await asyncio.wait_for(writer.confirmed(), 1)
        assert log.records == [(0, b"1", b"1"), (1, b"7", b"1")]

    trial(body)


def test_after_a_batch_that_failed_midway_nothing_of_its_partition_is_written_or_committed() -> None:
    async def body(writer: StateWriter[Firms], log: Log, held: dict[int, Firms]) -> None:
        async with writer.working(0):
            writer.changed(0, held[0], change(held[0], 1))

        async def failing() -> None:
            async with writer.working(0):
                change(held[0], 1)
                raise SendFailed("no broker")

        with pytest.raises(SendFailed, match="no broker"):
            await failing()
        with pytest.raises(SendFailed, match="partition 0 is not written"):
            await writer.confirmed()
        assert log.records == []

    trial(body)


def test_what_has_gone_to_another_worker_is_not_written() -> None:
    async def body(writer: StateWriter[Firms], log: Log, held: dict[int, Firms]) -> None:
        async with writer.working(0):
            writer.changed(0, held[0], change(held[0], 1))
        del held[0]
        await writer.confirmed()
        held[0] = [0] * 10
        async with writer.working(0):
            writer.changed(0, held[0], change(held[0], 3))
        await writer.confirmed()
        assert log.records == [(0, b"3", b"1")]

    trial(body)


def test_a_commit_waits_until_all_is_there() -> None:
    async def body(writer: StateWriter[Firms], log: Log, held: dict[int, Firms]) -> None:
        log.open.clear()
        async with writer.working(0):
            await writer.put(0, [(b"~clock", b"1")])
        commit = asyncio.create_task(writer.confirmed())
        await asyncio.sleep(0.01)
        assert not commit.done()
        log.open.set()
        await commit
        assert all(future.done() for future in log.awaited)

    trial(body)


def test_of_a_partition_held_back_nothing_is_written_and_no_commit_waits_for_it() -> None:
    async def body(writer: StateWriter[Firms], log: Log, held: dict[int, Firms]) -> None:
        for partition in (0, 1):
            async with writer.working(partition):
                writer.changed(partition, held[partition], change(held[partition], 3))
        async with writer.working(0):
            await asyncio.wait_for(writer.confirmed(lambda partition: partition == 0), 1)
        assert log.records == [(1, b"3", b"1")]
        await writer.confirmed()
        assert log.records[1:] == [(0, b"3", b"1")]

    trial(body)


def test_a_partition_that_comes_to_be_held_back_while_it_is_waited_for_is_not_written() -> None:
    async def body(writer: StateWriter[Firms], log: Log, held: dict[int, Firms]) -> None:
        async with writer.working(0):
            writer.changed(0, held[0], change(held[0], 3))
        holds = set[int]()
        async with writer.working(0):
            commit = asyncio.create_task(writer.confirmed(holds.__contains__))
            await asyncio.sleep(0.01)
            holds.add(0)
        await commit
        assert log.records == []

    trial(body)


def test_what_was_given_up_midway_is_written_later() -> None:
    async def body(writer: StateWriter[Firms], log: Log, held: dict[int, Firms]) -> None:
        log.room.clear()
        async with writer.working(0):
            writer.changed(0, held[0], change(held[0], 3, 4))
        commit = asyncio.create_task(writer.confirmed())
        await asyncio.sleep(0.01)
        commit.cancel()
        await asyncio.gather(commit, return_exceptions=True)
        log.room.set()
        await writer.confirmed()
        assert log.records[-2:] == [(0, b"3", b"1"), (0, b"4", b"1")]
        assert log.told == [held[0]]

    trial(body)


def test_a_state_all_of_which_is_written_is_told() -> None:
    async def body(writer: StateWriter[Firms], log: Log, held: dict[int, Firms]) -> None:
        async with writer.working(0):
            writer.changed(0, held[0], change(held[0], 3))
        assert log.told == []
        await writer.confirmed()
        assert log.told == [held[0]]

    trial(body)
