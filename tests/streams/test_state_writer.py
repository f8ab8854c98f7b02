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
        self.refuse = False

    async def send_batches(self, topic: str, partition: int, records: Any, *, many: bool = False) -> list[Any]:
        assert topic == TOPIC
        if self.refuse:
            raise SendFailed("full")
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


def trial(body: Callable[[StateWriter[Firms], Log, dict[int, Firms]], Awaitable[None]], behind: bool = False) -> None:
    async def run() -> None:
        log, held = Log(), {0: [0] * 5000, 1: [0] * 5000}
        writer = StateWriter[Firms](
            log,  # type: ignore[arg-type]
            TOPIC,
            records=records,
            held=held.get,
            last=lambda _: [(b"~", b"all")] if behind else [],
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


async def begun(writer: StateWriter[Firms], held: dict[int, Firms]) -> None:
    """A month end of all rows of partition 0, being written behind."""
    async with writer.working(0):
        writer.changed(0, held[0], change(held[0], *range(len(held[0]))))
        await writer.write_behind(0)


def test_a_row_that_is_about_to_change_is_written_before_and_what_is_later_behind_all() -> None:
    async def body(writer: StateWriter[Firms], log: Log, held: dict[int, Firms]) -> None:
        await begun(writer, held)
        for _ in range(3):
            await asyncio.sleep(0)
        already = len(log.records)
        assert 0 < already < len(held[0])
        async with writer.working(0):
            await writer.before(0, lambda _: np.array([7, 4_900, 4_900, -1, 9_999], np.int32))
            assert log.records[already:] == [(0, b"4900", b"1")]
            writer.changed(0, held[0], change(held[0], 7, 4_900))
            await writer.write(0)
        month = log.records[: len(held[0])]
        assert sorted(int(key) for _, key, _ in month) == list(range(len(held[0])))
        assert {value for _, _, value in month} == {b"1"}
        assert log.records[len(held[0]) :] == [
            (0, b"~", b"all"),
            (0, b"7", b"2"),
            (0, b"4900", b"2"),
            (0, b"~", b"all"),
        ]

    trial(body, behind=True)


def test_a_commit_waits_for_a_month_end_and_others_go_on_meanwhile() -> None:
    async def body(writer: StateWriter[Firms], log: Log, held: dict[int, Firms]) -> None:
        log.open.clear()
        await begun(writer, held)
        commit = asyncio.create_task(writer.confirmed())
        async with writer.working(1):
            await writer.write(1)
        async with writer.working(0):
            await writer.before(0, lambda _: np.array([1], np.int32))
        await asyncio.sleep(0.05)
        assert not commit.done()
        log.open.set()
        await commit
        assert len(log.records) == len(held[0]) + 1

    trial(body, behind=True)


def test_of_a_month_end_that_has_gone_to_another_worker_nothing_more_is_written() -> None:
    async def body(writer: StateWriter[Firms], log: Log, held: dict[int, Firms]) -> None:
        await begun(writer, held)
        for _ in range(3):
            await asyncio.sleep(0)
        already = len(log.records)
        held[0] = [0] * 10
        await writer.confirmed()
        assert len(log.records) == already < 5_000
        async with writer.working(0):
            await writer.before(0, lambda state: np.arange(len(state), dtype=np.int32))
            writer.changed(0, held[0], change(held[0], 3))
        await writer.confirmed()
        assert log.records[already:] == [(0, b"3", b"1"), (0, b"~", b"all")]

    trial(body, behind=True)


def test_nothing_is_committed_behind_a_month_end_that_was_not_written() -> None:
    async def body(writer: StateWriter[Firms], log: Log, held: dict[int, Firms]) -> None:
        await begun(writer, held)
        log.refuse = True
        for _ in range(2):
            with pytest.raises(SendFailed, match="full"):
                await writer.confirmed()
        log.refuse = False
        async with writer.working(0):
            with pytest.raises(SendFailed, match="full"):
                await writer.write(0)
        assert (0, b"~", b"all") not in log.records

    trial(body, behind=True)
