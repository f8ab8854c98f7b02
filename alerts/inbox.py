"""The reading side: alerts as they land, alerts that landed, one alert by its id.

A queue is a broadcast log: reading takes nothing away, and every reader keeps its own place.
"""

import heapq
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, NamedTuple

import msgspec
import redis
from redis.exceptions import RedisError

from alerts import alert as alerts
from alerts.errors import AlertNotFound
from alerts.outage import passes, translate
from alerts.routing import QUEUES, seen_key, stream_key

PAGE = 50
BLOCK_MS = 1000

log = logging.getLogger(__name__)


class Received(NamedTuple):
    """An alert as it lies in its queue; `raw` is its JSON to the byte, `entry` the stream entry's id."""

    queue: str
    entry: str
    alert: alerts.Alert
    raw: bytes


class Corrupt(NamedTuple):
    """An entry that holds no alert: another program's, or a damaged one."""

    queue: str
    entry: str
    reason: str


Report = Callable[[Corrupt], None]


@dataclass(frozen=True)
class Filters:
    """Which alerts are wanted; an empty tuple or None means all. `since` is the first `as_of` wanted."""

    queues: tuple[str, ...] = QUEUES
    tiers: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    since: date | None = None
    siren: str | None = None

    def accept(self, alert: alerts.Alert) -> bool:
        """Whether the alert is wanted, its queue aside."""
        return (
            (not self.tiers or alert.tier in self.tiers)
            and (not self.kinds or alert.kind in self.kinds)
            and (self.since is None or alert.as_of >= self.since)
            and (self.siren is None or alert.siren == self.siren)
        )


def report_corrupt(corrupt: Corrupt) -> None:
    """The usual report: a warning in the log."""
    log.warning("entry %s of %s skipped: %s", corrupt.entry, stream_key(corrupt.queue), corrupt.reason)


def list_alerts(
    client: redis.Redis,
    filters: Filters,
    limit: int,
    *,
    where: str,
    report: Report = report_corrupt,
) -> list[Received]:
    """At most `limit` alerts, the last delivered first. Reads back only as far as it takes to find them."""
    try:
        heads = _heads(client, filters.queues)
        return list(islice(_newest(client, heads, filters, report), limit))
    except RedisError as error:
        raise translate(error, where) from error


def show(client: redis.Redis, alert_id: str, queues: Sequence[str] = QUEUES, *, where: str) -> Received:
    """The alert of that id. Raises AlertNotFound where none of the queues holds it."""
    try:
        pipeline = client.pipeline(transaction=False)
        for queue in queues:
            pipeline.zscore(seen_key(queue), alert_id)
        for queue, landed_ms in zip(queues, pipeline.execute(), strict=True):
            if landed_ms is not None:
                return _landed(client, queue, int(landed_ms), alert_id)
    except RedisError as error:
        raise translate(error, where) from error
    raise AlertNotFound(
        f"no alert {alert_id!r} in {_named(queues)} of Redis at {where}; copy the id from `vigie alerts list --json`"
    )


def landed(client: redis.Redis, wanted: Sequence[tuple[str, str]], *, where: str) -> dict[str, Received]:
    """The alerts of some queues and ids, by id, in two round trips; those trimmed since are left out."""
    try:
        pipeline = client.pipeline(transaction=False)
        for queue, alert_id in wanted:
            pipeline.zscore(seen_key(queue), alert_id)
        times = {
            (queue, int(landed_ms))
            for (queue, _), landed_ms in zip(wanted, pipeline.execute(), strict=True)
            if landed_ms is not None
        }
        pipeline = client.pipeline(transaction=False)
        for queue, landed_ms in times:
            pipeline.xrange(stream_key(queue), min=f"{landed_ms}-0", max=str(landed_ms))
        pages = pipeline.execute()
    except RedisError as error:
        raise translate(error, where) from error
    ids = {alert_id for _, alert_id in wanted}
    found = (
        _read(queue, entry, report_corrupt) for (queue, _), page in zip(times, pages, strict=True) for entry in page
    )
    return {received.alert.id: received for received in found if received and received.alert.id in ids}


def entries(client: redis.Redis, queue: str, ids: Sequence[str], *, where: str) -> list[Received]:
    """The alerts of some entries of a queue, in the order of `ids`; those trimmed since are left out."""
    pipeline = client.pipeline(transaction=False)
    for entry in ids:
        pipeline.xrange(stream_key(queue), entry, entry)
    try:
        answers = pipeline.execute()
    except RedisError as error:
        raise translate(error, where) from error
    found = (_read(queue, entry, report_corrupt) for page in answers for entry in page)
    return [received for received in found if received]


