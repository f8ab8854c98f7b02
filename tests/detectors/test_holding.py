"""While the inputs are in alarm, learning goes on, and answers move no calibration and no level; all state travels."""

import msgspec
import numpy as np
import pytest

from detectors import models, month_scores
from detectors.labels import Cohort, Examples
from detectors.learning import Learner, LearningOptions
from detectors.models import MEMBERS, Model, prior
from detectors.portfolio import Counts, count
from detectors.regime import Finding, Regime, RegimeOptions
from tests.detectors.test_observer import DEBT

FIRST, HORIZON, FIRMS = 2018 * 12, 3, 800
SMALL = LearningOptions(reservoir_cohorts=6, reservoir_rows=200, forest_trees=4, boosting_trees=8)
SHOCK = range(40, 44)


def cohort(month: int, shift: float) -> Cohort:
    random = np.random.default_rng(month)
    centres = np.full(len(prior().features), 120.0)
    centres[DEBT] += shift
    codes = np.clip(random.normal(centres, 15, (FIRMS, len(centres))), 1, 255).astype(np.uint8)
    logits = random.normal(-2.5, 1.0, FIRMS)
    members = np.repeat(logits[:, None], len(MEMBERS), axis=1).astype(np.float32)
    return Cohort(month, np.arange(FIRMS, dtype=np.uint32) + 1, codes, members, logits)


def examples(month: int) -> Examples:
    """The answers follow the first features."""
    firms = cohort(month, 0.0)
    odds = (firms.codes[:, :3].mean(axis=1) - 120) / 6 - 3
    labels = np.random.default_rng(month + 1).random(FIRMS) < 1 / (1 + np.exp(-odds))
    return Examples(firms, labels)


def month(learner: Learner, i: int) -> Model:
    now = cohort(FIRST + i, 30.0 if i in SHOCK else 0.0)
    counts: Counts = count(now.codes)
    scores = month_scores.count(now, np.full(FIRMS, b"75", "S3"), None, np.zeros(0, bool))
    parts = [examples(FIRST + i - HORIZON)] if i >= HORIZON else []
    return learner.learn(FIRST + i - HORIZON, parts, HORIZON, counts, scores)


def run(months: int) -> list[Model]:
    learner = Learner(prior(), SMALL, RegimeOptions(60.0))
    return [month(learner, i) for i in range(months)]


def test_an_alarm_holds_calibration_and_levels_and_lets_go() -> None:
    seen = run(48)
    for i in SHOCK:
        assert seen[i].regime.inputs == Finding("alarm", FIRST + SHOCK.start)
        # Answers move nothing; what is left is the month's own scores, which are hardly other ones here.
        before = seen[SHOCK.start - 1]
        assert seen[i].calibration.slope == before.calibration.slope
        assert seen[i].calibration.shift == pytest.approx(before.calibration.shift, abs=0.3)
        assert seen[i].thresholds.moderate == pytest.approx(before.thresholds.moderate, rel=0.3)
        assert seen[i].thresholds.strong == pytest.approx(before.thresholds.strong, rel=0.3)
        assert seen[i].relative != seen[i - 1].relative
    assert [seen[i].regime.inputs.state for i in (44, 45, 46)] == ["recovering", "recovering", "calm"]
    assert seen[44].thresholds != seen[43].thresholds
    assert seen[44].calibration != seen[43].calibration
    assert seen[30].thresholds != seen[29].thresholds


def test_the_watches_go_on_where_a_model_stopped() -> None:
    learner = Learner(prior(), SMALL)
    for i in range(46):
        before = month(learner, i)
        if i in (20, 41):
            learner = Learner(models.decode(models.encode(learner.resumable())), SMALL)
            assert learner.regime == before.regime
    assert before == run(46)[-1]


def test_a_model_from_before_the_watches_can_be_read() -> None:
    model = msgspec.structs.replace(prior(), version="2020-01-x")
    fields = msgspec.msgpack.decode(msgspec.msgpack.encode(model))
    del fields["regime"], fields["horizon"]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(fields), type=Model) == model
    assert model.regime == Regime()
