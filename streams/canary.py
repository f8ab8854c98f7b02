"""A canary: every few minutes an event whose alert must come out at the other end, whatever the firms do.

The event is a million euros unpaid, of a SIREN that no firm has, marked by a header. It goes through Kafka as any event
does; the scorer decides it with the model in force, on a firm that it makes up for the moment: forty employees, two
years without a debt. So nothing of it is kept, learned, or seen beside real firms. Its alert goes through vigie.alerts
and the dispatcher into a queue of its own, which is none of the agents'; there it is looked for.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from redis.exceptions import RedisError

from alerts import alert as contract
from alerts.alert import Origin
from alerts.connect import connect_async
from alerts.language import Language
from alerts.options import AlertsOptions
from alerts.routing import CANARY, CANARY_SIREN, seen_key, stream_key
from detectors.batch import batch_of
from detectors.chain import Chain, ChainOptions
from detectors.events import AnyEvent, Contribution, Firm, Headcount, PaymentDelay
from detectors.models import Scorer
from detectors.months import first_day, month_of
from detectors.telling import Decision
from streams import wire
from streams.alerting import alert_of
from streams.errors import SendFailed
from streams.metrics import StreamMetrics
from streams.outbox import Outbox, Outgoing
from streams.topics import EVENTS

HEADER = "canary"
KEY = CANARY_SIREN.encode()
SITE = f"{CANARY_SIREN}00001"
EUROS = 1_000_000.0
MONTHS = 24
"""Without a debt, before the canary's."""
OLDEST_SECONDS = 3_600.0
"""What was sent longer ago is passed over: a scorer that begins at the beginning meets years of canaries."""
LOOK_SECONDS = 0.25
KEPT = 100
"""Entries left in the canary's queue."""

log = logging.getLogger(__name__)
_decode = msgspec.json.Decoder(PaymentDelay).decode


def canary(account: str, day: date) -> PaymentDelay:
    """The event; its account makes it, and its alert, another one each time."""
    month = month_of(day)
    return PaymentDelay(
        siren=CANARY_SIREN,
        siret=SITE,
        known_at=day,
        account=account,
        period_start=first_day(month - 1),
        period_end=first_day(month),
        sequence="1",
        version=1,
        employee_share=EUROS,
        employer_share=EUROS,
        counted_from=first_day(month),
        account_state=None,
        proceeding_code=None,
        operation_code=None,
        reason_code=None,
        disputed=None,
    )


def apart(records: Sequence[Any]) -> tuple[Sequence[Any], list[Any]]:
    """The records that are none of a canary's, and those that are."""
    if all(record.key != KEY for record in records):
        return records, []
    canaries = [record for record in records if _is_canary(record)]
    return [record for record in records if record not in canaries], canaries


def alerts_of(
    canaries: Sequence[Any], partition: int, ready: Scorer, options: ChainOptions, now: datetime, language: Language
) -> list[Outgoing]:
    """The alerts of the canaries that were sent lately, as they are written to vigie.alerts."""
    outgoing = []
    for record in canaries:
        sent = wire.sent_ms(record.headers)
        if sent is None or now.timestamp() - sent / 1000 > OLDEST_SECONDS:
            continue
        for decision in decided(_decode(record.value), ready, options):
            alert = alert_of(decision, ready.model, Origin(EVENTS, partition, record.offset), now, language)
            outgoing.append(Outgoing(KEY, contract.encode(alert), wire.onward(record.headers), partition=partition))
    return outgoing


def decided(event: PaymentDelay, ready: Scorer, options: ChainOptions) -> list[Decision]:
    """What the chain makes of the event, behind two years without a debt. Some 0.1 s of CPU."""
    chain = Chain(ready.model, options)
    chain.scorer = ready
    list(chain.step(batch_of(list(_history(event.known_at, options)))))
    return [decision for outcome in chain.step(batch_of([event])) for decision in outcome.decisions]


