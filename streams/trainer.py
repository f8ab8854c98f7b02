"""The trainer: answered examples in, models out. There is one, since the examples' topic has one partition.

It reads, publishes and commits; what takes time, reading blocks and learning, is done by a process of its own
(`streams.lessons`), and is awaited here: scoring, heartbeats and rebalances go on meanwhile.

Effects of a month, in order: the model is written and confirmed; then the examples behind it may be committed. A kill
between the two brings the same examples again: the model says up to which month it has learned, and they are passed
over.

Of several workers one trains, the others stand by. Whoever takes over goes on from the newest model in the topic, not
from the one that was newest when it started, and forgets examples of its own from before: they come again. A rebalance
waits for the month that is being learned, as it waits for any batch, and for no other month; what was learned for a
group that has gone on without this worker is not published.
"""

import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from detectors.months import last_day
from streams.learner_process import LearnerProcess, LearnerStopped
from streams.learner_wire import Learned, Standing, Terms
from streams.metrics import StreamMetrics
from streams.models_topic import MODEL_KEY
from streams.outbox import Outbox, Outgoing
from streams.topics import MODELS

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Membership:
    """What the trainer has to know of its group: which generation it is in, and whether that is about to end."""

    generation: Callable[[], int]
    ending: Callable[[], bool]


class Trainer:
    """Has cohorts learned one by one; `handle` says which messages are done with."""

    def __init__(
        self,
        newest: Callable[[], Awaitable[bytes]],
        learner: LearnerProcess,
        terms: Terms,
        outbox: Outbox,
        metrics: StreamMetrics,
        *,
        membership: Membership,
        monotonic: Callable[[], float],
    ) -> None:
        """`newest` gives the record of the model that learning goes on from, the last one published by whomever."""
        self._newest = newest
        self._learner = learner
        self._terms = terms
        self._outbox = outbox
        self._metrics = metrics
        self._membership = membership
        self._monotonic = monotonic
        self._generation: int | None = None
        """Of the group, when the learner was given what it has; None where it has to begin anew."""
        self._standing = Standing(0)
        self._waiting: dict[int, list[Any]] = defaultdict(list)
        """Messages that may be committed once a month is learned."""

    async def publish_first(self) -> None:
        """Publish the model that learning starts from, for scorers that have none."""
        await self._publish(await self._newest())

    async def handle(self, message: Any, records: Sequence[Any]) -> None:
        """Take blocks in; learn and publish every month that is complete. Marks messages done when they are.

        Raises what the learner does, but for its being stopped: what is not done then is done again.
        """
        try:
            await self._handle(message, records)
        except LearnerStopped as stopped:
            log.info("%s", stopped)

    async def _handle(self, message: Any, records: Sequence[Any]) -> None:
        if message.generation_id != self._generation:
            await self._take_over(message.generation_id)
        newest = 0
        for record in records:
            self._standing = await self._learner.take(record.offset, record.value)
            newest = max(newest, self._standing.month)
        # The learner has the rows: the records need not stay in memory until the message may be committed.
        message.value = ()
        self._waiting[newest].append(message)
        while self._standing.due is not None:
            if self._membership.ending() or not await self._learn(self._standing.due):
                # The months left are another worker's, or come again.
                self._generation = None
                return
        self._release(self._standing.through)

    async def _take_over(self, generation: int) -> None:
        """Begin with what is committed: another worker may have learned since this one last did."""
        self._generation = None
        self._waiting.clear()
        self._standing = await self._learner.begin(self._terms, await self._newest())
        self._generation = generation

    async def _learn(self, month: int) -> bool:
        """Learn a month and publish its model; whether it was still this worker's to publish."""
        began = self._monotonic()
        learned = await self._learner.learn(month)
        self._metrics.learning_seconds.observe(self._monotonic() - began)
        if self._membership.generation() != self._generation:
            log.warning("the group went on without this worker: model %s is not published here", learned.version)
            return False
        await self._publish(learned.model)
        self._show(learned)
        self._standing = learned.standing
        self._release(month)
        return True

    def _release(self, month: int) -> None:
        for waiting in [m for m in self._waiting if m <= month]:
            for message in self._waiting.pop(waiting):
                message.done = True

    async def _publish(self, model: bytes) -> None:
        await self._outbox.send(MODELS, [Outgoing(MODEL_KEY, model, partition=0)])

    def _show(self, learned: Learned) -> None:
        self._metrics.regime_seen(learned.regime)
        if learned.figures is not None:
            scored, answered = last_day(learned.month), last_day(learned.month + self._terms.horizon)
            self._metrics.answered_cohort(learned.figures, scored, answered)
        log.info("learned a cohort of %d answered firms: model %s", learned.firms, learned.version)
