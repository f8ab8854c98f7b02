"""Alerts into their queues and into their firms' cases, once only and whole.

The cases of a batch are read, and what each alert does to its case is decided (`joining`). Then for each alert one
atomic step in Redis (publish.lua): unless its id is in the queue's seen set, or the case has changed since, append the
entry, remember the id with the entry's time, count it, take a place in the month's budget of pushes, write case and
history. Effects are confirmed in that order: a kill before Redis' answer leaves the alert either wholly there or not at
all, and sending the batch again, or pieces of it, in one process or several, adds only what is missing. Within a queue
the order of the batch holds even when single steps fail and are repeated.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple, Self

import redis
from redis.exceptions import RedisError

from alerts import cases, slots
from alerts.adoption import adopting
from alerts.case_store import ADOPTED, case_of, order_score, reading, score
from alerts.cases import Case
from alerts.connect import safe_url
from alerts.errors import PublishingStopped
from alerts.history import of_alert
from alerts.joining import Joined, join
from alerts.metrics import AlertMetrics
from alerts.notices import NoticeOptions, budget_month, wanted
from alerts.options import AlertsOptions
from alerts.outage import code_of, passes, translate, waits
from alerts.parcel import Parcel, Refused, pack
from alerts.round_trips import RoundTrips
from alerts.routing import (
    CANARY,
    actions_key,
    case_key,
    cases_key,
    desk_key,
    order_key,
    seen_key,
    stream_key,
    totals_key,
    trail_key,
)
from alerts.scripts import Command, Script

_PUBLISH = Script("publish")
SCRIPT = _PUBLISH.text

CHUNK = 500
"""Alerts sent in one round trip: about a megabyte, some ten milliseconds of the server's time."""
AT_ONCE = ("NOSCRIPT", "STALE")
"""Failures after which the same is tried again without a pause: the server has forgotten the script, a case changed."""

log = logging.getLogger(__name__)


class PublishResult(NamedTuple):
    """What became of a batch: every alert of it is in its queue, `refused` aside."""

    published: int
    duplicates: int
    refused: tuple[Refused, ...]


