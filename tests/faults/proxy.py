"""A network that misbehaves when told to: a TCP proxy between clients and one server of this machine."""

import asyncio
import socket
import threading
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self

from deploy.ports import LOOPBACK, free_ports

Weather = Literal["fair", "slow", "cut", "silent", "deaf"]
"""What befalls the bytes.

fair     they pass
slow     each piece comes later, both ways
cut      connections are reset, new ones are refused
silent   connections stay open, new ones are taken, and nothing comes out at the other end: half open
deaf     what clients say reaches the server, and its answers reach nobody
"""
SLOW_SECONDS = 0.1
PIECE_BYTES = 64 * 1024


@dataclass(eq=False)
class _Connection:
    """Both ends of a client's connection; `torn` once bytes of it were lost, so that it cannot go on."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter | None = None
    torn: bool = False

    def abort(self) -> None:
        for end in (self.client, self.server):
            if end is not None:
                end.transport.abort()


class Proxy:
    """Listens on `port` and carries to `target`, in a thread of its own. A context manager, fair at first."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_ports(1)[0]
        self.weather: Weather = "fair"
        self._connections: set[_Connection] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self._listening: socket.socket | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{target}", daemon=True)

    @property
    def address(self) -> str:
        """host:port, as clients take it."""
        return f"{LOOPBACK}:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self.turn("fair")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def turn(self, weather: Weather) -> None:
        """Change the weather, and return once it has: of what was sent before, some may be under way."""
        self._run(self._turn(weather))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    # All below runs in the proxy's own thread.

    async def _turn(self, weather: Weather) -> None:
        self.weather = weather
        for connection in [c for c in self._connections if weather == "cut" or (weather == "fair" and c.torn)]:
            connection.abort()
        if weather == "cut":
            self._deafen()
        elif self._listening is None:
            self._listen()

    def _listen(self) -> None:
        self._listening = socket.create_server((LOOPBACK, self.port), backlog=128)
        self._listening.setblocking(False)
        self._loop.add_reader(self._listening, self._accept)

    def _deafen(self) -> None:
        if self._listening is not None:
            self._loop.remove_reader(self._listening)
            self._listening.close()
            self._listening = None

    def _accept(self) -> None:
        assert self._listening is not None, "it is being read"
        with suppress(BlockingIOError, ConnectionError):
            client, _ = self._listening.accept()
            task = self._loop.create_task(self._carry(client))
            self._carrying.add(task)
            task.add_done_callback(self._carrying.discard)

    async def _close(self) -> None:
        await self._turn("cut")
        await asyncio.gather(*self._carrying)

    async def _carry(self, client: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=client)
        connection = _Connection(writer)
        self._connections.add(connection)
        try:
            if self.weather == "cut":
                return
            if self.weather == "silent":
                connection.torn = True
                while await reader.read(PIECE_BYTES):
                    pass
                return
            answers, connection.server = await asyncio.open_connection(LOOPBACK, self.target)
            up = self._pump(connection, reader, connection.server, upwards=True)
            down = self._pump(connection, answers, writer, upwards=False)
            # Either end's closing closes both.
            tasks = [asyncio.create_task(up), asyncio.create_task(down)]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            connection.abort()
            await asyncio.gather(*tasks, return_exceptions=True)
        except OSError:
            pass
        finally:
            connection.abort()
            self._connections.discard(connection)

    async def _pump(
        self, connection: _Connection, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, upwards: bool
    ) -> None:
        while piece := await source.read(PIECE_BYTES):
            if self.weather == "slow":
                await asyncio.sleep(SLOW_SECONDS)
            if self.weather == "silent" or (self.weather == "deaf" and not upwards):
                connection.torn = True
            if not connection.torn or (self.weather == "deaf" and upwards):
                sink.write(piece)
                await sink.drain()
