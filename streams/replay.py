"""The whole chain over events in event-time order, without Kafka: for backfills and back-tests.

It drives the same functions as the live worker. Where that has partitions, a trainer and a topic between them, replay
has one chain and learns in place: a month is learned the moment it is answered, and the next event is scored with the
new model. Frozen, replay and a frozen worker give the same alerts, id for id.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice, repeat
from typing import Protocol

from alerts.alert import Alert, Origin
from alerts.language import Language
from detectors.batch import Batch, batch_of
from detectors.capping import CapOptions
from detectors.chain import Chain, ChainOptions
from detectors.events import AnyEvent
from detectors.learning import Learner, LearningOptions
from detectors.models import Model, prior
from detectors.outcome import Outcome, Scores
from detectors.regime import WATCHES, Regime, RegimeOptions, began, changes
from streams.ahead import ahead
from streams.alerting import alert_of
from streams.batch_frames import batch_of_frames
from streams.frames import Frames

BATCH_EVENTS = 500_000
"""Events taken together at most: the more, the more firms share each pass over columns."""
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
    wording: bool = True
    """Whether alerts are made of decisions; else they are only counted."""


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
    """One run over all events; give them once, in one way or the other."""

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

    def run(self, runs: Iterable[Frames]) -> Summary:
        """Take all events of these runs through the chain, in the order given."""
        for batch in _batches(runs):
            self._step(batch)
        return self.summary

    def resumable(self) -> Model:
        """The model at the end, with what is needed to learn further."""
        return self.model if self._learner is None else self._learner.resumable()

    def run_events(self, events: Iterable[AnyEvent]) -> Summary:
        """The same of events that are structs already; slower."""
        iterator = iter(events)
        while some := list(islice(iterator, BATCH_EVENTS)):
            self._step(batch_of(some))
        return self.summary

    def _step(self, batch: Batch) -> None:
        start = self.summary.events
        for outcome in self.chain.step(batch):
            self._take(outcome, start)
        self.summary.events += len(batch)

    def _take(self, outcome: Outcome, start: int) -> None:
        if outcome.scores is not None:
            self.summary.month_ends += 1
            self.summary.scores += len(outcome.scores.sirens)
            self._sink.scores(outcome.scores, self.model.version)
        self.summary.alerts += len(outcome.decisions)
        for decision in outcome.decisions if self._options.wording else ():
            origin = Origin(TOPIC, 0, start + decision.position)
            self._sink.alert(alert_of(decision, self.model, origin, self._raised_at, self._options.language))
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


def _batches(runs: Iterable[Frames]) -> Iterator[Batch]:
    """The runs as batches; the next ones are read and sorted while the chain is at work on one."""
    coming = iter(runs)
    # Files are read before the first run comes out: here, where an interrupt ends it at once.
    first = list(islice(coming, 1))
    batches = (batch_of_frames(part) for run in chain(first, coming) for part in run.parts(BATCH_EVENTS))
    for batch in ahead(lambda _: next(batches, None), repeat(None), threads=1):
        if batch is None:
            return
        yield batch
