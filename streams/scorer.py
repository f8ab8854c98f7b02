"""The scorer: a batch of events through the chain of its partition, and what comes of it into Kafka.

Effects of a batch, in this order, each confirmed by Kafka before the next begins unless said otherwise:

1. dead letters for what was refused (confirmed before offsets are committed);
2. for each outcome of the chain: its alerts; at a month end also the answered examples, and the cohort that waits;
3. the state of the firms that changed, then the partition's time: once between two commits, since a firm changes many
   times meanwhile (`streams.state_writer`); at a month end at once, and confirmed;
4. the offsets.

A kill between two of them repeats the earlier ones: alerts have the same ids, examples are known by their cohort, a
firm's state says which events it has seen.

The month end of a partition of many firms is worked out in a thread: other partitions' events go on meanwhile, and its
own once all but its firms' state is there.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, TypeVar

import numpy as np

from alerts import alert as contract
from alerts.alert import Origin
from alerts.language import Language
from detectors import models, pack
from detectors.batch import Batch
from detectors.chain import Chain, Outcome
from detectors.events import EVENT_TYPES
from detectors.months import month_of
from detectors.panel import Rows
from streams import canary, dead_letters, examples, wire
from streams.admission import Admitted, admit
from streams.alerting import alert_of
from streams.dead_letters import dead_letter
from streams.firm_table import FirmTable
from streams.metrics import StreamMetrics
from streams.outbox import Outbox, Outgoing, Unconfirmed
from streams.state_writer import StateWriter
from streams.topics import ALERTS, CHANGELOG, DEAD_LETTERS, EVENTS, EXAMPLES

FUTURE_DAYS = 1
"""How far `known_at` may lie after today: clocks and time zones differ, real knowledge of the future does not exist."""
ASIDE_FIRMS = 1_000
"""Firms whose month end is not worth a thread: some 20 ms, where a thread may wait as long for its turn on a busy core.
"""
PROGRAM = "vigie-scorer"

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True)
class Clocks:
    """Wall clock and monotonic clock in seconds, handed in so that nothing here asks the system."""

    wall: Callable[[], float]
    monotonic: Callable[[], float]

    def now(self) -> datetime:
        """The wall clock as a date and time."""
        return datetime.fromtimestamp(self.wall(), UTC)

    def today(self) -> date:
        """The wall clock's day."""
        return self.now().date()


