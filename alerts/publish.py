"""Alerts into their queues, once only and whole.

For each alert, one atomic step in Redis (publish.lua): unless its id is in the queue's seen set, append the entry,
remember the id with the entry's time, count it. Effects are confirmed in that order: a kill before Redis' answer leaves
the alert either wholly there or not at all, and sending the batch again, or pieces of it, in one process or several,
adds only what is missing. Within a queue the order of the batch holds even when single steps fail and are repeated.
"""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import UTC
from importlib import resources
from typing import Any, NamedTuple, Self

import redis
import redis.asyncio
from redis.exceptions import RedisError

from alerts.connect import connect_async, safe_url
from alerts.errors import PublishingStopped
from alerts.metrics import AlertMetrics
from alerts.options import AlertsOptions
from alerts.outage import code_of, passes, translate, waits
from alerts.parcel import Parcel, Refused, pack
from alerts.routing import CANARY, seen_key, stream_key, totals_key

SCRIPT = resources.files("alerts").joinpath("publish.lua").read_text(encoding="utf-8")
SCRIPT_SHA = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()

CHUNK = 500
"""Alerts sent in one round trip: about a megabyte, some ten milliseconds of the server's time."""

Command = tuple[str | int | bytes, ...]

log = logging.getLogger(__name__)


class PublishResult(NamedTuple):
    """What became of a batch: every alert of it is in its queue, `refused` aside."""

    published: int
    duplicates: int
    refused: tuple[Refused, ...]


class Delivery:
    """One batch on its way, without any connection: gives the commands to send, takes the answers."""

    def __init__(
        self,
        batch: Sequence[bytes],
        sent_at: Sequence[float | None],
        *,
        metrics: AlertMetrics,
        clock: Callable[[], float],
    ) -> None:
        self.waiting, refused = pack(batch, sent_at)
        self.refused = tuple(refused)
        self.published = 0
        self.duplicates = 0
        self._metrics = metrics
        self._clock = clock
        metrics.refused.inc(len(refused))

    def commands(self) -> list[Command]:
        """The next round trip: a script call an alert, each naming the one before it in its queue."""
        before: dict[str, str] = {}
        commands: list[Command] = []
        for parcel in self.waiting[:CHUNK]:
            commands.append(_script_call(parcel, before.get(parcel.queue, "")))
            before[parcel.queue] = parcel.alert.id
        return commands

    def receive(self, answers: Sequence[Any]) -> Exception | None:
        """Takes the answers to `commands`; what failed goes on waiting. Gives the first failure."""
        now = self._clock()
        failure: Exception | None = None
        failed: list[Parcel] = []
        sent = self.waiting[: len(answers)]
        for parcel, answer in zip(sent, answers, strict=True):
            if isinstance(answer, Exception):
                failure = failure or answer
                failed.append(parcel)
            elif answer is None:
                self.duplicates += 1
                self._metrics.duplicates.inc()
            else:
                self.published += 1
                self._count(parcel, now)
                log.debug("an alert is in its queue", extra={"alert": parcel.alert.id, "queue": parcel.queue})
        self.waiting = failed + self.waiting[len(answers) :]
        return failure

    def result(self) -> PublishResult:
        """The outcome so far."""
        return PublishResult(self.published, self.duplicates, self.refused)

    def _count(self, parcel: Parcel, now: float) -> None:
        if parcel.queue == CANARY:
            # Nobody's alert; it has figures of its own.
            return
        alert = parcel.alert
        self._metrics.published.labels(parcel.queue, alert.tier, alert.kind).inc()
        raised_at = alert.raised_at if alert.raised_at.tzinfo else alert.raised_at.replace(tzinfo=UTC)
        self._metrics.delivery_seconds.observe(max(0.0, now - raised_at.timestamp()))
        if parcel.sent_at is not None:
            self._metrics.event_to_alert_seconds.observe(max(0.0, now - parcel.sent_at))


def _script_call(parcel: Parcel, before: str) -> Command:
    queue, alert = parcel.queue, parcel.alert
    keys = (stream_key(queue), seen_key(queue), totals_key(queue))
    return ("EVALSHA", SCRIPT_SHA, len(keys), *keys, alert.id, parcel.data, f"{alert.tier}:{alert.kind}", before)


