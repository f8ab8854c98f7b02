"""How far a subscription has come, in Redis: what was told, what is held, when messages went.

A hash holds the place in each department's history (an entry's id), a list what is held for the digest, another the
moments of the last messages. Each step is one transaction under the lease, so that a kill leaves either all of it or
nothing, and a process whose lease is another's changes nothing: after a kill between a message's sending and its step
the same message is sent again, under the same id.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import redis

from alerts.history import order
from alerts.notify.lease import Lease
from alerts.outage import translated
from alerts.routing import actions_key

PAGE = 50
_FROZEN = "digest"
"""The field that says how many of what is held are in the digest under way."""


class Held(msgspec.Struct, frozen=True):
    """Something to be told: an entry of a department's history, why it was held, since when (Unix seconds).

    Which firm it is of stands in the entry alone, so that nothing of a firm that is erased is left here.
    """

    queue: str
    entry: str
    action: str
    why: str
    at: float

    @property
    def id(self) -> str:
        """What a receiver tells repeated ones by."""
        return f"{self.queue}:{self.entry}"


class Ledger:
    """One subscription's. Every method raises RedisUnavailable or RedisRefused; those that write raise LeaseLost."""

    def __init__(self, client: redis.Redis, name: str, per_hour: int, lease: Lease, *, where: str) -> None:
        self._client: Any = client
        self._lease = lease
        self._where = where
        self._per_hour = per_hour
        self._places, self._held, self._sent = keys(name)

    def places(self, departments: Sequence[str]) -> dict[str, str]:
        """The last entry dealt with, by department; of a new one the last there is: what is past is not told."""
        with translated(self._where):
            known = self._client.hgetall(self._places)
            missing = [queue for queue in departments if queue.encode() not in known]
            pipeline = self._client.pipeline(transaction=False)
            for queue in missing:
                pipeline.xrevrange(actions_key(queue), count=1)
            begun = {
                queue: found[0][0] if found else b"0-0"
                for queue, found in zip(missing, pipeline.execute() if missing else (), strict=True)
            }
            known |= {queue.encode(): place for queue, place in begun.items()}
        if begun:
            with self._step() as step:
                step.hset(self._places, mapping=begun)
        return {queue: known[queue.encode()].decode() for queue in departments}

    def read(self, places: Mapping[str, str], block_ms: int) -> list[tuple[str, str, dict[bytes, bytes]]]:
        """What happened after the places, in the order in which it did: department, entry's id, fields."""
        queues = {actions_key(queue).encode(): queue for queue in places}
        streams = {actions_key(queue): place for queue, place in places.items()}
        with translated(self._where):
            answer = self._client.xread(streams, count=PAGE, block=block_ms)
        found = [
            (queues[name], entry.decode(), fields or {}) for name, entries in answer or () for entry, fields in entries
        ]
        return sorted(found, key=lambda item: order(item[1]))

    def passed(self, places: Mapping[str, str]) -> None:
        """What was read up to there needs no telling, or has been given up."""
        if places:
            with self._step() as step:
                step.hset(self._places, mapping=dict(places))

    def hold(self, held: Held) -> None:
        """Keep something for the digest."""
        with self._step() as step:
            step.rpush(self._held, msgspec.json.encode(held))
            step.hset(self._places, held.queue, held.entry)

    def pushed(self, held: Held, now: float) -> None:
        """A message of its own went."""
        with self._step() as step:
            step.hset(self._places, held.queue, held.entry)
            self._note(step, now)

    def sent(self) -> list[float]:
        """When the last messages went, as many as an hour may have."""
        with translated(self._where):
            return [float(moment) for moment in self._client.lrange(self._sent, 0, self._per_hour - 1)]

    def held_since(self) -> float | None:
        """Since when something is held; None: nothing is."""
        with translated(self._where):
            first = self._client.lindex(self._held, 0)
        return None if first is None else msgspec.json.decode(first, type=Held).at

    def digest(self, most: int) -> tuple[list[Held], int]:
        """What the digest holds, `most` at most, and how many more are held: the same until it was sent."""
        with translated(self._where):
            frozen = self._client.hget(self._places, _FROZEN)
            total = self._client.llen(self._held)
            count = int(frozen) if frozen else min(most, total)
        if not frozen:
            with self._step() as step:
                step.hset(self._places, _FROZEN, count)
        with translated(self._where):
            lines = self._client.lrange(self._held, 0, count - 1)
        return [msgspec.json.decode(line, type=Held) for line in lines], total - count

    def digested(self, count: int, now: float | None) -> None:
        """The digest went (None: was given up, or had nothing left to tell)."""
        with self._step() as step:
            step.ltrim(self._held, count, -1)
            step.hdel(self._places, _FROZEN)
            if now is not None:
                self._note(step, now)

    def _note(self, step: Any, now: float) -> None:
        step.lpush(self._sent, repr(now))
        step.ltrim(self._sent, 0, self._per_hour - 1)

    @contextmanager
    def _step(self) -> Iterator[Any]:
        with translated(self._where), self._lease.step(self._client) as step:
            yield step


def keys(name: str) -> tuple[str, str, str]:
    """The hash and the two lists of a subscription, in one slot of a cluster."""
    places = f"vigie:notifier:{name}"
    return places, f"vigie:notifier-held:{{{places}}}", f"vigie:notifier-sent:{{{places}}}"
