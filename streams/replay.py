"""The whole chain over events in event-time order, without Kafka: for backfills and back-tests.

It drives the same functions as the live worker. Where that has partitions, a trainer and a topic between them, replay
has one chain and learns in place: a month is learned the moment it is answered, and the next event is scored with the
new model. Frozen, replay and a frozen worker give the same alerts, id for id.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Protocol

from alerts.alert import Alert, Origin
from alerts.language import Language
from detectors.batch import batch_of
from detectors.capping import CapOptions
from detectors.chain import Chain, ChainOptions, Outcome, Scores
from detectors.events import AnyEvent
from detectors.learning import Learner, LearningOptions
from detectors.models import Model, prior
from detectors.regime import WATCHES, Regime, RegimeOptions, began, changes
from streams.alerting import alert_of

BATCH_EVENTS = 20_000
TOPIC = "replay"


class Sink(Protocol):
    """Takes what comes out, in order."""

    def scores(self, scores: Scores, model_version: str) -> None:
        """The scores of a month end, and the model that gave them."""

    def alert(self, alert: Alert) -> None:
        """An alert."""


@dataclass(frozen=True)
class ReplayOptions:
    """How replay runs."""

    chain: ChainOptions = field(default_factory=ChainOptions)
    learning: LearningOptions = field(default_factory=LearningOptions)
    regime: RegimeOptions = field(default_factory=RegimeOptions)
    cap: CapOptions = field(default_factory=CapOptions)
    model: Model | None = None
    """Where scoring and learning start; by default the expert scorecard."""
    frozen: bool = False
    """Score with that model alone."""
    language: Language = "fr"


@dataclass
class Summary:
    """What went through."""

    events: int = 0
    month_ends: int = 0
    scores: int = 0
    alerts: int = 0
    learned: int = 0
    regime_alarms: int = 0
    """How often the world was found to have changed."""


class Replay:
    """One run; `run` may be called once."""

    def __init__(
        self, options: ReplayOptions, sink: Sink, raised_at: datetime, tell: Callable[[str], object] | None = None
    ) -> None:
        """`raised_at` is the wall clock's time that alerts carry; `tell` is given a line where the world changes."""
        self._tell = tell or (lambda _: None)
        self.summary = Summary()
        self._options = options
        self._sink = sink
        self._raised_at = raised_at
        self.model = options.model or prior()
        self._learner = None if options.frozen else Learner(self.model, options.learning, options.regime, options.cap)
        self.chain = Chain(self.model, options.chain)

    def run(self, events: Iterable[AnyEvent]) -> Summary:
        """Take all events through the chain, in the order given."""
        for batch in _chunks(events):
            start = self.summary.events
            for outcome in self.chain.step(batch_of(batch)):
                self._take(outcome, start)
            self.summary.events += len(batch)
        return self.summary

    def resumable(self) -> Model:
        """The model at the end, with what is needed to learn further."""
        return self.model if self._learner is None else self._learner.resumable()

    def _take(self, outcome: Outcome, start: int) -> None:
        if outcome.scores is not None:
            self.summary.month_ends += 1
            self.summary.scores += len(outcome.scores.sirens)
            self._sink.scores(outcome.scores, self.model.version)
        for decision in outcome.decisions:
            origin = Origin(TOPIC, 0, start + decision.position)
            self._sink.alert(alert_of(decision, self.model, origin, self._raised_at, self._options.language))
            self.summary.alerts += 1
        if outcome.scores is not None and self._learner is not None:
            self._learn(self._learner, outcome, outcome.scores.month - self._options.chain.horizon)

    def _learn(self, learner: Learner, outcome: Outcome, cohort: int) -> None:
        if cohort <= self.model.last_cohort:
            # The model that was given has learned it.
            return
        parts = [] if outcome.examples is None else [outcome.examples]
        before = learner.regime
        self.model = learner.learn(cohort, parts, self._options.chain.horizon, outcome.portfolio, outcome.month_scores)
        self._note(before, learner.regime)
        self.summary.learned += sum(len(part.labels) for part in parts)
        self.chain.use(self.model)

    def _note(self, before: Regime, now: Regime) -> None:
        for line in changes(before, now):
            self._tell(line)
        self.summary.regime_alarms += sum(began(before, now, watch) for watch in WATCHES)


def _chunks(events: Iterable[AnyEvent]) -> Iterator[list[AnyEvent]]:
    iterator = iter(events)
    while chunk := list(islice(iterator, BATCH_EVENTS)):
        yield chunk
