"""The scorer: a batch of events through the chain of its partition, and what comes of it into Kafka.

Effects of a batch, in this order, each confirmed by Kafka before the next begins unless said otherwise:

1. dead letters for what was refused (confirmed before offsets are committed);
2. the alerts of each outcome of the chain;
3. the state of the firms that changed, then the partition's time: once between two commits, since a firm changes many
   times meanwhile (`streams.state_writer`);
4. the offsets.

A month ends some firms at a time (`detectors.month_end`): of each such part the alerts and the part of the cohort that
waits, confirmed; then the firms' state. Once all firms are closed, the answered examples, and the partition's time as
the month ended. What is left when a batch is through goes on between later ones (`streams.sweeps`): their events' firms
are closed first, their state is written once all of the month end is, and their offsets are held back until then.

A kill between two of them repeats the earlier ones: alerts have the same ids, examples are known by their cohort, a
firm's state says which events and month ends it has seen. State of after a month end never stands beside state of
before it.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from alerts import alert as contract
from alerts.alert import Origin
from alerts.language import Language
from detectors import models, pack
from detectors.batch import Batch
from detectors.chain import Chain, ChainOptions, Live
from detectors.events import EVENT_TYPES
from detectors.months import month_of
from detectors.outcome import Outcome
from streams import canary, dead_letters, examples, wire
from streams.admission import Admitted, admit
from streams.alerting import alert_of
from streams.dead_letters import dead_letter
from streams.firm_table import FirmTable
from streams.metrics import StreamMetrics
from streams.outbox import Outbox, Outgoing, Unconfirmed
from streams.spool import Spool
from streams.state_writer import StateWriter
from streams.sweeps import Sweeps
from streams.topics import ALERTS, CHANGELOG, DEAD_LETTERS, EVENTS, EXAMPLES

FUTURE_DAYS = 1
"""How far `known_at` may lie after today: clocks and time zones differ, real knowledge of the future does not exist."""
CLOSING_FIRMS = 500
"""Firms whose month ends in one go: some 5 ms, and 10 more where they are not at hand."""
ASIDE_FIRMS = 10_000
"""Firms whose answers are not worth a thread, which may wait for its turn on a busy core."""
_PARTS_OF_A_LIFE = 100_000
_LIVES = 1_000_000_000
PROGRAM = "vigie-scorer"

log = logging.getLogger(__name__)


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


@dataclass(frozen=True)
class _Ending:
    """A month end that goes on: when it began, and the records of its batch, one of which ended the month."""

    chain: Chain
    month: int
    began: float
    record_of: Callable[[int], Any]


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
        hot_firms: int,
        failed: Callable[[Exception], Awaitable[None]],
        paused: Callable[[], bool] = lambda: False,
        whole: Callable[[int], Awaitable[None]] | None = None,
    ) -> None:
        """`hot_firms` is how many firms stay at hand, of all partitions together; `failed` is given what a month end
        raises that goes on between batches, which is not while `paused` says so.

        `whole` is asked of a partition whose first records lie behind what its state knows of; it raises where state
        was not read to its end.
        """
        self._ready = ready
        self._table = table
        self._outbox = outbox
        self._metrics = metrics
        self._clocks = clocks
        self._partitions = partitions
        self._language = language
        self._letters = Unconfirmed(outbox, DEAD_LETTERS)
        self._hot_firms = hot_firms
        self._whole = whole
        self._looked_at: dict[int, tuple[Chain, int]] = {}
        """Of which chains, at which assignment, the beginning was looked at."""
        self._state = StateWriter(
            outbox,
            CHANGELOG,
            records=lambda chain, rows: chain.firms.records(chain.panel, rows),
            last=lambda chain: [pack.clock_record(chain.time)],
            held=table.chains.get,
            written=self._let_go,
        )
        self._sweeps = Sweeps(self._go_on, failed, paused)
        self._endings: dict[int, _Ending] = {}

    def use(self, ready: models.Scorer) -> None:
        """Score with this model from the next batch on: each batch with one, and all partitions with the same."""
        self._ready = ready
        self._metrics.model_in_force(ready.model.version, ready.model.as_of)

    async def handle(self, partition: int, records: Sequence[Any]) -> None:
        """All effects of a batch but its state and offsets. Raises SendFailed when Kafka does not take them."""
        start, end = records[0].offset, records[-1].offset + 1
        records, canaries = canary.apart(records)
        async with self._state.working(partition):
            began = self._clocks.monotonic()
            chain = self._table.chain(partition)
            await self._look_at_beginning(partition, chain, start)
            chain.scorer = self._ready
            latest_day = self._clocks.today().toordinal() + FUTURE_DAYS
            admitted = admit(records, partition, self._partitions, latest_day)
            if admitted.refusals:
                await self._refuse(partition, records, admitted)
            if len(admitted.batch):
                await self._step(partition, chain, records, admitted, began)
            chain.next_offset = max(chain.next_offset, end)
            self._state.changed(partition, chain, _NO_ROWS)
            self._count(partition, chain, admitted, began)
        if canaries:
            await self._answer(partition, chain, canaries)

    async def _look_at_beginning(self, partition: int, chain: Chain, start: int) -> None:
        """Whether a partition's state has all that was committed, when its first records come.

        The offsets between may be gone. But a broker that led the changelog and was replaced may have told an end of
        before: the state would go on without what was written since, and events of it never come again.
        """
        looked = (chain, self._table.assignments)
        if self._looked_at.get(partition) != looked:
            if self._whole is not None and start > chain.next_offset:
                await self._whole(partition)
                if chain.next_offset:
                    log.warning(
                        "%s/%d goes on at offset %d, its state ends before %d: what is between was deleted, or the "
                        "changelog has lost its end", EVENTS, partition, start, chain.next_offset,
                    )  # fmt: skip
            self._looked_at[partition] = looked

    async def _answer(self, partition: int, chain: Chain, canaries: Sequence[Any]) -> None:
        """Write the alerts of canaries: nothing else comes of them."""
        of = (canaries, partition, self._ready, chain.options, self._clocks.now(), self._language)
        await self._outbox.send(ALERTS, await asyncio.to_thread(canary.alerts_of, *of))

    async def confirmed(self) -> None:
        """Write the state that changed, and wait until Kafka has it and all dead letters. Raises SendFailed.

        That of partitions held back is not written, and no offset of theirs is to be committed but older ones.
        """
        await self._state.confirmed(self.holds)
        await self._letters.settled()

    def holds(self, partition: int) -> bool:
        """Whether a partition's offsets are held back, since its month end goes on."""
        return self._sweeps.holds(partition)

    async def settle(self) -> None:
        """Wait until nothing is being done of month ends."""
        await self._sweeps.settle()

    async def stop(self) -> None:
        """Leave month ends that go on: a restarted worker does them again."""
        await self._sweeps.stop()

    async def _step(
        self, partition: int, chain: Chain, records: Sequence[Any], admitted: Admitted, began: float
    ) -> None:
        if _may_end_a_month(chain, admitted.batch):
            while chain.month_end is not None:
                await self._go_on_with(partition, chain)
            # A commit need not wait for the end of a month where nothing from before is left to be written.
            await self._state.write(partition)

        def record_of(position: int) -> Any:
            return records[admitted.positions[position]]

        for outcome in chain.step(admitted.batch):
            if outcome.month is None:
                await self._send_alerts(partition, outcome, record_of)
                self._state.changed(partition, chain, outcome.changed)
            else:
                self._note_ending(partition, _Ending(chain, outcome.month, began, record_of))
                await self._ended(partition, chain, outcome)
        if chain.month_end is not None:
            self._note_ending(partition, _Ending(chain, chain.month_end.month, began, record_of))
            self._sweeps.start(partition)

    def _note_ending(self, partition: int, ending: _Ending) -> None:
        """Remember a month end, unless it began earlier."""
        known = self._endings.get(partition)
        if known is None or known.chain is not ending.chain or known.month != ending.month:
            self._endings[partition] = ending

    async def _go_on(self, partition: int) -> bool:
        """The next stretch of a month end that goes on; whether there is another."""
        async with self._state.working(partition):
            chain = self._table.chains.get(partition)
            if chain is None or chain.month_end is None:
                # It went to another worker, or a batch that ends the next month did the rest.
                return False
            await self._go_on_with(partition, chain)
            return chain.month_end is not None

    async def _go_on_with(self, partition: int, chain: Chain) -> None:
        assert chain.month_end is not None, "a month end goes on"
        if chain.month_end.left:
            for outcome in chain.close_some():
                await self._ended(partition, chain, outcome)
        else:
            finish = asyncio.to_thread(chain.finish) if _is_large(chain) else None
            await self._ended(partition, chain, await finish if finish is not None else chain.finish())

    async def _ended(self, partition: int, chain: Chain, outcome: Outcome) -> None:
        """Effects of some firms' month end, or of a whole one."""
        ending = self._endings[partition]
        if outcome.kept is not None:
            await self._state.put(partition, pack.part_records(outcome.kept))
            await self._send_alerts(partition, outcome, ending.record_of)
            await self._state.settled()
            await self._put(partition, chain, chain.firms.records(outcome.panel, outcome.changed))
        if outcome.time is not None:
            await self._send_examples(partition, chain, outcome)
            await self._state.settled()
            await self._put(partition, chain, [pack.clock_record(outcome.time)])
            self._metrics.sweep_seconds.observe(self._clocks.monotonic() - ending.began)
            del self._endings[partition]

    async def _put(self, partition: int, chain: Chain, records: Iterable[pack.Record]) -> None:
        """State of a month end into Kafka's queue, unless the partition went to another worker meanwhile."""
        if self._table.chains.get(partition) is chain:
            # All at once: while the queue is full, nothing must change them.
            await self._state.put(partition, list(records))

    async def _send_alerts(self, partition: int, outcome: Outcome, record_of: Callable[[int], Any]) -> None:
        if outcome.decisions:
            await self._outbox.send_by_siren(ALERTS, self._alerts(partition, outcome, record_of))

    def _alerts(self, partition: int, outcome: Outcome, record_of: Callable[[int], Any]) -> list[Outgoing]:
        now, told = self._clocks.now(), log.isEnabledFor(logging.DEBUG)
        outgoing = []
        for decision in outcome.decisions:
            record = record_of(decision.position)
            origin = Origin(EVENTS, partition, record.offset)
            alert = alert_of(decision, outcome.model, origin, now, self._language)
            outgoing.append(Outgoing(alert.siren.encode(), contract.encode(alert), wire.onward(record.headers)))
            self._metrics.raised_by(alert.tier, alert.kind).inc()
            if told:
                log.debug("an alert is raised", extra=_about(partition, record, alert=alert.id))
        return outgoing

    async def _send_examples(self, partition: int, chain: Chain, outcome: Outcome) -> None:
        assert outcome.scores is not None
        month = outcome.scores.month - chain.options.horizon
        of = (partition, month, outcome.examples, outcome.portfolio, outcome.month_scores)
        blocks = await asyncio.to_thread(_blocks, *of) if _is_large(chain) else _blocks(*of)
        await self._outbox.send(EXAMPLES, [Outgoing(None, block, partition=0) for block in blocks])
        await self._state.put(partition, pack.answered_records(month, outcome.answered))

    def _let_go(self, chain: Chain) -> None:
        """Keep no more firms at hand than a partition's share."""
        chain.firms.let_go(self._hot_firms // max(1, len(self._table.chains)))

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
        metrics.firms.labels(str(partition)).set(len(chain.firms))
        if chain.day:
            metrics.event_time.labels(str(partition)).set((chain.day - _UNIX_EPOCH) * 86_400)
        metrics.batch_events.observe(len(admitted.batch) + len(admitted.refusals))
        metrics.batch_seconds.observe(self._clocks.monotonic() - began)


def live_chain(model: models.Model, options: ChainOptions, folder: Path, random: Callable[[], float]) -> Chain:
    """A partition's chain as a worker has it, with a file in that folder; `random` gives numbers in [0, 1).

    Raises StreamsError where the folder takes no file.
    """
    first_part = int(random() * _LIVES) * _PARTS_OF_A_LIFE
    return Chain(model, options, Live(CLOSING_FIRMS, first_part, Spool(folder).parts_of))


def _may_end_a_month(chain: Chain, batch: Batch) -> bool:
    """Whether a batch may begin month ends: not unless it reaches a month whose predecessor has not."""
    if not chain.day:
        return True
    latest = max(chain.day, int(batch.rows["known"].max()))
    ended = chain.swept if chain.month_end is None else chain.month_end.month
    return month_of(date.fromordinal(latest)) - 1 > ended


def _about(partition: int, record: Any, **more: str) -> dict[str, str]:
    """What a line of the log is about."""
    return {"event": f"{EVENTS}/{partition}/{record.offset}", **more}


def _is_large(chain: Chain) -> bool:
    return len(chain.firms) >= ASIDE_FIRMS


def _blocks(*of: Any) -> list[bytes]:
    return list(examples.blocks(*of))


_NO_ROWS = np.zeros(0, np.intp)
_UNIX_EPOCH = date(1970, 1, 1).toordinal()