class Scorer:
    """Handles the batches of all partitions of one worker, several partitions at a time where asked to."""

    def __init__(
        self,
        table: FirmTable,
        outbox: Outbox,
        metrics: StreamMetrics,
        clocks: Clocks,
        *,
        partitions: int,
        ready: models.Scorer,
        language: Language,
    ) -> None:
        self._ready = ready
        self._table = table
        self._outbox = outbox
        self._metrics = metrics
        self._clocks = clocks
        self._partitions = partitions
        self._language = language
        self._letters = Unconfirmed(outbox, DEAD_LETTERS)
        self._state = StateWriter(
            outbox, CHANGELOG, records=_records, last=lambda chain: [pack.clock_record(chain)], held=table.chains.get
        )

    def use(self, ready: models.Scorer) -> None:
        """Score with this model from the next batch on: each batch with one, and all partitions with the same."""
        self._ready = ready
        self._metrics.model_in_force(ready.model.version, ready.model.as_of)

    async def handle(self, partition: int, records: Sequence[Any]) -> None:
        """All effects of a batch but its state and offsets. Raises SendFailed when Kafka does not take them."""
        records, canaries = canary.apart(records)
        async with self._state.working(partition):
            began = self._clocks.monotonic()
            chain = self._table.chain(partition)
            chain.scorer = self._ready
            latest_day = self._clocks.today().toordinal() + FUTURE_DAYS
            admitted = admit(records, partition, self._partitions, latest_day)
            if admitted.refusals:
                await self._refuse(partition, records, admitted)
            if len(admitted.batch):
                await self._step(partition, chain, records, admitted, began)
            self._count(partition, chain, admitted, began)
        if canaries:
            await self._answer(partition, chain, canaries)

    async def _answer(self, partition: int, chain: Chain, canaries: Sequence[Any]) -> None:
        """Write the alerts of canaries: nothing else comes of them."""
        of = (canaries, partition, self._ready, chain.options, self._clocks.now(), self._language)
        await self._outbox.send(ALERTS, await asyncio.to_thread(canary.alerts_of, *of))

    async def confirmed(self) -> None:
        """Write the state that changed, and wait until Kafka has it and all dead letters. Raises SendFailed."""
        await self._state.confirmed()
        await self._letters.settled()

    async def _step(
        self, partition: int, chain: Chain, records: Sequence[Any], admitted: Admitted, began: float
    ) -> None:
        ending = _may_end_a_month(chain, admitted.batch)
        if ending:
            # A commit need not wait for the end of a month where nothing from before is left to be written.
            await self._state.write(partition)
        touched = partial(_touched, batch=admitted.batch)
        await self._state.before(partition, touched)
        steps = chain.step(admitted.batch)
        while (outcome := await self._aside(ending, chain, next, steps, None)) is not None:
            if outcome.scores is not None:
                self._metrics.sweep_seconds.observe(self._clocks.monotonic() - began)
            await self._emit(partition, chain, outcome, records, admitted)
            if outcome.scores is not None:
                ending = _may_end_a_month(chain, admitted.batch)
                await self._write_month(partition, chain, touched, more=ending)
            elif ending:
                await self._state.write(partition)
            began = self._clocks.monotonic()

    async def _write_month(self, partition: int, chain: Chain, touched: Callable[[Chain], Rows], *, more: bool) -> None:
        """Write what a month end changed: behind it where it is much, unless the batch ends `more` months."""
        if _is_large(chain) and not more:
            await self._state.write_behind(partition)
            await self._state.before(partition, touched)
        else:
            await self._state.write(partition, many=_is_large(chain))
            await self._state.settled()

    async def _emit(
        self, partition: int, chain: Chain, outcome: Outcome, records: Sequence[Any], admitted: Admitted
    ) -> None:
        """Effects of an outcome up to the state of firms, which is noted."""
        ended = outcome.scores is not None
        if outcome.decisions:
            of = (partition, chain, outcome, records, admitted)
            alerts = await self._aside(ended, chain, self._alerts, *of)
            await self._outbox.send(ALERTS, alerts)
        if ended:
            await self._send_examples(partition, chain, outcome)
            await self._state.settled()
        self._state.changed(partition, chain, outcome.changed)

    def _alerts(
        self, partition: int, chain: Chain, outcome: Outcome, records: Sequence[Any], admitted: Admitted
    ) -> list[Outgoing]:
        now = self._clocks.now()
        outgoing = []
        for decision in outcome.decisions:
            record = records[admitted.positions[decision.position]]
            origin = Origin(EVENTS, partition, record.offset)
            alert = alert_of(decision, chain.scorer.model, origin, now, self._language)
            outgoing.append(Outgoing(alert.siren.encode(), contract.encode(alert), wire.onward(record.headers)))
            self._metrics.raised.labels(alert.tier, alert.kind).inc()
            log.debug("an alert is raised", extra=_about(partition, record, alert=alert.id))
        return outgoing

    async def _send_examples(self, partition: int, chain: Chain, outcome: Outcome) -> None:
        assert outcome.scores is not None
        month = outcome.scores.month - chain.options.horizon
        of = (partition, month, outcome.examples, outcome.portfolio, outcome.month_scores)
        blocks = await self._aside(True, chain, lambda: [*examples.blocks(*of)])
        await self._outbox.send(EXAMPLES, [Outgoing(None, block, partition=0) for block in blocks])
        if outcome.cohort is not None:
            await self._state.put(partition, pack.cohort_records(outcome.cohort), many=_is_large(chain))
        if outcome.examples is not None:
            await self._state.put(partition, pack.answered_records(outcome.examples.cohort), many=_is_large(chain))

    @staticmethod
    async def _aside(ending: bool, chain: Chain, work: Callable[..., T], *of: Any) -> T:
        """What `work` gives, from a thread where it belongs to a month end that takes long."""
        return await asyncio.to_thread(work, *of) if ending and _is_large(chain) else work(*of)

    async def _refuse(self, partition: int, records: Sequence[Any], admitted: Admitted) -> None:
        now = self._clocks.now()
        letters = (
            (
                dead_letters.key_of(records[position].key),
                dead_letters.encode(
                    dead_letter(
                        reason,
                        detail,
                        topic=EVENTS,
                        partition=partition,
                        offset=records[position].offset,
                        key=records[position].key,
                        value=records[position].value,
                        refused_at=now,
                        by=PROGRAM,
                        schema_version=wire.schema_version(records[position].headers),
                    )
                ),
            )
            for position, reason, detail in admitted.refusals
        )
        self._letters.add(await self._outbox.spread_batches(DEAD_LETTERS, partition, letters))
        for reason, count in Counter(refusal.reason for refusal in admitted.refusals).items():
            self._metrics.refused.labels(reason).inc(count)
        # One of each kind: a whole delivery may be refused. Details may name a firm, and are in the letters.
        for reason, position in {reason: position for position, reason, _ in admitted.refusals}.items():
            log.warning("records are refused: %s; the last of this batch is named", reason,
                        extra=_about(partition, records[position]))  # fmt: skip

    def _count(self, partition: int, chain: Chain, admitted: Admitted, began: float) -> None:
        metrics = self._metrics
        counts = np.bincount(admitted.batch.rows["type"], minlength=len(EVENT_TYPES))
        for kind, n in zip(EVENT_TYPES, counts.tolist(), strict=True):
            if n:
                metrics.events.labels(kind).inc(n)
        metrics.firms.labels(str(partition)).set(len(chain.panel))
        if chain.day:
            metrics.event_time.labels(str(partition)).set((chain.day - _UNIX_EPOCH) * 86_400)
        metrics.batch_events.observe(len(admitted.batch) + len(admitted.refusals))
        metrics.batch_seconds.observe(self._clocks.monotonic() - began)


def _may_end_a_month(chain: Chain, batch: Batch) -> bool:
    """Whether a batch may bring month ends: not unless it reaches a month whose predecessor has not ended."""
    if not chain.day:
        return True
    latest = max(chain.day, int(batch.rows["known"].max()))
    return month_of(date.fromordinal(latest)) - 1 > chain.swept


def _touched(chain: Chain, batch: Batch) -> Rows:
    """The rows of firms that a batch has events of; -1 for one that is new."""
    return chain.panel.rows_of(batch.rows["siren"], make=False)


def _about(partition: int, record: Any, **more: str) -> dict[str, str]:
    """What a line of the log is about."""
    return {"event": f"{EVENTS}/{partition}/{record.offset}", **more}


def _is_large(chain: Chain) -> bool:
    return len(chain.panel) >= ASIDE_FIRMS


def _records(chain: Chain, rows: Rows) -> Iterator[pack.Record]:
    return pack.firm_records(chain.panel, rows)


_UNIX_EPOCH = date(1970, 1, 1).toordinal()
