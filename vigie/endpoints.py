"""What a worker or a console serves over HTTP: /metrics, /live, /ready and /health.

In threads of their own, so that an event loop that has stopped is told of as well.
"""

import socket
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any, Protocol
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

import msgspec
from prometheus_client import CollectorRegistry, make_wsgi_app

_OK, _UNAVAILABLE = "200 OK", "503 Service Unavailable"


class Health(Protocol):
    """What is told at /live and /ready; /health has all its fields as JSON."""

    @property
    def live(self) -> bool:
        """Whether to leave it running."""

    @property
    def ready(self) -> bool:
        """Whether to give it work."""

    @property
    def problems(self) -> list[str]:
        """In words."""


def serve(host: str, port: int, registry: CollectorRegistry, health: Callable[[], Health]) -> WSGIServer:
    """Serve from now until the process ends, or `shutdown`; each request asks for the health anew. Raises OSError."""
    metrics = make_wsgi_app(registry)

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path not in ("/live", "/ready", "/health"):
            return metrics(environ, start_response)
        seen = health()
        good = {"/live": seen.live, "/ready": seen.ready, "/health": seen.live and seen.ready}[path]
        body = msgspec.json.encode(seen) if path == "/health" else _words(path[1:], good, seen.problems)
        kind = "application/json" if path == "/health" else "text/plain; charset=utf-8"
        start_response(_OK if good else _UNAVAILABLE, [("Content-Type", kind), ("Cache-Control", "no-store")])
        return [body]

    class Server(ThreadingMixIn, WSGIServer):
        address_family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        daemon_threads = True

    server = make_server(host, port, answer, Server, handler_class=_Silent)
    threading.Thread(target=server.serve_forever, name="endpoints", daemon=True).start()
    return server


def _words(name: str, good: bool, problems: list[str]) -> bytes:
    return "\n".join([name if good else f"not {name}", *problems, ""]).encode()


class _Silent(WSGIRequestHandler):
    """Without a line in the log for each request."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""
