"""Redis clients from a URL, and how that URL may be shown."""

import re
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry

from alerts import sentinel
from detectors.errors import UnusableInput

HIDDEN = "redis://…"
_PASSWORD = re.compile(r"//[^@]*:[^@]*@|[?&]\w*password=", re.IGNORECASE)


def safe_url(url: str) -> str:
    """The URL without user and password; `redis://…` where it is too odd to tell them from the rest."""
    try:
        if sentinel.is_watched(url):
            return sentinel.shown(url)
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return HIDDEN
    if parts.scheme not in ("redis", "rediss", "unix") or "@" in parts.path + parts.query + parts.fragment:
        return HIDDEN
    if parts.scheme == "unix":
        return f"unix://{parts.path}"
    database = parts.path.strip("/")
    if not host or not host.isascii() or (database and not database.isdecimal()):
        return HIDDEN
    place = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{place}:{port or 6379}/{database or 0}"


def has_password(url: str) -> bool:
    """Whether a URL may hold a password, before the host or as a parameter; an odd one rather than not."""
    return _PASSWORD.search(url) is not None


def connect(url: str, timeout_seconds: float) -> redis.Redis:
    """A client for tools; connects at its first command. Raises UnusableInput if the URL is none."""
    settings = _settings(timeout_seconds, Retry(NoBackoff(), 0))
    if url.startswith("rediss"):
        settings["redis_connect_func"] = _greeted
    try:
        if sentinel.is_watched(url):
            return sentinel.watched(url).client(settings)
        return redis.Redis.from_url(url, **settings)
    except (ValueError, TypeError):
        raise _unusable(url) from None


def connect_async(url: str, timeout_seconds: float) -> redis.asyncio.Redis:
    """The same for asyncio; connects at its first command. Raises UnusableInput if the URL is none."""
    settings = _settings(timeout_seconds, redis.asyncio.retry.Retry(NoBackoff(), 0))
    try:
        if sentinel.is_watched(url):
            return sentinel.watched(url).async_client(settings)
        return redis.asyncio.Redis.from_url(url, **settings)
    except (ValueError, TypeError):
        raise _unusable(url) from None


def _greeted(connection: Any) -> None:
    """Have a new connection of TLS answer once, whatever it says.

    TLS 1.3 sends tickets behind its handshake. Where nothing was read after them (no password, database 0) redis-py,
    with hiredis, takes them for an answer that nobody asked for, and refuses the connection.
    """
    connection.on_connect()
    connection.send_command("PING", check_health=False)
    with suppress(redis.ResponseError):
        connection.read_response()


def _settings(timeout_seconds: float, retry: Any) -> dict[str, Any]:
    # RESP2 and no CLIENT SETINFO: the same answers from Redis 6.2 to Valkey 9, and no right asked beyond our commands.
    # No retry of the client's own: waiting is decided, counted and logged in one place, `outage`.
    return {
        "protocol": 2,
        "driver_info": None,
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": timeout_seconds,
        "retry": retry,
    }


def _unusable(url: str) -> UnusableInput:
    # The parser's own message may quote a part of the password.
    return UnusableInput(
        f"VIGIE_REDIS or --redis ({safe_url(url)}) is not a Redis URL: write "
        "redis://[user:password@]host:port/database (rediss:// for TLS, unix:///path for a socket, "
        "redis+sentinel://host:port,host:port/name/database for Sentinels), with the special characters of a password "
        "percent-encoded"
    )
