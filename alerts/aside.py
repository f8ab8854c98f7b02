"""Entries that a group could not work on: set aside with the cause, listed, given to the group again, or dropped.

They lie in a stream of their own beside the queue. The queue keeps the entry, for it is everybody's.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec
import redis
from redis.exceptions import RedisError

from alerts.outage import translate
from alerts.routing import QUEUES, aside_key, stream_key
from alerts.scripts import Script

Outcome = Literal["replayed", "unknown", "trimmed", "no group"]

_SET_ASIDE = Script("set_aside")
_REPLAY = Script("replay_aside")


class Aside(msgspec.Struct, frozen=True):
    """An entry that was set aside; `id` names it here, `entry` in the queue. `alert` is its JSON, if it had any."""

    id: str
    department: str
    administration: str
    entry: str
    consumer: str
    deliveries: int
    cause: str
    set_aside_at: datetime
    alert: str


def set_aside(client: redis.Redis, department: str, administration: str, entry: str, cause: str, *, where: str) -> bool:
    """Take an entry out of a group's pending ones, in one atomic step; False where it is not among them (any more)."""
    keys = (stream_key(department), aside_key(department))
    try:
        [answer] = _SET_ASIDE.run(client, [(keys, (administration, entry, cause))])
    except RedisError as error:
        raise translate(error, where) from error
    return answer is not None


def listed(client: redis.Redis, departments: Sequence[str] = QUEUES, *, where: str) -> list[Aside]:
    """All that was set aside in some departments, the oldest first in each."""
    pipeline = client.pipeline(transaction=False)
    for department in departments:
        pipeline.xrange(aside_key(department))
    try:
        answers = pipeline.execute()
    except RedisError as error:
        raise translate(error, where) from error
    return [
        _aside(department, entry, fields)
        for department, answer in zip(departments, answers, strict=True)
        for entry, fields in answer
    ]


def replay(client: redis.Redis, department: str, ids: Sequence[str], *, where: str) -> list[Outcome]:
    """Give entries to their groups again, each in one atomic step: the next `sweep` of a member gets them.

    Where the outcome is not `replayed`, the entry stays aside.
    """
    keys = (stream_key(department), aside_key(department))
    try:
        return [answer.decode() for answer in _REPLAY.run(client, [(keys, (name,)) for name in ids])]
    except RedisError as error:
        raise translate(error, where) from error


def drop(client: redis.Redis, department: str, ids: Sequence[str], *, where: str) -> int:
    """Forget entries that were set aside; gives how many there were. Their queue keeps the alerts."""
    try:
        # Nobody reads this stream by a group: taking single entries out of it harms nobody.
        return int(client.xdel(aside_key(department), *ids)) if ids else 0
    except RedisError as error:
        raise translate(error, where) from error


def _aside(department: str, entry: bytes, fields: dict[bytes, bytes]) -> Aside:
    def text(field: bytes) -> str:
        return fields.get(field, b"").decode(errors="backslashreplace")

    return Aside(
        id=entry.decode(),
        department=department,
        administration=text(b"administration"),
        entry=text(b"entry"),
        consumer=text(b"consumer"),
        deliveries=int(text(b"deliveries")),
        cause=text(b"cause"),
        set_aside_at=datetime.fromtimestamp(int(entry.split(b"-")[0]) / 1000, UTC),
        alert=text(b"alert"),
    )
