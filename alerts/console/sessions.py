"""Sessions, in Redis: several consoles serve the same people, and a restart keeps them logged in.

A session is a string of JSON under the SHA-256 of its id, so that who reads Redis cannot be anybody; it goes by itself
when its time is over, and at once when somebody deletes it. A set says which there are, for those who list and end
them. What a session may do is looked up each time it is used: `current` gives the person as they stand now, None for
one who is no longer known.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
import redis
from redis.exceptions import RedisError

from alerts.language import Language
from alerts.outage import translate
from alerts.routing import SESSIONS_KEY, session_key
from alerts.scope import Person

ID_BYTES = 16
"""128 bits that nobody can guess."""


class Kept(msgspec.Struct, kw_only=True):
    """A session as it lies in Redis. `csrf` must come with every form; moments are Unix seconds."""

    person: Person
    csrf: str
    began: float
    used: float
    language: Language | None = None
    """What was chosen on the page; None: what the browser asks for."""
    via: str = ""
    """The provider; empty for the login for trying out."""
    by_claims: bool = False
    """The person's rights are the provider's word at login, and no clearance file's."""
    id_token: str | None = None
    """The provider's, to log out there as well."""


class Session(Kept, kw_only=True):
    """Somebody who has logged in."""

    id: str


class Listed(NamedTuple):
    """A session as an administrator sees it: the beginning of its hash, who, since when, last used."""

    mark: str
    name: str
    began: datetime
    used: datetime


class Sessions:
    """Those that are open. Every method asks Redis, and raises RedisUnavailable or RedisRefused."""

    def __init__(
        self,
        client: redis.Redis,
        clock: Callable[[], float],
        *,
        where: str,
        idle_seconds: float,
        longest_seconds: float,
        via: str = "",
        current: Callable[[Person], Person | None] = lambda person: person,
    ) -> None:
        self._client: Any = client
        self._clock = clock
        self._where = where
        self._idle = idle_seconds
        self._longest = longest_seconds
        self._via = via
        self._current = current

    def begin(self, person: Person, *, by_claims: bool = False, id_token: str | None = None) -> Session:
        """A new session, with a new id."""
        now, csrf = self._clock(), secrets.token_urlsafe(ID_BYTES)
        kept = Kept(
            person=person, csrf=csrf, began=now, used=now, via=self._via, by_claims=by_claims, id_token=id_token
        )
        session_id = secrets.token_urlsafe(ID_BYTES)
        key = session_key(_hash(session_id))
        self._send(
            ("SET", key, msgspec.json.encode(kept), "PX", self._milliseconds(kept)),
            ("ZREMRANGEBYSCORE", SESSIONS_KEY, "-inf", now),
            ("ZADD", SESSIONS_KEY, now + self._longest, _hash(session_id)),
        )
        return Session(id=session_id, **msgspec.structs.asdict(kept))

    def used(self, session_id: str) -> Session | None:
        """The session of an id, which lasts longer by that; None where it is over."""
        session = self._open(session_id)
        if session is None:
            return None
        session.used = self._clock()
        return session if self.keep(session) else None

    def keep(self, session: Session) -> bool:
        """Write what has changed; False where the session was ended meanwhile, which it stays."""
        kept = Kept(**{name: getattr(session, name) for name in Kept.__struct_fields__})
        key = session_key(_hash(session.id))
        (done,) = self._send(("SET", key, msgspec.json.encode(kept), "XX", "PX", self._milliseconds(kept)))
        return done is not None

    def lasts(self, session: Session) -> bool:
        """Whether it is open and its person's rights are the same, without making it last longer."""
        found = self._open(session.id)
        return found is not None and found.person == session.person

    def end(self, session_id: str) -> None:
        """End a session; nothing where there is none."""
        if session_id:
            end(self._client, [_hash(session_id)], where=self._where)

    def _open(self, session_id: str) -> Session | None:
        if not session_id:
            return None
        (data,) = self._send(("GET", session_key(_hash(session_id))))
        kept = _decoded(data)
        now = self._clock()
        # Who chose to be somebody, for trying out, is not that person once there is a real login.
        if kept is None or kept.via != self._via or now - kept.used > self._idle or now - kept.began > self._longest:
            return None
        person = kept.person if kept.by_claims else self._current(kept.person)
        return None if person is None else Session(id=session_id, **{**msgspec.structs.asdict(kept), "person": person})

    def _milliseconds(self, kept: Kept) -> int:
        """How long Redis keeps it, at most."""
        left = min(kept.used + self._idle, kept.began + self._longest) - self._clock()
        return max(1, int(left * 1000))

    def _send(self, *commands: tuple[str | int | float | bytes, ...]) -> list[Any]:
        return _send(self._client, self._where, commands)


def listed(client: redis.Redis, *, where: str) -> list[Listed]:
    """The sessions that are open, by name."""
    (marks,) = _send(client, where, [("ZRANGE", SESSIONS_KEY, 0, -1)])
    values = _send(client, where, [("GET", session_key(mark.decode())) for mark in marks])
    found = [
        Listed(mark.decode(), kept.person.name, _moment(kept.began), _moment(kept.used))
        for mark, data in zip(marks, values, strict=True)
        if (kept := _decoded(data)) is not None
    ]
    return sorted(found, key=lambda item: (item.name, item.began))


def end(client: redis.Redis, marks: Iterable[str], *, where: str) -> None:
    """End sessions by the hashes of their ids; nothing where there are none."""
    for mark in marks:
        _send(client, where, [("DEL", session_key(mark)), ("ZREM", SESSIONS_KEY, mark)])


def _hash(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()


def _decoded(data: bytes | None) -> Kept | None:
    """None for what is no session of this version: its owner logs in again."""
    try:
        return None if data is None else msgspec.json.decode(data, type=Kept)
    except msgspec.DecodeError:
        return None


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _send(client: Any, where: str, commands: Iterable[tuple[str | int | float | bytes, ...]]) -> list[Any]:
    pipeline = client.pipeline(transaction=False)
    for command in commands:
        pipeline.execute_command(*command)
    try:
        return list(pipeline.execute())
    except RedisError as error:
        raise translate(error, where) from error
