"""Sends messages by HTTP POST, signed; to where the subscription says, and nowhere else.

Redirects are not followed. What is not HTTPS goes to this machine alone, unless the subscription is `insecure`; no
message goes to link-local addresses, where clouds keep their secrets. The address is that of the connection made, so
that no answer of a name server comes in between.
"""

import http.client
import ipaddress
import ssl
from collections.abc import Callable, Sequence
from contextlib import closing
from urllib.parse import urlsplit

from alerts.notify.delivery import Undelivered
from alerts.notify.message import Message, body
from alerts.notify.signature import HEADER, signature
from alerts.notify.subscriptions import Subscription

LONGEST_ANSWER_BYTES = 64_000


class Webhook:
    """One subscription's endpoint. `clock` gives Unix seconds; `trusted` are the authorities of certificates."""

    def __init__(
        self,
        name: str,
        subscription: Subscription,
        secrets: Sequence[bytes],
        console: str | None,
        *,
        timeout_seconds: float,
        trusted: ssl.SSLContext,
        clock: Callable[[], float],
    ) -> None:
        self._name = name
        self._subscription = subscription
        self._secrets = secrets
        self._console = console
        self._timeout = timeout_seconds
        self._trusted = trusted
        self._clock = clock
        self._url = urlsplit(subscription.url)

    def send(self, message: Message) -> None:
        """Send once; only an answer of 200 to 299 says that it was taken."""
        content = body(message, self._name, self._subscription.language, self._console)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "vigie",
            "Vigie-Id": message.id,
            HEADER: signature(content, self._secrets, int(self._clock())),
        }
        target = self._url.path or "/"
        if self._url.query:
            target += f"?{self._url.query}"
        try:
            with closing(self._connection()) as connection:
                connection.connect()
                self._check(connection)
                connection.request("POST", target, content, headers)
                answer = connection.getresponse()
                answer.read(LONGEST_ANSWER_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise Undelivered(f"{self._shown}: {type(error).__name__} {error}") from error
        if not 200 <= answer.status < 300:
            raise Undelivered(f"{self._shown}: answered {answer.status}")

    @property
    def _shown(self) -> str:
        """The endpoint without its path, which may hold a token."""
        return f"{self._url.scheme}://{self._url.netloc}"

    def _connection(self) -> http.client.HTTPConnection:
        assert self._url.hostname
        if self._url.scheme == "https":
            return http.client.HTTPSConnection(
                self._url.hostname, self._url.port, timeout=self._timeout, context=self._trusted
            )
        return http.client.HTTPConnection(self._url.hostname, self._url.port, timeout=self._timeout)

    def _check(self, connection: http.client.HTTPConnection) -> None:
        address = connection.sock.getpeername()[0]
        problem = why_not(self._url.scheme, address, insecure=self._subscription.insecure)
        if problem:
            raise Undelivered(f"{self._shown}: {problem}")


def why_not(scheme: str, address: str, *, insecure: bool) -> str | None:
    """Why no message goes to an address (an IP, as of a connection); None: it may."""
    found = ipaddress.ip_address(address.partition("%")[0])
    found = getattr(found, "ipv4_mapped", None) or found
    if found.is_link_local or found.is_multicast or found.is_unspecified:
        return f"leads to {found}, where no message goes"
    if scheme == "http" and not found.is_loopback and not insecure:
        return f"not HTTPS, and {found} is another machine"
    return None
