"""TLS before a server that speaks none: the embedded Valkey is built without it."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deploy.ports import LOOPBACK, free_ports


@contextmanager
def tls_front(target: int, served: Path) -> Iterator[int]:
    """Listen with a key and certificate (PEM), and carry to a port of this machine; gives the port to connect to."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(served)
    (port,) = free_ports(1)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(_listening(target, port, context), loop).result(10)
    try:
        yield port
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _listening(target: int, port: int, context: ssl.SSLContext) -> asyncio.Server:
    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, server = await asyncio.open_connection(LOOPBACK, target)
        up, down = asyncio.create_task(_pump(reader, server)), asyncio.create_task(_pump(answers, writer))
        with suppress(asyncio.CancelledError):
            await asyncio.wait([up, down])

    return await asyncio.start_server(carry, LOOPBACK, port, ssl=context)


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while piece := await source.read(65536):
            sink.write(piece)
            await sink.drain()
    except OSError:
        pass
    finally:
        sink.close()


async def _close(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
