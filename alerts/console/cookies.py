"""The console's two cookies: the session's id, and what a login under way keeps."""

from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from alerts.console.settings import Settings

COOKIE = "vigie_session"
LOGIN_COOKIE = "vigie_login"


class Cookies:
    """They are HttpOnly, and Secure by TLS."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def read(self, request: Request, name: str) -> str:
        """A cookie's value; empty where the browser has none."""
        return request.cookies.get(self._settings.cookie(name), "")

    def put(
        self,
        response: Response,
        name: str,
        value: str,
        samesite: Literal["strict", "lax"] = "strict",
        seconds: int | None = None,
    ) -> None:
        """Have the browser keep a value, for so long at most."""
        settings = self._settings
        response.set_cookie(
            settings.cookie(name), value, seconds, path="/", httponly=True, secure=settings.secure, samesite=samesite
        )

    def forget(self, response: Response, name: str) -> None:
        """Have the browser drop it."""
        secure = self._settings.secure
        response.delete_cookie(self._settings.cookie(name), path="/", httponly=True, secure=secure, samesite="strict")