def watch(
    client: redis.Redis,
    filters: Filters,
    *,
    where: str,
    earlier: int | None = 0,
    waits: Callable[[], Iterator[float]],
    sleep: Callable[[float], None],
    report: Report = report_corrupt,
    block_ms: int = BLOCK_MS,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Received]:
    """Alerts as they land, until `stopped`, after the `earlier` last ones (None: all there are), oldest first.

    Nothing falls between the earlier ones and the new. An outage at the start is raised; a later one is waited out
    with the pauses of `waits`, from where the reading stopped. `block_ms` must be shorter than the client's timeout.
    """
    try:
        heads = _heads(client, filters.queues)
        first = list(islice(_newest(client, heads, filters, report), earlier)) if earlier else []
    except RedisError as error:
        raise translate(error, where) from error
    if earlier is None:
        heads = dict.fromkeys(heads)
    yield from reversed(first)
    places = {queue: entry[0] if entry else b"0-0" for queue, entry in heads.items()}
    entries = tail(
        client, places, stream_key, where=where, waits=waits, sleep=sleep, block_ms=block_ms, stopped=stopped
    )
    for queue, entry in entries:
        received = _read(queue, entry, report)
        if received and filters.accept(received.alert):
            yield received


def tail(
    client: redis.Redis,
    places: dict[str, bytes],
    key: Callable[[str], str],
    *,
    where: str,
    waits: Callable[[], Iterator[float]],
    sleep: Callable[[float], None],
    block_ms: int = BLOCK_MS,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[str, "RawEntry"]]:
    """What is appended to one stream a queue (`key` names it) after the entries of `places`, until `stopped`.

    An outage is waited out with the pauses of `waits`, from where the reading stopped. What was given is in `places`.
    """
    queues = {key(queue).encode(): queue for queue in places}
    pauses: Iterator[float] | None = None
    while not stopped():
        try:
            streams: Any = {key(queue): place for queue, place in places.items()}
            answer: Any = client.xread(streams, count=PAGE, block=block_ms)
        except RedisError as error:
            if not passes(error):
                raise translate(error, where) from error
            if pauses is None:
                log.warning("%s; waiting for it", translate(error, where))
                pauses = waits()
            sleep(next(pauses))
            continue
        if pauses is not None:
            log.warning("Redis at %s answers again", where)
            pauses = None
        page = [(queues[name], entry) for name, entries in answer or () for entry in entries]
        for queue, entry in sorted(page, key=lambda item: _order(item[1][0])):
            places[queue] = entry[0]
            yield queue, entry


RawEntry = tuple[bytes, dict[bytes, bytes] | None]
"""An entry of a stream as the client gives it."""


def _heads(client: redis.Redis, queues: Sequence[str]) -> dict[str, RawEntry | None]:
    """The last entry of each queue, in one round trip."""
    pipeline = client.pipeline(transaction=False)
    for queue in queues:
        pipeline.xrevrange(stream_key(queue), count=1)
    return {queue: entries[0] if entries else None for queue, entries in zip(queues, pipeline.execute(), strict=True)}


def _newest(
    client: redis.Redis, heads: Mapping[str, RawEntry | None], filters: Filters, report: Report
) -> Iterator[Received]:
    """The wanted alerts of several queues, from their heads back, the last delivered first."""
    backwards = (_backwards(client, queue, head) for queue, head in heads.items() if head)
    for queue, entry in heapq.merge(*backwards, key=lambda item: _order(item[1][0]), reverse=True):
        received = _read(queue, entry, report)
        if received and filters.accept(received.alert):
            yield received


def _backwards(client: redis.Redis, queue: str, head: RawEntry) -> Iterator[tuple[str, RawEntry]]:
    page: list[RawEntry] = [head]
    while page:
        for entry in page:
            yield queue, entry
        answer: Any = client.xrevrange(stream_key(queue), max=b"(" + page[-1][0], count=PAGE)
        page = answer


def _landed(client: redis.Redis, queue: str, landed_ms: int, alert_id: str) -> Received:
    start = f"{landed_ms}-0"
    while True:
        entries: Any = client.xrange(stream_key(queue), min=start, max=str(landed_ms), count=PAGE)
        for entry in entries:
            received = _read(queue, entry, report_corrupt)
            if received and received.alert.id == alert_id:
                return received
        if not entries:
            raise AlertNotFound(
                f"alert {alert_id} was delivered to {stream_key(queue)} but its entry has been trimmed since: it was "
                "older than the dispatcher's --alerts-retention-days. Kafka's vigie.alerts still has it"
            )
        start = "(" + entries[-1][0].decode()


def _read(queue: str, entry: RawEntry, report: Report) -> Received | None:
    name, fields = entry[0].decode(), entry[1] or {}
    raw = fields.get(b"alert")
    if raw is None:
        report(Corrupt(queue, name, "it has no field `alert`"))
        return None
    try:
        return Received(queue, name, alerts.decode(raw), raw)
    except (msgspec.DecodeError, RecursionError) as error:
        report(Corrupt(queue, name, f"its field `alert` is no alert ({error})"))
        return None


def _order(entry: bytes) -> tuple[int, int]:
    milliseconds, _, sequence = entry.partition(b"-")
    return int(milliseconds), int(sequence)


def _named(queues: Iterable[str]) -> str:
    names = list(queues)
    return "any department" if len(names) > 3 else "department " + ", ".join(names)
