"""Blocks of answered examples in, models out: all of the trainer's work that takes time, whatever process does it.

A month is learned once every partition of vigie.events has answered for it, in an order that does not depend on how the
answers arrived.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence

import msgspec
import numpy as np

from detectors import models, month_scores
from detectors.evaluation import prequential
from detectors.evaluation.prequential import Prequential
from detectors.features import names
from detectors.labels import Examples
from detectors.learning import Learner, LearningOptions
from detectors.month_scores import MonthScores
from detectors.months import parse_month
from detectors.portfolio import Counts
from detectors.regime import changes
from detectors.scales import CODES
from streams import examples
from streams.examples import ExampleBlock
from streams.learner_wire import Begin, Learned, Standing
from streams.topics import EXAMPLES

log = logging.getLogger(__name__)


class Lessons:
    """Collects cohorts and learns them one by one."""

    def __init__(self, begin: Begin) -> None:
        """Raises UnusableModel where the model cannot be gone on from."""
        terms = begin.terms
        self._horizon = terms.horizon
        options = LearningOptions(**terms.learning)
        self._learner = Learner(models.decode(begin.model), options, terms.regime, terms.cap)
        self._reached = dict.fromkeys(range(terms.partitions), 0)
        """The last month for which each partition has answered in full."""
        self._parts: dict[int, dict[tuple[int, int], Examples]] = defaultdict(dict)
        """Months not learned yet: their blocks, by partition and first SIREN."""
        self._portfolios: dict[int, dict[int, Counts]] = defaultdict(dict)
        """The same months' shares of the portfolio at whose end they are answered, by partition."""
        self._scores: dict[int, dict[int, MonthScores]] = defaultdict(dict)
        """What those firms' scores were like, by partition."""

    def standing(self, month: int = 0) -> Standing:
        """How far it is, after a record of `month`."""
        complete = min(self._reached.values())
        due = min((m for m in self._portfolios if m <= complete), default=None)
        return Standing(max(complete, self._learner.model.last_cohort), due, month)

    def take(self, offset: int, value: bytes) -> Standing:
        """Keep a block, unless its month is learned already. What is none of this version's is told and passed over."""
        try:
            block = examples.decode(value)
            month, part = parse_month(block.cohort), examples.examples_of(block)
        except (msgspec.DecodeError, ValueError) as error:
            log.warning("%s offset %d is no block of examples, passed over: %s", EXAMPLES, offset, error)
            return self.standing()
        if block.partition not in self._reached or block.names != names():
            log.warning("%s offset %d is of another version or cluster, passed over", EXAMPLES, offset)
            return self.standing()
        if month > self._learner.model.last_cohort:
            self._keep(block, month, part)
        if block.last:
            self._reached[block.partition] = max(self._reached[block.partition], month)
        return self.standing(month)

    def learn(self, month: int) -> Learned:
        """Learn a month, which must be due."""
        parts, shares = self._parts.pop(month, {}), self._portfolios.pop(month)
        ordered = [parts[key] for key in sorted(parts)]
        portfolio = np.sum(list(shares.values()), axis=0)
        said = self._scores.pop(month, {})
        scores = month_scores.merged(list(said.values())) if said else None
        before = self._learner.regime
        model = self._learner.learn(month, ordered, self._horizon, portfolio, scores)
        for line in changes(before, model.regime):
            log.warning("%s", line)
        return Learned(
            month=month,
            version=model.version,
            model=models.encode(self._learner.resumable()),
            regime=model.regime,
            firms=sum(len(p.labels) for p in ordered),
            figures=_figures(ordered),
            standing=self.standing(),
        )

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


def _figures(parts: Sequence[Examples]) -> Prequential | None:
    """How good the scores of a cohort were."""
    if not parts:
        return None
    labels = np.concatenate([p.labels for p in parts])
    return prequential.figures(np.concatenate([p.cohort.logits for p in parts]), labels)
