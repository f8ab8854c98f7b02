"""The weather is what it says: else a test of a storm would prove nothing."""

import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from tests.faults.proxy import SLOW_SECONDS, Proxy

SECONDS = 0.3
"""How long nothing must come for it to count as silence."""


class Echo(socketserver.BaseRequestHandler):
    """Answers with what it is told, and keeps it."""

    heard: bytearray

    def handle(self) -> None:
        while piece := self.request.recv(4096):
            self.heard.extend(piece)
            self.request.sendall(piece)


@pytest.fixture
def heard() -> bytearray:
    return bytearray()


@pytest.fixture
def proxy(heard: bytearray) -> Iterator[Proxy]:
    handler = type("Handler", (Echo,), {"heard": heard})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with Proxy(server.server_address[1]) as proxy:
            yield proxy
        server.shutdown()


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with connected(proxy) as client:
        yield client


def connected(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), 5)


def said(client: socket.socket, text: bytes) -> bytes | None:
    """The answer to some bytes; None where none comes, nothing where the connection ends."""
    client.settimeout(SECONDS)
    try:
        client.sendall(text)
        return client.recv(4096)
    except TimeoutError:
        return None
    except ConnectionError:
        return b""


def test_fair(client: socket.socket) -> None:
    assert said(client, b"hello") == b"hello"
    assert said(client, b"again") == b"again"


def test_slow_comes_later_and_whole(proxy: Proxy, client: socket.socket) -> None:
    proxy.turn("slow")
    client.settimeout(5)
    began = time.monotonic()
    client.sendall(b"hello")
    assert client.recv(4096) == b"hello"
    assert time.monotonic() - began > 1.9 * SLOW_SECONDS


def test_cut_resets_and_refuses_until_it_is_fair(proxy: Proxy, client: socket.socket) -> None:
    assert said(client, b"hello") == b"hello"
    proxy.turn("cut")
    assert said(client, b"hello") == b""
    with pytest.raises(ConnectionRefusedError):
        connected(proxy)
    proxy.turn("fair")
    with connected(proxy) as other:
        assert said(other, b"hello") == b"hello"


def test_silent_takes_connections_and_lets_nothing_through(
    proxy: Proxy, client: socket.socket, heard: bytearray
) -> None:
    assert said(client, b"before") == b"before"
    proxy.turn("silent")
    assert said(client, b"lost") is None
    with connected(proxy) as other:
        assert said(other, b"lost") is None
        assert heard == b"before"
        proxy.turn("fair")
        # A stream with a hole must not go on.
        assert said(other, b"after") == said(client, b"after") == b""
    assert heard == b"before"


def test_deaf_lets_the_server_hear_what_is_never_answered(
    proxy: Proxy, client: socket.socket, heard: bytearray
) -> None:
    proxy.turn("deaf")
    assert said(client, b"one") is None
    assert said(client, b"two") is None
    assert heard == b"onetwo"
    proxy.turn("fair")
    assert said(client, b"three") == b""
    assert heard == b"onetwo"


def test_a_server_that_is_away_closes_what_comes(proxy: Proxy) -> None:
    proxy.target = 1
    with connected(proxy) as client:
        assert said(client, b"hello") == b""