class Publisher:
    """The dispatcher's publisher: waits for Redis as long as it takes, or until `stop` is set.

    `clock` is the wall clock and `monotonic` the other one, both in seconds; `random` gives numbers in [0, 1). Await
    one `publish` before the next, for the order's sake. A context manager, or call `close`.
    """

    def __init__(
        self,
        options: AlertsOptions,
        *,
        metrics: AlertMetrics,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
        random: Callable[[], float],
        stop: asyncio.Event,
    ) -> None:
        self._options = options
        self._client = connect_async(options.redis, options.redis_timeout_seconds)
        self._where = safe_url(options.redis)
        self._metrics = metrics
        self._clock = clock
        self._monotonic = monotonic
        self._random = random
        self._stop = stop
        self.reachable: bool | None = None
        """Whether Redis took what it was given last; None while there has been nothing."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.aclose()

    async def publish(self, batch: Sequence[bytes], sent_at: Sequence[float | None] = ()) -> PublishResult:
        """Returns once every alert of the batch is in its queue; what is no alert comes back in `refused`.

        `sent_at` (epoch seconds, empty or one a record) is when the event behind each was sent, for the latency
        metric. Raises RedisRefused where waiting would not help, PublishingStopped when told to stop; in both cases
        the batch may be partly in its queues, and sending it again is right.
        """
        delivery = Delivery(batch, sent_at, metrics=self._metrics, clock=self._clock)
        while delivery.waiting:
            failure = await self._round_trip(delivery)
            if failure is not None:
                self._must_pass(failure)
                self.reachable = False
                await self._outlast(failure, delivery)
            self.reachable = True
        return delivery.result()

    async def _outlast(self, failure: Exception, delivery: Delivery) -> None:
        """Tries again after ever longer pauses until a whole round trip succeeds."""
        began = self._monotonic()
        options = self._options
        pauses = waits(self._random, options.redis_first_wait_seconds, options.redis_longest_wait_seconds)
        log.warning("%s; %d alerts wait", translate(failure, self._where), len(delivery.waiting))
        still: Exception | None = failure
        while still is not None:
            self._metrics.retries.labels(code_of(still)).inc()
            await self._pause(next(pauses), delivery)
            still = await self._round_trip(delivery)
            if still is not None:
                self._must_pass(still)
        log.warning("Redis at %s takes alerts again after %.1f s", self._where, self._monotonic() - began)

    def _must_pass(self, failure: Exception) -> None:
        if not passes(failure):
            raise translate(failure, self._where) from failure

    async def _pause(self, seconds: float, delivery: Delivery) -> None:
        began = self._monotonic()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
        self._metrics.outage_seconds.inc(max(0.0, self._monotonic() - began))
        if self._stop.is_set():
            raise PublishingStopped(
                f"stopped while {len(delivery.waiting)} alerts waited for Redis at {self._where}; they are not "
                "delivered: leave them unacknowledged, they are sent again at the next start"
            )

    async def _round_trip(self, delivery: Delivery) -> Exception | None:
        try:
            failure = delivery.receive(await self._send(delivery.commands()))
            if failure is None or code_of(failure) != "NOSCRIPT":
                return failure
            await self._client.script_load(SCRIPT)
            return delivery.receive(await self._send(delivery.commands()))
        except RedisError as error:
            return error

    async def _send(self, commands: list[Command]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        return list(await pipeline.execute(raise_on_error=False))


def publish(
    client: redis.Redis,
    batch: Sequence[bytes],
    *,
    where: str,
    metrics: AlertMetrics,
    clock: Callable[[], float],
) -> PublishResult:
    """The same for tools that would rather fail than wait: raises RedisUnavailable at the first outage.

    Running it again with the same batch is safe.
    """
    delivery = Delivery(batch, (), metrics=metrics, clock=clock)
    try:
        while delivery.waiting:
            failure = delivery.receive(_send(client, delivery.commands()))
            if failure is not None and code_of(failure) == "NOSCRIPT":
                client.script_load(SCRIPT)
            elif failure is not None:
                raise translate(failure, where) from failure
    except RedisError as error:
        raise translate(error, where) from error
    return delivery.result()


def _send(client: redis.Redis, commands: list[Command]) -> list[Any]:
    pipeline: Any = client.pipeline(transaction=False)
    for command in commands:
        pipeline.execute_command(*command)
    return list(pipeline.execute(raise_on_error=False))
