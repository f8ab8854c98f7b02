"""What every answer of the console says to the browser beside itself: what it may load, keep and send."""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def headers(provider: str | None, *, secure: bool) -> dict[str, str]:
    """The headers of every answer: forms may lead to the provider (an origin), to log out there; by TLS, to come by TLS
    only.
    """
    made = dict(HEADERS)
    if provider is not None:
        policy = made["Content-Security-Policy"]
        made["Content-Security-Policy"] = policy.replace("form-action", f"form-action {provider}")
    if secure:
        made["Strict-Transport-Security"] = "max-age=31536000"
    return made


class WithHeaders:
    """The same headers on every answer."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, with_headers)
