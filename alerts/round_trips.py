"""Commands to Redis and their answers, many in one round trip, on a connection of one's own.

redis-py's pipeline does more: a pool and its locks, a task to send, a timer an answer, counts for whoever observes it.
Of one or two commands that costs more than they do.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import hiredis
import redis

from alerts.connect import connect_async
from alerts.scripts import Command

TIMED_TOGETHER = 50
"""Answers that share a timer: to set it costs as much as to read some."""


class RoundTrips:
    """Await one `send` before the next, and `close` at the end."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        """`timeout_seconds` is how long the server may take to be reached, to have all, and then for the next answers.

        Raises UnusableInput if the URL is none.
        """
        self._client = connect_async(url, timeout_seconds)
        self._connection = self._pool().make_connection()
        self._timeout_seconds = timeout_seconds

    async def send(self, commands: Sequence[Command]) -> list[Any]:
        """An answer a command, in order; an error of the server's is one too.

        Raises RedisError where the connection fails, or the server is not there yet; the next call makes it anew.
        Which of the commands were done is not known then.
        """
        try:
            await self._connect()
            async with asyncio.timeout(self._timeout_seconds) as limit:
                await self._connection.send_packed_command(packed(commands), check_health=False)
                return await self._answers([name for name, *_ in commands], limit)
        except TimeoutError:
            await self._connection.disconnect(nowait=True)
            raise redis.TimeoutError(f"no answer within {self._timeout_seconds:g} s") from None
        except BaseException:
            await self._connection.disconnect(nowait=True)
            raise

    async def close(self) -> None:
        """Closes the connection."""
        await self._connection.disconnect()
        await self._client.aclose()

    def _pool(self) -> Any:
        # redis-py has no types for it.
        return self._client.connection_pool

    async def _connect(self) -> None:
        """Make the connection, unless it is there still: redis-py times that, Sentinel by Sentinel, and no more."""
        self._connection.socket_timeout = self._timeout_seconds
        await self._pool().ensure_connection(self._connection)
        self._connection.socket_timeout = None

    async def _answers(self, names: Sequence[Any], limit: asyncio.Timeout) -> list[Any]:
        answers: list[Any] = []
        for start in range(0, len(names), TIMED_TOGETHER):
            limit.reschedule(asyncio.get_running_loop().time() + self._timeout_seconds)
            answers += [await self._answer(name) for name in names[start : start + TIMED_TOGETHER]]
        return answers

    async def _answer(self, name: Any) -> Any:
        try:
            answer = await self._connection.read_response()
        except redis.ResponseError as error:
            return error
        as_usual = self._client.response_callbacks.get(name)
        return as_usual(answer) if as_usual else answer


def packed(commands: Sequence[Sequence[Any]]) -> list[bytes]:
    """The commands as bytes to be sent, in C. A name of several words (`SCRIPT LOAD`) is sent as several."""
    return [hiredis.pack_command((*str(name).split(), *of)) for name, *of in commands]