class Delivery:
    """One batch on its way, without any connection: gives the commands to send, takes the answers.

    A round trip is `reads`, `learn`, `commands`, `receive`.
    """

    def __init__(
        self,
        batch: Sequence[bytes],
        sent_at: Sequence[float | None],
        traces: Sequence[str | None] = (),
        *,
        metrics: AlertMetrics,
        clock: Callable[[], float],
        notices: NoticeOptions,
        notify: bool,
    ) -> None:
        self.waiting, refused = pack(batch, sent_at, traces)
        self.refused = tuple(refused)
        self.unadopted: list[str] = []
        """Queues of this round trip whose older alerts have no cases yet: `adopting` comes first."""
        self.published = 0
        self.duplicates = 0
        self._metrics = metrics
        self._clock = clock
        self._notices = notices
        self._notify = notify
        self._cases: dict[tuple[str, str], tuple[Case | None, bytes]] = {}
        """By queue and SIREN, the firm's case and its JSON."""
        metrics.refused.inc(len(refused))

    def reads(self) -> list[Command]:
        """What has to be known first: the cases of the next alerts' firms, and which queues have older alerts."""
        return [
            command
            for queue, sirens in self._firms().items()
            for command in (reading(queue, sirens), ("HGET", desk_key(queue), ADOPTED))
        ]

    def learn(self, answers: Sequence[Any]) -> Exception | None:
        """Takes the answers to `reads`. Gives the first failure. Raises RedisRefused for a case that is none."""
        failures = [answer for answer in answers if isinstance(answer, Exception)]
        if failures:
            return failures[0]
        self._cases, self.unadopted = {}, []
        values = iter(answers)
        for queue, sirens in self._firms().items():
            for siren, value in zip(sirens, next(values), strict=True):
                self._cases[queue, siren] = case_of(value, queue, siren), value or b""
            if next(values) != b"done":
                self.unadopted.append(queue)
        return None

    def _firms(self) -> dict[str, list[str]]:
        firms: dict[str, dict[str, None]] = {}
        for parcel in self.waiting[:CHUNK]:
            firms.setdefault(parcel.queue, {})[parcel.alert.siren] = None
        return {queue: list(sirens) for queue, sirens in firms.items()}

    def commands(self) -> list[Command]:
        """The round trip itself: a script call an alert, each naming the one before it in its queue."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        last: dict[str, str] = {}
        commands: list[Command] = []
        for parcel in self.waiting[:CHUNK]:
            firm = parcel.queue, parcel.alert.siren
            case, before = self._cases[firm]
            joined = join(case, parcel.alert, parcel.queue, self._notices.live_days)
            after = cases.encode(joined.case)
            self._cases[firm] = joined.case, after
            commands.append(self._script_call(parcel, joined, before, after, last.get(parcel.queue, ""), now))
            last[parcel.queue] = parcel.alert.id
        return commands

    def _script_call(
        self, parcel: Parcel, joined: Joined, before: bytes, after: bytes, last: str, now: datetime
    ) -> Command:
        queue, alert = parcel.queue, parcel.alert
        stream, seen, totals, of_cases, actions, desk, order = _keys(queue)
        keys = (
            stream, seen, totals, case_key(queue, alert.siren), of_cases, actions, trail_key(queue, alert.siren), desk,
            order,
        )  # fmt: skip
        notice, why = wanted(joined, alert, now, self._notices, notify=self._notify)
        budget = (budget_month(alert) if notice == "push" else "", self._notices.alert_budget)
        arguments = (
            alert.id, parcel.data, f"{alert.tier}:{alert.kind}", last,
            before, after, alert.siren, score(joined.case),
            *budget, notice, why, parcel.trace or "", order_score(joined.case), *of_alert(joined, alert),
        )  # fmt: skip
        return _PUBLISH.command((keys, arguments))

    def receive(self, answers: Sequence[Any]) -> Exception | None:
        """Takes the answers to `commands`; what failed goes on waiting. Gives the first failure."""
        now = self._clock()
        failure: Exception | None = None
        failed: list[Parcel] = []
        sent = self.waiting[: len(answers)]
        told = log.isEnabledFor(logging.DEBUG)
        for parcel, answer in zip(sent, answers, strict=True):
            if isinstance(answer, Exception):
                failure = failure or answer
                failed.append(parcel)
            elif answer is None:
                self.duplicates += 1
                self._metrics.duplicates.inc()
            else:
                self.published += 1
                if told:
                    log.debug("an alert is in its queue", extra={"alert": parcel.alert.id, "queue": parcel.queue})
                self._count(parcel, answer[1].decode(), now)
        self.waiting = failed + self.waiting[len(answers) :]
        return failure

    def result(self) -> PublishResult:
        """The outcome so far."""
        return PublishResult(self.published, self.duplicates, self.refused)

    def _count(self, parcel: Parcel, notice: str, now: float) -> None:
        if parcel.queue == CANARY:
            # Nobody's alert; it has figures of its own.
            return
        alert = parcel.alert
        self._metrics.noticed(notice).inc()
        self._metrics.put(parcel.queue, alert.tier, alert.kind).inc()
        raised_at = alert.raised_at if alert.raised_at.tzinfo else alert.raised_at.replace(tzinfo=UTC)
        self._metrics.delivery_seconds.observe(max(0.0, now - raised_at.timestamp()))
        if parcel.sent_at is not None:
            self._metrics.event_to_alert_seconds.observe(max(0.0, now - parcel.sent_at))


@cache
def _keys(queue: str) -> tuple[str, ...]:
    """The keys that an alert's step touches and that are all the queue's."""
    return (
        stream_key(queue), seen_key(queue), totals_key(queue), cases_key(queue), actions_key(queue), desk_key(queue),
        order_key(queue),
    )  # fmt: skip


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
        notices: NoticeOptions = NoticeOptions(),  # noqa: B008  frozen
    ) -> None:
        self._options = options
        self._notices = notices
        self._redis = RoundTrips(options.redis, options.redis_timeout_seconds)
        self._where = safe_url(options.redis)
        self._metrics = metrics
        self._clock = clock
        self._monotonic = monotonic
        self._random = random
        self._stop = stop
        self.reachable: bool | None = None
        """Whether Redis took what it was given last; None while there has been nothing."""
        self._takes_all = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connection."""
        await self._redis.close()

    async def publish(
        self, batch: Sequence[bytes], sent_at: Sequence[float | None] = (), traces: Sequence[str | None] = ()
    ) -> PublishResult:
        """Returns once every alert of the batch is in its queue; what is no alert comes back in `refused`.

        `sent_at` (epoch seconds, empty or one a record) is when the event behind each was sent, for the latency
        metric; `traces`, likewise, is the place in a trace that stands beside the alert in its queue. Raises
        RedisRefused where waiting would not help, PublishingStopped when told to stop; in both cases the batch may be
        partly in its queues, and sending it again is right.
        """
        delivery = Delivery(
            batch, sent_at, traces, metrics=self._metrics, clock=self._clock, notices=self._notices, notify=True
        )
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
            if not self._takes_all:
                failure = slots.refusal(await self._redis.send(slots.PROBE))
                if failure is not None:
                    return failure
                self._takes_all = True
            while True:
                failure = delivery.learn(await self._redis.send(delivery.reads()))
                if failure is not None:
                    return failure
                if delivery.unadopted:
                    for queue in delivery.unadopted:
                        await self._adopt(queue)
                    continue
                failure = delivery.receive(await self._redis.send(delivery.commands()))
                if failure is None or code_of(failure) not in AT_ONCE:
                    return failure
                if code_of(failure) == "NOSCRIPT":
                    _answered(await self._redis.send([("SCRIPT LOAD", SCRIPT)]))
        except RedisError as error:
            return error

    async def _adopt(self, queue: str) -> None:
        steps = adopting(queue, self._notices.live_days)
        commands = next(steps)
        with contextlib.suppress(StopIteration):
            while True:
                commands = steps.send(_answered(await self._redis.send(commands)))


