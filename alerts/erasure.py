"""A firm taken out of Redis: its alerts, and whatever is kept about it beside them.

Queues are otherwise never deleted from: a deleted entry leaves a hole in what a consumer group counts as its lag, and a
pending one that nobody can read. An erasure outweighs both. The ids of the erased alerts stay in `seen`: they tell
nothing, and keep a repeated delivery from bringing the alerts back.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import redis
from redis.exceptions import RedisError

from alerts.outage import translate
from alerts.routing import GLASS_KEYS, HELD_KEYS, patterns

PAGE = 1000
_PLACES = (*patterns("*"), GLASS_KEYS, HELD_KEYS)
"""Where firms stand: in every queue's keys, the canary's too, among broken glass, and in what notifiers hold."""


class Erased(NamedTuple):
    """What was taken away: entries of streams and lists, and keys or members of others."""

    entries: int
    others: int


def erase(client: redis.Redis, siren: str, *, where: str) -> Erased:
    """Take a firm out of all that is about firms; a kill leaves a part, and doing it again takes the rest.

    What belongs to a firm is found by form, so that it holds for keys added later: entries of streams and lists that
    name it in a field, keys that have it as a part of their names, members and fields of that name or that begin with
    it. Raises RedisUnavailable or RedisRefused.
    """
    entries = others = 0
    try:
        for key in _keys(client):
            if siren.encode() in key.split(b":"):
                others += int(client.delete(key))
                continue
            kind: Any = client.type(key)
            if kind == b"stream":
                entries += _erase_entries(client, key, siren.encode())
            elif kind == b"list":
                entries += _erase_elements(client, key, siren.encode())
            else:
                others += _erase_members(client, key, kind, siren.encode())
    except RedisError as error:
        raise translate(error, where) from error
    return Erased(entries, others)


def _keys(client: redis.Redis) -> Iterator[bytes]:
    seen: set[bytes] = set()
    for pattern in _PLACES:
        for key in client.scan_iter(match=pattern, count=PAGE):
            if key not in seen:
                seen.add(key)
                yield key


def _erase_elements(client: Any, key: bytes, siren: bytes) -> int:
    found = {value for value in client.lrange(key, 0, -1) if _names(value, siren)}
    return sum(int(client.lrem(key, 0, value)) for value in found)


def _erase_entries(client: redis.Redis, key: bytes, siren: bytes) -> int:
    start, erased = b"-", 0
    while True:
        page: Any = client.xrange(key, min=start, count=PAGE)
        found = [name for name, fields in page if any(_names(value, siren) for value in fields.values())]
        if found:
            erased += int(client.xdel(key, *found))
        if len(page) < PAGE:
            return erased
        start = b"(" + page[-1][0]


def _names(value: bytes, siren: bytes) -> bool:
    """Whether a field is the SIREN, or JSON of something that is the firm's."""
    return value == siren or b'"siren":"' + siren + b'"' in value.replace(b" ", b"")


def _erase_members(client: Any, key: bytes, kind: bytes, siren: bytes) -> int:
    if kind == b"zset":
        return int(client.zrem(key, siren))
    if kind == b"set":
        return int(client.srem(key, siren))
    if kind == b"hash":
        own = [field for field in client.hkeys(key) if field == siren or field.startswith(siren + b":")]
        return int(client.hdel(key, *own)) if own else 0
    return 0
