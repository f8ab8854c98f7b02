"""Tokens: who may ask the API for what. Redis keeps a hash of each, from which the token cannot be made.

A token is `vigie_ID_SECRET`, the secret of 256 random bits, so that one SHA-256 is enough. Its holder acts as
`api:NAME`; a name is given once at a time.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

import msgspec
import redis
from redis.exceptions import RedisError

from alerts.masking import ALL_DATA, Data
from alerts.outage import translate
from alerts.routing import TOKENS_KEY
from alerts.scope import Person
from detectors.errors import UnusableInput

Right = Literal["read", "act", "export"]
RIGHTS: tuple[Right, ...] = get_args(Right)
LONGEST_DAYS = 366
NAME = re.compile(r"[a-z][a-z0-9.-]{0,59}")
_TOKEN = re.compile(r"vigie_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a token: nothing that lets anybody in."""

    id: str
    name: str
    departments: tuple[str, ...]
    rights: tuple[Right, ...]
    data: frozenset[Data] = ALL_DATA
    """What is not masked."""
    made_at: datetime
    expires_at: datetime
    digest: str
    """SHA-256 of the secret, in hexadecimal."""

    @property
    def person(self) -> Person:
        """Who asks, as the scope function knows them."""
        return Person(f"api:{self.name}", self.departments, "act" in self.rights, self.data)


def create(
    client: redis.Redis,
    name: str,
    departments: Sequence[str],
    rights: Sequence[Right],
    days: int,
    now: datetime,
    *,
    where: str,
    data: frozenset[Data] = ALL_DATA,
) -> tuple[str, Token]:
    """A new token, which nobody can be told again, and what is kept of it. Raises UnusableInput."""
    if not NAME.fullmatch(name):
        raise UnusableInput(f"{name!r} cannot be a name: small letters, digits, dots and hyphens, a letter first")
    if not 1 <= days <= LONGEST_DAYS:
        raise UnusableInput(f"a token lasts from 1 to {LONGEST_DAYS} days")
    if not departments:
        raise UnusableInput("say for which departments")
    if any(token.name == name and token.expires_at > now for token in listed(client, where=where)):
        raise UnusableInput(f"there is a token {name!r} already: revoke it first, or give another name")
    secret, token_id = secrets.token_urlsafe(32), secrets.token_hex(6)
    token = Token(
        id=token_id,
        name=name,
        departments=tuple(departments),
        rights=tuple(right for right in RIGHTS if right in {"read", *rights}),
        data=data,
        made_at=now,
        expires_at=now + timedelta(days=days),
        digest=_digest(secret),
    )
    _redis(client, where, "hset", TOKENS_KEY, token_id, msgspec.json.encode(token))
    return f"vigie_{token_id}_{secret}", token


def listed(client: redis.Redis, *, where: str) -> list[Token]:
    """Every token, expired ones too, by name."""
    found = _redis(client, where, "hgetall", TOKENS_KEY)
    return sorted((msgspec.json.decode(value, type=Token) for value in found.values()), key=lambda token: token.name)


def revoke(client: redis.Redis, token_id: str, *, where: str) -> bool:
    """Take a token away, at once; False where there is none."""
    return bool(_redis(client, where, "hdel", TOKENS_KEY, token_id))


def found(client: redis.Redis, text: str, now: datetime, *, where: str) -> Token | None:
    """The token that a text is; None where it is none, was revoked, or has expired."""
    parts = _TOKEN.fullmatch(text)
    if not parts:
        return None
    value = _redis(client, where, "hget", TOKENS_KEY, parts[1])
    if value is None:
        return None
    token = msgspec.json.decode(value, type=Token)
    is_it = hmac.compare_digest(token.digest, _digest(parts[2]))
    return token if is_it and now < token.expires_at else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _redis(client: redis.Redis, where: str, command: str, *arguments: Any) -> Any:
    try:
        return getattr(client, command)(*arguments)
    except RedisError as error:
        raise translate(error, where) from error
