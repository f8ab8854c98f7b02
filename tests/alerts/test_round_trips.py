import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis

from alerts.round_trips import TIMED_TOGETHER, RoundTrips, packed
from tests.alerts.server import free_port

LONG: Any = ("BLPOP", "nothing", 2)
"""Two seconds until it is answered."""


def with_trips(url: str, seconds: float, ask: Callable[[RoundTrips], Awaitable[None]]) -> None:
    async def run() -> None:
        trips = RoundTrips(url, seconds)
        try:
            await ask(trips)
        finally:
            await trips.close()

    asyncio.run(run())


def test_commands_are_packed_to_the_bytes_of_redis_py() -> None:
    commands = [("SCRIPT LOAD", "é"), ("EVALSHA", "a1", 2, "key é", b"\xff\r\n", -7, "", "x" * 10_000), ("PING",)]
    connection: Any = redis.Connection
    usual = connection().pack_commands(commands)
    assert b"".join(packed(commands)) == b"".join(usual)


def test_there_is_an_answer_a_command_in_order_and_an_error_is_one(client: redis.Redis, redis_url: str) -> None:
    many = 2 * TIMED_TOGETHER + 3

    async def ask(trips: RoundTrips) -> None:
        assert await trips.send([]) == []
        assert await trips.send([("SET", "word", "x"), ("XADD", "stream", "1-1", "a", "b")]) == [True, b"1-1"]
        told, wrong, known = await trips.send([("XRANGE", "stream", "-", "+"), ("INCR", "word"), ("GET", "word")])
        assert (told, known) == (client.xrange("stream"), b"x")
        assert isinstance(wrong, redis.ResponseError)
        assert await trips.send([("ECHO", n) for n in range(many)]) == [b"%d" % n for n in range(many)]

    with_trips(redis_url, 10, ask)


def test_after_an_answer_that_was_not_waited_for_comes_none_of_before(redis_url: str) -> None:
    async def late(trips: RoundTrips) -> None:
        with pytest.raises(redis.TimeoutError, match=r"0\.2 s"):
            await trips.send([("ECHO", "first"), LONG])
        assert await trips.send([("ECHO", "late")]) == [b"late"]

    async def cancelled(trips: RoundTrips) -> None:
        waiting = asyncio.create_task(trips.send([LONG]))
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await trips.send([("ECHO", "cancelled")]) == [b"cancelled"]

    with_trips(redis_url, 0.2, late)
    with_trips(redis_url, 10, cancelled)


def test_a_connection_that_has_ended_is_made_anew(client: redis.Redis, redis_url: str) -> None:
    async def ask(trips: RoundTrips) -> None:
        [number] = await trips.send([("CLIENT", "ID")])
        client.client_kill_filter(_id=str(number))
        await asyncio.sleep(0.1)
        [other] = await trips.send([("CLIENT", "ID")])
        assert other != number

    with_trips(redis_url, 10, ask)


def test_nobody_there() -> None:
    async def ask(trips: RoundTrips) -> None:
        for _ in range(2):
            with pytest.raises(redis.ConnectionError):
                await trips.send([("PING",)])

    with_trips(f"redis://127.0.0.1:{free_port()}/0", 10, ask)