def _history(day: date, options: ChainOptions) -> Iterator[AnyEvent]:
    heads = max(40.0, 2 * options.decisions.perimeter.headcount_floor)
    common: dict[str, Any] = {"siren": CANARY_SIREN, "siret": SITE, "account": "canary"}
    yield Firm(
        siren=CANARY_SIREN, siret=None, known_at=None, name=None, department=None, activity=None, active=None,
        legal_form=None,
    )  # fmt: skip
    for month in range(month_of(day) - MONTHS, month_of(day)):
        start, end = first_day(month), first_day(month + 1)
        yield Contribution(**common, known_at=end, period_start=start, period_end=end, due=10_000.0, paid=10_000.0)
        yield Headcount(**common, known_at=end, month=start, headcount=heads)


def _is_canary(record: Any) -> bool:
    """Whether a record is a canary's; what only looks like one is judged as any record is."""
    if record.key != KEY or all(name != HEADER for name, _ in record.headers):
        return False
    try:
        return bool(_decode(record.value or b"").siren == CANARY_SIREN)
    except (ValueError, RecursionError):
        return False


class CanaryKeeper:
    """Lets canaries go, partition by partition in turn, and waits for them, in the loop that has the outbox."""

    def __init__(
        self,
        outbox: Outbox,
        options: AlertsOptions,
        metrics: StreamMetrics,
        clocks: Any,
        *,
        partitions: int,
        every_seconds: float,
    ) -> None:
        """`clocks` is a `streams.scorer.Clocks`."""
        self._outbox = outbox
        self._redis = connect_async(options.redis, options.redis_timeout_seconds)
        self._metrics = metrics
        self._clocks = clocks
        self._partitions = partitions
        self._every_seconds = every_seconds
        self._waiting: dict[str, float] = {}
        """When each canary that has not come back was sent, wall clock, by its account."""
        self._let_go = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in the background. What is told as the last arrival is the beginning, until there is one."""
        self._metrics.canary_arrived.set(self._clocks.wall())
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Wait for no canary any more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._redis.aclose()

    async def _keep(self) -> None:
        due = self._clocks.monotonic()
        while True:
            try:
                if self._clocks.monotonic() >= due:
                    due += self._every_seconds
                    await self._send()
                if self._waiting:
                    await self._look()
            except Exception as error:
                # Whatever it is: that no canary comes is what the metrics tell, and somebody is woken by.
                unforeseen = not isinstance(error, RedisError | SendFailed)
                log.warning("the canary is held up: %s", error, exc_info=unforeseen)
                await asyncio.sleep(min(self._every_seconds, 10.0))
            await asyncio.sleep(LOOK_SECONDS)

    async def _send(self) -> None:
        now = self._clocks.wall()
        account = f"canary-{now * 1000:.0f}-{self._let_go}"
        record = wire.record(canary(account, datetime.fromtimestamp(now, UTC).date()), int(now * 1000))
        headers = [*record.headers, (HEADER, b"1")]
        partition = self._let_go % self._partitions
        self._let_go += 1
        self._waiting = {name: sent for name, sent in self._waiting.items() if now - sent < OLDEST_SECONDS}
        self._waiting[account] = now
        await self._outbox.send(EVENTS, [Outgoing(KEY, record.value, headers, record.timestamp_ms, partition)])
        self._metrics.canary_sent.set(now)

    async def _look(self) -> None:
        """Look for canaries in their queue, as an agent's program would, and leave but the last entries."""
        stream, seen = stream_key(CANARY), seen_key(CANARY)
        entries: Any = await self._redis.xrevrange(stream, count=KEPT)
        now = self._clocks.wall()
        for _, fields in entries:
            for cause in contract.decode(fields[b"alert"]).causes:
                sent = self._waiting.pop(str(cause.get("account")), None)
                if sent is not None:
                    self._metrics.canary_arrived.set(now)
                    self._metrics.canary_latency.set(now - sent)
        if len(entries) == KEPT:
            await self._redis.xtrim(stream, maxlen=KEPT // 2, approximate=False)
            await self._redis.zremrangebyrank(seen, 0, -KEPT)
