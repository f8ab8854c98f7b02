"""One administration's programs share the alerts of a department: each alert goes to one of them, until acknowledged.

A queue stays a log for all others: a group keeps a place of its own, and what it was given and has not acknowledged.
`join` once; then each program, under a name of its own that stays the same over restarts:

    work(resume(member).claimed)        # what it was given before it was stopped
    while True:
        work(read(member))              # new alerts
        work(sweep(member).claimed)     # now and then: what others left lying

where `work` calls `acknowledge` once it is done with an alert. An alert may come twice, as when a program dies before
it acknowledges: its id tells. What was delivered too often without being acknowledged, and what is no alert, is set
aside with the cause (`aside`). Where Redis came back empty the group is gone: join again.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
import redis
from redis.exceptions import RedisError, ResponseError

from alerts import alert as alerts
from alerts.aside import set_aside
from alerts.errors import NoSuchGroup
from alerts.inbox import Received
from alerts.outage import translate
from alerts.routing import QUEUES, stream_key
from alerts.scripts import Script
from detectors.errors import UnusableInput

PAGE = 100
STUCK_SECONDS = 300.0
MOST_DELIVERIES = 5

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_SWEEP = Script("sweep")

_Entry = tuple[bytes, dict[bytes, bytes] | None]


@dataclass(frozen=True)
class Member:
    """A program of an administration, reading a department's alerts. Redis answers within the client's own timeout."""

    client: redis.Redis
    department: str
    administration: str
    consumer: str
    where: str
    """The safe form of the URL."""


class Swept(NamedTuple):
    """What a sweep found among the stuck: now this member's, set aside, and no longer in the stream."""

    claimed: list[Received]
    set_aside: int
    gone: int


class Group(NamedTuple):
    """Where an administration stands in a department's queue.

    `last_delivered` and `oldest_pending` are entry ids, the milliseconds of their landing first. `waiting` counts
    entries that it was not given yet; None where the server does not know (before Redis 7, or after a deletion).
    """

    department: str
    administration: str
    consumers: int
    pending: int
    oldest_pending: str | None
    last_delivered: str
    waiting: int | None


