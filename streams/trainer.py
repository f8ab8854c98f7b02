"""The trainer: answered examples in, models out. There is one, since the examples' topic has one partition.

A month is learned once every partition of vigie.events has answered for it, in an order that does not depend on how the
answers arrived. Effects in order: the model is written and confirmed; then the examples behind it may be committed. A
kill between the two brings the same examples again: the model says up to which month it has learned, and they are
passed over.

Of several workers one trains, the others stand by. Whoever takes over goes on from the newest model in the topic, not
from the one that was newest when it started, and forgets examples of its own from before: they come again.
"""

import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
import numpy as np

from detectors import models, month_scores
from detectors.capping import CapOptions
from detectors.evaluation import prequential
from detectors.features import names
from detectors.labels import Examples
from detectors.learning import Learner, LearningOptions
from detectors.models import Model
from detectors.month_scores import MonthScores
from detectors.months import last_day, parse_month
from detectors.portfolio import Counts
from detectors.regime import Regime, RegimeOptions, changes
from detectors.scales import CODES
from streams import examples
from streams.examples import ExampleBlock
from streams.metrics import StreamMetrics
from streams.models_topic import MODEL_KEY
from streams.outbox import Outbox, Outgoing
from streams.topics import EXAMPLES, MODELS

log = logging.getLogger(__name__)


class Trainer:
    """Collects cohorts and learns them one by one; `handle` says which messages are done with."""

    def __init__(
        self,
        newest: Callable[[], Awaitable[Model]],
        outbox: Outbox,
        metrics: StreamMetrics,
        *,
        partitions: int,
        horizon: int,
        options: LearningOptions | None = None,
        regime: RegimeOptions | None = None,
        cap: CapOptions | None = None,
    ) -> None:
        """`newest` gives the model that learning goes on from, the last one published by whomever."""
        self._learner: Learner
        self._newest = newest
        self._options = options
        self._regime, self._cap = regime, cap
        self._outbox = outbox
        self._metrics = metrics
        self._horizon = horizon
        self._generation: int | None = None
        """Of the group, when the messages so far were given to this worker."""
        self._reached = dict.fromkeys(range(partitions), 0)
        """The last month for which each partition has answered in full."""
        self._parts: dict[int, dict[tuple[int, int], Examples]] = defaultdict(dict)
        """Months not learned yet: their blocks, by partition and first SIREN."""
        self._portfolios: dict[int, dict[int, Counts]] = defaultdict(dict)
        """The same months' shares of the portfolio at whose end they are answered, by partition."""
        self._scores: dict[int, dict[int, MonthScores]] = defaultdict(dict)
        """What those firms' scores were like, by partition."""
        self._waiting: dict[int, list[Any]] = defaultdict(list)
        """Messages that may be committed once a month is learned."""

    async def publish_first(self) -> None:
        """Publish the model that learning starts from, for scorers that have none."""
        await self._publish(await self._newest())

    async def handle(self, message: Any, records: Sequence[Any]) -> None:
        """Take blocks in; learn and publish every month that is complete. Marks messages done when they are."""
        if message.generation_id != self._generation:
            await self._take_over(message.generation_id)
        newest = max(self._take(record) for record in records)
        # The rows are kept as arrays: the records need not stay in memory until the message may be committed.
        message.value = ()
        self._waiting[newest].append(message)
        complete = min(self._reached.values())
        while (month := self._next(complete)) is not None:
            await self._learn(month)
        self._release(max(complete, self._learner.model.last_cohort))

    async def _take_over(self, generation: int) -> None:
        """Begin with what is committed: another worker may have learned since this one last did."""
        self._learner = Learner(await self._newest(), self._options, self._regime, self._cap)
        self._reached = dict.fromkeys(self._reached, 0)
        self._parts.clear()
        self._portfolios.clear()
        self._scores.clear()
        self._waiting.clear()
        self._generation = generation

    def _take(self, record: Any) -> int:
        """Keep a block; gives its month, or 0 for what is no block of this version's."""
        try:
            block = examples.decode(record.value or b"")
            month, part = parse_month(block.cohort), examples.examples_of(block)
        except (msgspec.DecodeError, ValueError) as error:
            log.warning("%s offset %d is no block of examples, passed over: %s", EXAMPLES, record.offset, error)
            return 0
        if block.partition not in self._reached or block.names != names():
            log.warning("%s offset %d is of another version or cluster, passed over", EXAMPLES, record.offset)
            return 0
        if month > self._learner.model.last_cohort:
            self._keep(block, month, part)
        if block.last:
            self._reached[block.partition] = max(self._reached[block.partition], month)
        return month

    def _keep(self, block: ExampleBlock, month: int, part: Examples) -> None:
        if len(part.labels):
            self._parts[month][block.partition, int(part.cohort.sirens.min())] = part
        if block.last:
            nobody = np.zeros((len(block.names), CODES), np.int64)
            share = nobody if block.portfolio is None else block.portfolio.open().astype(np.int64)
            self._portfolios[month][block.partition] = share
            scores = examples.scores_of(block)
            if scores is not None:
                self._scores[month][block.partition] = scores

    def _next(self, complete: int) -> int | None:
        return min((m for m in self._portfolios if m <= complete), default=None)

    async def _learn(self, month: int) -> None:
        parts, shares = self._parts.pop(month, {}), self._portfolios.pop(month)
        ordered = [parts[key] for key in sorted(parts)]
        portfolio = np.sum(list(shares.values()), axis=0)
        said = self._scores.pop(month, {})
        scores = month_scores.merged(list(said.values())) if said else None
        regime = self._learner.regime
        model = self._learner.learn(month, ordered, self._horizon, portfolio, scores)
        await self._publish(self._learner.resumable())
        self._count(ordered, month)
        self._tell(regime, model.regime)
        log.info("learned a cohort of %d answered firms: model %s", sum(len(p.labels) for p in ordered), model.version)

    def _tell(self, before: Regime, now: Regime) -> None:
        """Show what the watches say, and log where an alarm begins or ends."""
        self._metrics.regime_seen(now)
        for line in changes(before, now):
            log.warning("%s", line)

    def _release(self, month: int) -> None:
        for waiting in [m for m in self._waiting if m <= month]:
            for message in self._waiting.pop(waiting):
                message.done = True

    async def _publish(self, model: Model) -> None:
        await self._outbox.send(MODELS, [Outgoing(MODEL_KEY, models.encode(model), partition=0)])

    def _count(self, parts: Sequence[Examples], month: int) -> None:
        if not parts:
            return
        labels = np.concatenate([p.labels for p in parts])
        logits = np.concatenate([p.cohort.logits for p in parts])
        figures = prequential.figures(logits, labels)
        self._metrics.answered_cohort(figures, last_day(month), last_day(month + self._horizon))
