"""Real endpoints for the tests: an HTTP server that does as told, and a mail server with STARTTLS and a login."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.certificates import Certificate


class Received(NamedTuple):
    """A request: its path, headers and body."""

    path: str
    headers: dict[str, str]
    body: bytes


class Endpoint:
    """`answer` gives the status of each request; 0 lets it wait until the server closes."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/vigie?token=t0ken"
        self.received: list[Received] = []
        self.arrived = threading.Event()
        self.closing = threading.Event()
        self.answer: Callable[[Received], int] = lambda _: 204


@contextmanager
def endpoint(
    answer: Callable[[Received], int] | None = None, certificate: Certificate | None = None
) -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            request = Received(self.path, dict(self.headers.items()), self.rfile.read(length))
            made.received.append(request)
            made.arrived.set()
            status = made.answer(request)
            if not status:
                made.closing.wait(30)
                return
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = False
        if certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate.served)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        made = Endpoint(server.server_address[1])
        if certificate:
            made.url = made.url.replace("http:", "https:")
        if answer:
            made.answer = answer
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield made
        finally:
            made.closing.set()
            server.shutdown()
            thread.join()


class Post:
    """The mails that a server took; `refusals` is how many it answers with 451 first."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refusals = 0
        self.port = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the library's name
        if self.refusals:
            self.refusals -= 1
            return "451 try again"
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@contextmanager
def mail_server(certificate: Certificate, port: int, user: str, password: str) -> Iterator[Post]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.served)

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (user.encode(), password.encode()), handled=False)

    post = Post()
    post.port = port
    controller = Controller(
        post,
        hostname="127.0.0.1",
        port=port,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=authenticate,
    )
    controller.start()
    try:
        yield post
    finally:
        controller.stop()
