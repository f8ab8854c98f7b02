"""The audit log: who read, changed or was refused what, append-only, each entry holding the hash of the one before.

An entry is one JSON object in the stream `vigie:audit`, with its SHA-256 beside it; the number and the hash of the last
one stand in a hash of their own, which is all that a writer may read. A script appends an entry only behind the one
that it was built on, so that racing writers make one chain. `alerts.audit_check` finds what was changed since.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

import msgspec
import redis
from redis.exceptions import RedisError

from alerts.outage import translate
from alerts.routing import AUDIT_HEAD_KEY, AUDIT_KEY
from alerts.scripts import Script

_APPEND = Script("audit")
PURGED = "audit.purge"
"""The action of the entry that a purge leaves; its object is the number and the hash of the last one removed."""
PAGE = 1000
_ASK = "?"
"""Builds on no entry there can be: the answer is the head."""

Outcome = Literal["done", "refused", "failed"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that somebody did, or was refused. No data of a firm beyond its SIREN: the log outlives its erasure."""

    actor: str
    """Who, as the system that let them in knows them."""
    action: str
    """What, as in `alert.show`."""
    object: str
    """To what, as in `alert:3f2a90c1d4e5b6a798012345`."""
    outcome: Outcome = "done"
    detail: str = ""


class Sealed(Entry, frozen=True, kw_only=True):
    """An entry in its place: `previous` is the hash of the entry before, empty for the first one, whose `seq` is 1."""

    seq: int
    at: datetime
    """Redis' clock."""
    previous: str


class Stored(NamedTuple):
    """An entry as it lies in Redis, whatever it is."""

    id: str
    entry: bytes
    hash: str


class Head(NamedTuple):
    """The number and the hash of the last entry, and Redis' time."""

    seq: int
    hash: str
    now: datetime


def record(client: redis.Redis, entry: Entry, *, where: str) -> Sealed:
    """Append an entry; on return it is there. Raises RedisUnavailable or RedisRefused: do not do the thing then."""
    return _append(client, entry, where, first_kept="")


def digest(entry: bytes) -> str:
    """The hash of an entry as it is stored."""
    return hashlib.sha256(entry).hexdigest()


def head(client: redis.Redis, *, where: str) -> Head:
    """Where the log ends."""
    try:
        return _head(_call(client, AUDIT_KEY, _ASK, "", "", "", ""))
    except RedisError as error:
        raise translate(error, where) from error


def stored(client: redis.Redis, *, where: str) -> Iterator[Stored]:
    """Every entry from the oldest on, as it lies there, page by page."""
    start = "-"
    while True:
        try:
            page: Any = client.xrange(AUDIT_KEY, min=start, count=PAGE)
        except RedisError as error:
            raise translate(error, where) from error
        for name, fields in page:
            yield Stored(name.decode(), fields.get(b"entry", b""), fields.get(b"hash", b"").decode(errors="replace"))
        if len(page) < PAGE:
            return
        start = "(" + page[-1][0].decode()


def purge(client: redis.Redis, actor: str, days: int, *, where: str) -> Sealed | None:
    """Remove the entries older than so many days; gives the entry that says so, None where there are none.

    The chain then begins with the first entry kept, whose `previous` is the hash that this entry names: a beginning
    that no purge tells of was cut off by somebody else. Check the chain first: what is removed cannot be checked later.
    """
    limit = head(client, where=where).now - timedelta(days=days)
    last: Stored | None = None
    for item in stored(client, where=where):
        if decode(item.entry).at >= limit:
            break
        last = item
    if last is None:
        return None
    entry = Entry(actor=actor, action=PURGED, object=f"{decode(last.entry).seq}:{last.hash}", detail=f"{days} days")
    milliseconds, _, number = last.id.partition("-")
    return _append(client, entry, where, first_kept=f"{milliseconds}-{int(number) + 1}")


def decode(entry: bytes) -> Sealed:
    """An entry from its bytes. Raises msgspec.DecodeError."""
    try:
        return msgspec.json.decode(entry, type=Sealed)
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from None


def seal(entry: Entry, place: Head) -> bytes:
    """The bytes of an entry behind that place."""
    sealed = Sealed(**msgspec.structs.asdict(entry), seq=place.seq + 1, at=place.now, previous=place.hash)
    return msgspec.json.encode(sealed)


def _append(client: redis.Redis, entry: Entry, where: str, *, first_kept: str) -> Sealed:
    try:
        answer = _call(client, AUDIT_KEY, _ASK, "", "", "", "")
        while True:
            # Somebody else may have been quicker: then the answer is the new head. One of all who try succeeds.
            place = _head(answer)
            data = seal(entry, place)
            answer = _call(client, AUDIT_KEY, place.hash, data, digest(data), place.seq + 1, first_kept)
            if not isinstance(answer, list):
                return decode(data)
    except RedisError as error:
        raise translate(error, where) from error


def _call(client: redis.Redis, *arguments: str | bytes | int) -> Any:
    (answer,) = _APPEND.run(client, [((AUDIT_HEAD_KEY,), arguments)])
    return answer


def _head(answer: Any) -> Head:
    seq, last, seconds, microseconds = answer
    now = datetime.fromtimestamp(int(seconds), UTC) + timedelta(microseconds=int(microseconds))
    return Head(int(seq), last.decode(), now)
