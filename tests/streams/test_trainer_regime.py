"""The trainer sees what replay sees: the portfolio and scores of all partitions together, then metrics say so."""

import asyncio

import numpy as np

from detectors import month_scores
from detectors.labels import Cohort, Examples
from detectors.learning import Learner
from detectors.models import prior
from detectors.portfolio import count
from streams.examples import blocks
from tests.acceptance.harness import Site
from tests.detectors.test_holding import cohort
from tests.streams.received import Received
from tests.streams.test_trainer import HORIZON, PARTITIONS, bench, handle, published

FIRST = 2018 * 12
MONTHS = range(FIRST, FIRST + 14)


def part(whole: Cohort, partition: int | None) -> Cohort:
    return whole if partition is None else whole.rows(whole.sirens % PARTITIONS == partition)


def seen(month: int, partition: int | None) -> tuple[Examples, month_scores.Counts, month_scores.MonthScores]:
    """The cohort answered, and the portfolio and scores of the month that answers, of a partition or of all."""
    answered, now, before = (part(cohort(m, 0.0), partition) for m in (month, month + HORIZON, month + HORIZON - 1))
    departments = np.where(now.sirens % 2 == 0, b"75", b"2A").astype("S3")
    scores = month_scores.count(now, departments, before, before.sirens % 97 == month % 97)
    return Examples(answered, answered.sirens % 41 == 0), count(now.codes), scores


def test_the_watches_of_the_trainer_are_those_of_a_learner_that_sees_all(site: Site) -> None:
    async def learn() -> dict[str, float | None]:
        async with bench(site) as b:
            trainer = b.trainer()
            for month in MONTHS:
                batches = []
                for partition in reversed(range(PARTITIONS)):
                    examples, portfolio, scores = seen(month, partition)
                    sent = blocks(partition, month, examples, portfolio, scores)
                    batches.append([Received(None, data) for data in sent])
                assert all(message.done for message in (await handle(trainer, batches))[-1:])
            gauges = (b.metrics.drift_errors.labels("opened"), b.metrics.drift_inputs.labels("debt"))
            return {"opened": gauges[0]._value.get(), "debt": gauges[1]._value.get()}

    shown = asyncio.run(learn())
    learner = Learner(prior())
    for month in MONTHS:
        examples, portfolio, scores = seen(month, None)
        parts = [
            Examples(part(examples.cohort, p), examples.labels[examples.cohort.sirens % PARTITIONS == p])
            for p in range(PARTITIONS)
        ]
        learner.learn(month, parts, HORIZON, portfolio, scores)
    models = published(site)
    assert len(models) == len(MONTHS)
    assert models[-1].version == learner.model.version
    assert models[-1].regime == learner.regime
    assert learner.regime.month == MONTHS[-1] + HORIZON
    assert shown == {"opened": learner.regime.openings, "debt": learner.regime.themes["debt"]}
    assert shown["debt"]
    assert shown["opened"]