def join(client: redis.Redis, department: str, administration: str, *, from_now: bool = False, where: str) -> bool:
    """Make an administration's group, from the oldest alert kept or `from_now`; False where it is there already.

    Raises UnusableInput for a name that is none.
    """
    if not _NAME.fullmatch(administration):
        raise UnusableInput(
            f"{administration!r} is no name of an administration: write up to 32 small letters, digits and dashes, as "
            "in urssaf"
        )
    with _told(where, department, administration):
        try:
            client.xgroup_create(stream_key(department), administration, "$" if from_now else "0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
            return False
    return True


def leave(client: redis.Redis, department: str, administration: str, *, where: str) -> bool:
    """End a group, with its place and all that it has pending; False where there is none."""
    with _told(where, department, administration):
        return bool(client.exists(stream_key(department))) and bool(
            client.xgroup_destroy(stream_key(department), administration)
        )


def read(member: Member, *, count: int = PAGE, block_ms: int | None = None) -> list[Received]:
    """Alerts that no member of the group was given yet, the oldest first; waits up to `block_ms` for one.

    Raises ValueError where that is no shorter than the client's own timeout: what is given to a client that has gone
    away waits for the next sweep.
    """
    timeout = member.client.connection_pool.connection_kwargs.get("socket_timeout")
    if block_ms is not None and not 0 < block_ms < 1000 * (timeout or float("inf")):
        raise ValueError(
            f"a wait of {block_ms} ms: give more than 0, and less than the client's timeout of {timeout} s"
        )
    with _told(member.where, member.department, member.administration):
        answer: Any = member.client.xreadgroup(
            member.administration, member.consumer, {stream_key(member.department): ">"}, count=count, block=block_ms
        )
    return _opened(member, answer[0][1] if answer else ())


def acknowledge(member: Member, entries: Iterable[str]) -> int:
    """Say that the work on some entries is done; gives how many had been pending."""
    names = list(entries)
    if not names:
        return 0
    with _told(member.where, member.department, member.administration):
        return int(member.client.xack(stream_key(member.department), member.administration, *names))


def sweep(
    member: Member,
    *,
    stuck_seconds: float = STUCK_SECONDS,
    most_deliveries: int = MOST_DELIVERIES,
    most: int = PAGE,
) -> Swept:
    """Take over what was given to any member so long ago and not acknowledged since, `most` alerts at a time.

    What was delivered `most_deliveries` times is set aside instead. Effects in order: claims and acknowledgements of a
    page of pending entries, in one atomic step; then each setting aside, in one of its own.
    """
    return _sweep(member, "", round(stuck_seconds * 1000), most_deliveries, most)


def resume(member: Member, *, most_deliveries: int = MOST_DELIVERIES, most: int = PAGE) -> Swept:
    """The same for what this member itself was given and has not acknowledged, however short a time ago."""
    return _sweep(member, member.consumer, 0, most_deliveries, most)


def _sweep(member: Member, whose: str, idle_ms: int, most_deliveries: int, most: int) -> Swept:
    claimed: list[Received] = []
    aside = gone = 0
    start = "-"
    while start and len(claimed) < most:
        look = (idle_ms, most_deliveries, start, most - len(claimed), whose)
        with _told(member.where, member.department, member.administration):
            [(found, poison, missing, more)] = _SWEEP.run(
                member.client,
                [((stream_key(member.department),), (member.administration, member.consumer, *look))],
            )
        claimed += _opened(member, ((e, dict(zip(f[::2], f[1::2], strict=True))) for e, f in found))
        aside += sum(_aside(member, entry, _poison(*facts)) for entry, *facts in poison)
        gone += missing
        start = more.decode()
    return Swept(claimed, aside, gone)


def _poison(consumer: bytes, idle_ms: int, deliveries: int) -> str:
    return f"delivered {deliveries} times, last to {consumer.decode()} {idle_ms // 1000} s ago, and never acknowledged"


def groups(client: redis.Redis, departments: Sequence[str] = QUEUES, *, where: str) -> list[Group]:
    """Every group of some departments."""
    try:
        found = _groups(client, departments)
        pipeline = client.pipeline(transaction=False)
        for department, facts in found:
            pipeline.xpending(stream_key(department), facts["name"])
        summaries = pipeline.execute()
    except RedisError as error:
        raise translate(error, where) from error
    return [_group(department, facts, summary) for (department, facts), summary in zip(found, summaries, strict=True)]


def _groups(client: redis.Redis, departments: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    pipeline = client.pipeline(transaction=False)
    for department in departments:
        pipeline.exists(stream_key(department))
    there = [d for d, exists in zip(departments, pipeline.execute(), strict=True) if exists]
    for department in there:
        pipeline.xinfo_groups(stream_key(department))
    return [(d, facts) for d, answer in zip(there, pipeline.execute(), strict=True) for facts in answer]


def _group(department: str, facts: dict[str, Any], pending: dict[str, Any]) -> Group:
    oldest = pending["min"]
    return Group(
        department=department,
        administration=facts["name"].decode(),
        consumers=facts["consumers"],
        pending=pending["pending"],
        oldest_pending=oldest.decode() if oldest else None,
        last_delivered=facts["last-delivered-id"].decode(),
        waiting=facts.get("lag"),
    )


def _opened(member: Member, page: Iterable[_Entry]) -> list[Received]:
    """The alerts among entries of this member's; whatever else there is, is set aside."""
    opened = []
    for entry, fields in page:
        raw = (fields or {}).get(b"alert")
        if raw is None:
            _aside(member, entry, "it is no longer in the queue" if not fields else "it has no field `alert`")
            continue
        try:
            opened.append(Received(member.department, entry.decode(), alerts.decode(raw), raw))
        except (msgspec.DecodeError, RecursionError) as error:
            _aside(member, entry, f"its field `alert` is no alert ({error})")
    return opened


def _aside(member: Member, entry: bytes, cause: str) -> bool:
    return set_aside(member.client, member.department, member.administration, entry.decode(), cause, where=member.where)


@contextmanager
def _told(where: str, department: str, administration: str) -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        if "NOGROUP" in str(error):
            raise NoSuchGroup(
                f"Redis at {where} knows no group {administration} in department {department}: it was never made, or "
                f"Redis came back without it. Make it: vigie alerts groups join {administration} --department "
                f"{department}"
            ) from error
        raise translate(error, where) from error
