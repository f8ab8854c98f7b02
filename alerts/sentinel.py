"""A Redis that Sentinels watch: `redis+sentinel://user:password@host:26379,host:26379/NAME/0`.

User and password are the servers' own; those of the Sentinels, where they want any, stand behind as
`?sentinel_username=...&sentinel_password=...`. Each connection asks the Sentinels anew who is master, so that a client
finds the new one after a failover by itself.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

import redis
import redis.asyncio
from redis.connection import parse_url
from redis.sentinel import Sentinel

SCHEMES = {"redis+sentinel": "redis", "rediss+sentinel": "rediss"}
"""What such a URL begins with, and how its servers are spoken to."""
PORT = 26379

# redis-py has no types for these.
_Sentinel: Any = Sentinel
_AsyncSentinel: Any = redis.asyncio.Sentinel
_parse_url: Any = parse_url


@dataclass(frozen=True, repr=False)
class Watched:
    """Where the Sentinels are, and the name that they know the master by; no repr, as there are passwords in it."""

    sentinels: tuple[tuple[str, int], ...]
    name: str
    servers: dict[str, Any]
    """redis-py's own settings: user, password, database, TLS."""
    sentinels_own: dict[str, Any]

    def client(self, settings: dict[str, Any]) -> redis.Redis:
        """A client of the master; `settings` are redis-py's, for the Sentinels too."""
        own = settings | self.sentinels_own
        manager: Any = _Sentinel(self.sentinels, sentinel_kwargs=own, **settings, **self.servers)
        client: redis.Redis = manager.master_for(self.name)
        return client

    def async_client(self, settings: dict[str, Any]) -> redis.asyncio.Redis:
        """The same for asyncio."""
        own = settings | self.sentinels_own
        manager: Any = _AsyncSentinel(self.sentinels, sentinel_kwargs=own, **settings, **self.servers)
        client: redis.asyncio.Redis = manager.master_for(self.name, connection_pool_class=_Pool)
        return client


class _Pool(redis.asyncio.sentinel.SentinelConnectionPool):
    """Closes the connections to the Sentinels too, which redis-py leaves open."""

    async def aclose(self) -> None:
        await super().aclose()
        for sentinel in self.sentinel_manager.sentinels:
            await sentinel.aclose()


def is_watched(url: str) -> bool:
    """Whether a URL names Sentinels."""
    return url.partition("://")[0] in SCHEMES


def watched(url: str) -> Watched:
    """What a URL says. Raises ValueError where it is none of these."""
    parts = urlsplit(url)
    scheme, sentinels, (name, database) = SCHEMES[parts.scheme], _sentinels(parts), _place(parts)
    user, at, _ = parts.netloc.rpartition("@")
    servers: dict[str, Any] = _parse_url(f"{scheme}://{user}{at}localhost/{database}?{parts.query}")
    own = {option: servers.pop(f"sentinel_{option}", None) for option in ("username", "password")}
    for option in ("host", "connection_class"):
        servers.pop(option, None)
    if scheme == "rediss":
        servers["ssl"] = own["ssl"] = True
        own |= {option: value for option, value in servers.items() if option.startswith("ssl_")}
    return Watched(sentinels, name, servers, {option: value for option, value in own.items() if value is not None})


def shown(url: str) -> str:
    """The URL without users and passwords. Raises ValueError where it is none, or too odd to tell them apart."""
    parts = urlsplit(url)
    if "@" in parts.path + parts.query + parts.fragment or parts.fragment:
        raise ValueError("a user or password is not percent-encoded")
    places = ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in _sentinels(parts))
    return f"{parts.scheme}://{places}/{'/'.join(_place(parts))}"


def _sentinels(parts: SplitResult) -> tuple[tuple[str, int], ...]:
    found = []
    for text in parts.netloc.rpartition("@")[2].split(","):
        place = urlsplit(f"//{text}")
        if not place.hostname or not place.hostname.isascii() or place.path or place.username:
            raise ValueError("a Sentinel has no host")
        found.append((place.hostname, place.port or PORT))
    return tuple(found)


def _place(parts: SplitResult) -> tuple[str, str]:
    """The master's name and the database."""
    name, _, database = parts.path.strip("/").partition("/")
    if not name or not name.isascii() or not name.isprintable() or (database and not database.isdecimal()):
        raise ValueError("no name of a master")
    return name, database or "0"
