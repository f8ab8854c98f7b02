"""Learning agrees with River, goes on where it stopped, and depends on the examples alone."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from river import linear_model, optim, preprocessing

from detectors import models, scorecard
from detectors.features import names
from detectors.keys import hash_keys
from detectors.labels import Cohort, Examples
from detectors.learning import Learner, LearningOptions
from detectors.models import Model, Scorer, prior, sigmoid
from detectors.months import last_day

WIDTH = len(names())
JANUARY = 2018 * 12
HORIZON = 18
PURE = LearningOptions(prior_positives=0.0)
"""The expert scorecard forgotten with the first positive."""


def cohort(month: int, size: int = 200, *, share: float = 0.1, shift: float = 1.5) -> Examples:
    """Firms of which the failing ones have their first three features raised by `shift`."""
    rng = np.random.default_rng(month)
    labels = rng.random(size) < share
    features = rng.normal(size=(size, WIDTH)).astype(np.float32)
    features[:, :3] += np.float32(shift) * labels[:, None]
    features[:, -1] = 0.5
    sirens = rng.choice(10**9, size, replace=False).astype(np.uint32)
    return Examples(Cohort(month, sirens, features, rng.normal(size=size)), labels)


def split(examples: Examples, parts: int, seed: int = 0) -> list[Examples]:
    """The same rows as they may come from several partitions."""
    kept, order = examples.cohort, np.random.default_rng(seed).permutation(len(examples.labels))
    return [
        Examples(Cohort(kept.month, kept.sirens[i], kept.features[i], kept.logits[i]), examples.labels[i])
        for i in np.array_split(order, parts)
    ]


def learned(months: int, options: LearningOptions | None = None, **kinds: float) -> Model:
    learner = Learner(prior(), options)
    for month in range(JANUARY, JANUARY + months):
        learner.learn(month, [cohort(month, **kinds)], HORIZON)  # type: ignore[arg-type]  # sizes are whole
    return learner.model


def test_scores_are_those_of_rivers_own_pipeline() -> None:
    """The same rows through River's scaler and regression, one by one; numpy's sum gives the same probability."""
    scaler = preprocessing.StandardScaler()
    regression = linear_model.LogisticRegression(optimizer=optim.AdaGrad(0.05), intercept_init=scorecard.BASE)
    learner = Learner(prior(), PURE)
    for month in range(JANUARY, JANUARY + 4):
        examples = cohort(month)
        (ordered,) = in_learning_order([examples])
        for row, label in zip(ordered.cohort.features.astype(float).tolist(), ordered.labels.tolist(), strict=True):
            x = dict(zip(names(), row, strict=True))
            scaler.learn_one(x)
            regression.learn_one(scaler.transform_one(x), label)
        model = learner.learn(month, [examples], HORIZON)
    fresh = cohort(JANUARY + 50).cohort.features.astype(np.float64)
    logits, _ = Scorer(model).score(fresh)
    expected = [
        regression.predict_proba_one(scaler.transform_one(dict(zip(names(), row, strict=True))))[True]
        for row in fresh.tolist()
    ]
    assert sigmoid(logits) == pytest.approx(expected, rel=1e-9)


def in_learning_order(parts: list[Examples]) -> list[Examples]:
    """By the hash of the SIREN, written with nine digits."""
    out = []
    for part in parts:
        kept = part.cohort
        order = np.argsort(hash_keys([f"{s:09d}" for s in kept.sirens.tolist()]), kind="stable")
        rows = Cohort(kept.month, kept.sirens[order], kept.features[order], kept.logits[order])
        out.append(Examples(rows, part.labels[order]))
    return out


@pytest.mark.parametrize("stop_after", [1, 3, 5])
def test_saved_and_resumed_it_gives_exactly_the_models_of_one_that_never_stopped(stop_after: int) -> None:
    months = range(JANUARY, JANUARY + 8)
    whole, resumed = Learner(prior()), Learner(prior())
    for n, month in enumerate(months):
        if n >= stop_after:
            resumed = Learner(models.decode(models.encode(resumed.model)))
        model = whole.learn(month, [cohort(month)], HORIZON)
        assert models.encode(resumed.learn(month, [cohort(month)], HORIZON)) == models.encode(model)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 6), st.integers(0, 10**6))
def test_the_order_and_number_of_parts_do_not_matter(parts: int, seed: int) -> None:
    examples = cohort(JANUARY)
    model = Learner(prior()).learn(JANUARY, [examples], HORIZON)
    assert Learner(prior()).learn(JANUARY, split(examples, parts, seed), HORIZON) == model
    assert Learner(prior()).learn(JANUARY, split(examples, parts, seed)[::-1], HORIZON) == model


def test_inputs_are_left_alone() -> None:
    examples, start = cohort(JANUARY), prior()
    before = models.encode(start)
    kept = examples.cohort
    columns: list[NDArray[Any]] = [kept.sirens, kept.features, kept.logits, examples.labels]
    copies = [column.tobytes() for column in columns]
    Learner(start).learn(JANUARY, [examples], HORIZON)
    assert [column.tobytes() for column in columns] == copies
    assert models.encode(start) == before


def test_a_model_says_until_when_it_knows_and_has_a_version_of_its_own() -> None:
    learner = Learner(prior())
    versions = []
    for month in range(JANUARY, JANUARY + 3):
        model = learner.learn(month, [cohort(month)], HORIZON)
        assert model.as_of == last_day(month + HORIZON)
        assert model.learner.last_cohort == month
        versions.append(model.version)
    assert len(set(versions)) == 3
    assert versions[0].startswith("2019-07-")
    other = Learner(prior()).learn(JANUARY, [cohort(JANUARY + 99)], HORIZON)
    assert other.version != versions[0]


def test_thresholds_are_set_with_scores_given_before_the_answers_were_seen() -> None:
    first = cohort(JANUARY)
    learner = Learner(prior())
    model = learner.learn(JANUARY, split(first, 3), HORIZON)
    before, _ = Scorer(prior()).score(in_learning_order([first])[0].cohort.features.astype(np.float64))
    assert model.learner.recent_logits == [before.tolist()]


def test_only_the_last_cohorts_set_the_thresholds() -> None:
    model = learned(5, LearningOptions(recent_cohorts=2))
    assert [len(x) for x in model.learner.recent_logits] == [200, 200]
    labels = [cohort(month).labels.sum() for month in (JANUARY + 3, JANUARY + 4)]
    assert [sum(x) for x in model.learner.recent_labels] == labels


def test_nothing_answered_leaves_the_prior() -> None:
    for options in (LearningOptions(), PURE):
        for parts in ([], [cohort(JANUARY, share=0.0)]):
            model = Learner(prior(), options).learn(JANUARY, parts, HORIZON)
            assert (model.base, model.weights) == (prior().base, prior().weights)
            assert model.thresholds == prior().thresholds


def test_the_prior_gives_way_as_positives_come_in() -> None:
    examples = cohort(JANUARY)
    positives = int(examples.labels.sum())
    pure = Learner(prior(), PURE).learn(JANUARY, [examples], HORIZON)
    mixed = Learner(prior(), LearningOptions(prior_positives=float(positives))).learn(JANUARY, [examples], HORIZON)
    halfway = (np.array(pure.weights) + np.array(prior().weights)) / 2
    assert mixed.weights == pytest.approx(halfway.tolist(), rel=1e-12, abs=1e-15)
    assert mixed.base == pytest.approx((pure.base + prior().base) / 2)


def test_left_out_negatives_are_stood_for() -> None:
    """One in so many negatives learned, with their weight: the base rate comes out all the same."""
    full = learned(30, LearningOptions(prior_positives=0.0, negatives_per_positive=10**6), share=0.02, size=400)
    thin = learned(30, LearningOptions(prior_positives=0.0, negatives_per_positive=5), share=0.02, size=400)
    test = cohort(JANUARY + 60, size=4000, share=0.02).cohort.features.astype(np.float64)
    rates = [float(sigmoid(Scorer(m).score(test)[0]).mean()) for m in (full, thin)]
    assert rates[1] == pytest.approx(rates[0], rel=0.35)
    assert full.learner.scaler_counts[0] > 5 * thin.learner.scaler_counts[0]
    assert full.learner.examples == thin.learner.examples == 30 * 400


@dataclass
class Ranking:
    """How well a model tells apart firms that it has never seen."""

    auroc: float
    log_loss: float


def ranking(model: Model) -> Ranking:
    test = cohort(JANUARY + 80, size=3000)
    logits, _ = Scorer(model).score(test.cohort.features.astype(np.float64))
    yes, no = logits[test.labels], logits[~test.labels]
    loss = np.logaddexp(0.0, np.where(test.labels, -logits, logits)).mean()
    return Ranking(float((yes[:, None] > no[None, :]).mean()), float(loss))


def test_it_learns_what_separates_the_failing_from_the_others() -> None:
    options = LearningOptions(prior_positives=60.0)
    stages = [ranking(m) for m in (prior(), learned(4, options), learned(16, options))]
    assert all(later.auroc > earlier.auroc for earlier, later in pairwise(stages))
    assert all(later.log_loss < earlier.log_loss for earlier, later in pairwise(stages))
    # The best possible one: three features 1.5 deviations apart each.
    assert stages[-1].auroc > 0.95


def test_learning_continues_with_a_constant_column() -> None:
    """A feature that never varied says nothing, and must not divide by nothing."""
    model = learned(3, PURE)
    assert model.weights[-1] == 0.0
    assert all(np.isfinite(model.weights))
    assert np.isfinite(model.base)


def test_weights_start_from_those_of_the_model_given() -> None:
    """Resuming from a model learned elsewhere, an empty month changes nothing but the date."""
    model = learned(5)
    after = Learner(model).learn(JANUARY + 5, [], HORIZON)
    assert after.weights == pytest.approx(model.weights, rel=1e-12, abs=1e-15)
    assert msgspec.structs.replace(after.learner, last_cohort=model.learner.last_cohort) == model.learner