def publish(
    client: redis.Redis,
    batch: Sequence[bytes],
    *,
    where: str,
    metrics: AlertMetrics,
    clock: Callable[[], float],
    notices: NoticeOptions = NoticeOptions(),  # noqa: B008  frozen
    notify: bool = True,
) -> PublishResult:
    """The same for tools that would rather fail than wait: raises RedisUnavailable at the first outage.

    Running it again with the same batch is safe. Without `notify` (a rebuild), nobody is told of any of them.
    """
    delivery = Delivery(batch, (), metrics=metrics, clock=clock, notices=notices, notify=notify)
    try:
        while delivery.waiting:
            failure = delivery.learn(_send(client, delivery.reads()))
            if failure is None and delivery.unadopted:
                for queue in delivery.unadopted:
                    adopt(client, queue, notices)
                continue
            failure = failure or delivery.receive(_send(client, delivery.commands()))
            if failure is not None and code_of(failure) == "NOSCRIPT":
                client.script_load(SCRIPT)
            elif failure is not None and code_of(failure) not in AT_ONCE:
                raise translate(failure, where) from failure
    except RedisError as error:
        raise translate(error, where) from error
    return delivery.result()


def adopt(client: redis.Redis, queue: str, notices: NoticeOptions) -> None:
    """Cases for the alerts that an older version left in a queue. Raises RedisError."""
    steps = adopting(queue, notices.live_days)
    commands = next(steps)
    with contextlib.suppress(StopIteration):
        while True:
            commands = steps.send(_answered(_send(client, commands)))


def _answered(answers: list[Any]) -> list[Any]:
    """The answers, if none is a failure; else raises the first."""
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers


def _send(client: redis.Redis, commands: list[Command]) -> list[Any]:
    pipeline: Any = client.pipeline(transaction=False)
    for command in commands:
        pipeline.execute_command(*command)
    return list(pipeline.execute(raise_on_error=False))
