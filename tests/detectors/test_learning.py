"""Learning depends on the answers alone, goes on where it stopped, and leaves the scorecard as it proves itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors import models, thresholds
from detectors.blending import START
from detectors.labels import Cohort, Examples
from detectors.learning import LEAST_FAILURES, Learner, LearningOptions, without
from detectors.logits import log_loss, sigmoid
from detectors.models import Model, Scorer, UnusableModel, prior
from detectors.months import last_day
from detectors.portfolio import Counts, count
from detectors.scales import UNKNOWN_CODE
from tests.detectors.answering import FIRST, HORIZON, SMALL, WIDTH, Month, World, lived, months, split
from tests.searching import holds

YEARS = months(24)


def with_options(options: LearningOptions, **changes: float) -> LearningOptions:
    return replace(options, **changes)  # type: ignore[arg-type]  # names and types of the options


def learned(number: int, world: World | None = None, options: LearningOptions = SMALL) -> list[Model]:
    return list(lived(Learner(prior(), options), months(number), world))


@pytest.mark.parametrize("stop_after", [1, 4, 6, 14])
def test_saved_and_resumed_it_gives_exactly_the_models_of_one_that_never_stopped(stop_after: int) -> None:
    """Before anything could be learned, in the first steps, and when every bound is reached."""
    whole = Learner(prior(), SMALL)
    resumed = Learner(prior(), SMALL)
    world = World()
    scored: dict[int, Examples] = {}
    for n, month in enumerate(YEARS):
        now = world.month(month)
        if n >= stop_after + HORIZON:
            resumed = Learner(models.decode(models.encode(resumed.resumable())), SMALL)
        assert resumed.model.version == whole.model.version
        scored[month] = now.answered(whole.model)
        if (due := scored.pop(month - HORIZON, None)) is not None:
            for learner in (whole, resumed):
                learner.learn(due.cohort.month, [due], HORIZON, now.portfolio.counts)
    assert models.content(resumed.model) == models.content(whole.model)
    assert models.encode(resumed.resumable()) == models.encode(whole.resumable())


@settings(max_examples=3, deadline=None)
@given(st.integers(2, 6), st.integers(0, 10**6))
def test_the_order_and_number_of_parts_do_not_matter(parts: int, seed: int) -> None:
    whole, cut = Learner(prior(), SMALL), Learner(prior(), SMALL)
    first, second = list(lived(whole, months(16))), list(lived(cut, months(16), parts=parts, seed=seed))
    assert [m.version for m in first] == [m.version for m in second]
    assert models.encode(whole.resumable()) == models.encode(cut.resumable())


def test_the_same_twice_is_the_same() -> None:
    assert learned(16) == learned(16)


def test_the_world_of_these_tests_teaches_every_member(veteran: Learner) -> None:
    model = veteran.model
    assert model.relative is not None
    assert model.plain is not None
    assert len(model.forest.open()) == SMALL.forest_trees
    assert len(model.boosting.open()) == SMALL.boosting_trees
    assert min(model.weights) > 0
    assert sum(model.weights) == pytest.approx(1.0)
    assert model.calibration != prior().calibration
    assert model.thresholds != prior().thresholds
    assert len(veteran._reservoir.kept) == SMALL.reservoir_cohorts


def test_learning_leaves_what_it_is_given_alone() -> None:
    world = World()
    month, now = world.month(FIRST + 1), world.month(FIRST + 1 + HORIZON)
    examples, counts = month.answered(prior()), now.portfolio.counts
    start = prior()
    before = models.encode(start)
    kept = examples.cohort
    columns: list[NDArray[Any]] = [
        kept.sirens, kept.codes, kept.members, kept.logits, examples.labels, counts
    ]  # fmt: skip
    copies = [column.tobytes() for column in columns]
    learner = Learner(start, SMALL)
    for _ in lived(learner, months(8)):
        pass
    learner.learn(FIRST + 8, [examples], HORIZON, counts)
    assert [column.tobytes() for column in columns] == copies
    assert models.encode(start) == before


def test_models_given_out_do_not_change_when_more_is_learned() -> None:
    learner, kept = Learner(prior(), SMALL), list[tuple[Model, bytes]]()
    for model in lived(learner, months(14)):
        kept.append((model, models.encode(model)))
    assert all(models.encode(model) == data for model, data in kept)


def test_a_model_says_until_when_it_knows_and_has_a_version_of_its_own() -> None:
    found = learned(14)
    for n, model in enumerate(found):
        assert model.last_cohort == FIRST + n
        assert model.as_of == last_day(FIRST + n + HORIZON)
        assert models.decode(models.encode(model)) == model
    assert len({m.version for m in found}) == len(found)
    assert found[0].version.startswith("2016-04-")
    assert learned(14, World(seed=1))[-1].version != found[-1].version


def test_a_model_has_the_portfolio_of_the_month_in_which_it_was_made() -> None:
    for n, model in enumerate(learned(8)):
        expected = World().month(FIRST + n + HORIZON).portfolio.counts
        assert np.array_equal(model.portfolio.open(), expected)


def other_future(answers_from: int) -> Callable[[int], Month]:
    """The world, with all that happens from a month on happening otherwise."""
    same, other = World(), World(seed=77)
    return lambda month: (same if month < answers_from else other).month(month)


def test_nothing_is_learned_before_it_is_answered() -> None:
    """The model of a month is made of cohorts answered by its end: what happens from the next one on is not in it."""
    cut = FIRST + 18
    runs = []
    for at in (World().month, other_future(cut + 1)):
        learner, scored = Learner(prior(), SMALL), dict[int, Cohort]()
        for month in YEARS:
            now = at(month)
            scored[month] = now.cohort(learner.model)
            if (due := scored.pop(month - HORIZON, None)) is not None:
                # Answers as they are known at the end of `month`.
                answers = np.isin(due.sirens, now.sirens, invert=True)
                learner.learn(due.month, [Examples(due, answers)], HORIZON, now.portfolio.counts)
            runs.append((month, models.encode(learner.resumable())))
    first, second = runs[: len(YEARS)], runs[len(YEARS) :]
    assert [x for x in first if x[0] <= cut] == [x for x in second if x[0] <= cut]
    assert [x for x in first if x[0] > cut] != [x for x in second if x[0] > cut]


@pytest.mark.parametrize("counts", [None, np.zeros((WIDTH, 256), np.int64)], ids=["none", "of nobody"])
def test_without_a_portfolio_nothing_is_learned_but_the_model_is_valid(counts: Counts | None) -> None:
    learner = Learner(prior(), SMALL)
    for month in range(FIRST, FIRST + 12):
        model = learner.learn(month, [World().month(month).answered(prior())], HORIZON, counts)
    assert model.relative is None
    assert model.weights == prior().weights
    assert model.thresholds == prior().thresholds
    assert model.last_cohort == FIRST + 11
    codes = World().month(FIRST).codes
    assert Scorer(models.decode(models.encode(model))).score(codes).tobytes() == Scorer(prior()).score(codes).tobytes()


def fed(
    edit: Callable[[Examples], Sequence[Examples]], world: World | None = None, number: int = 16
) -> tuple[Learner, list[Model]]:
    """Models learned from cohorts that were edited first."""
    world, learner, found = world or World(), Learner(prior(), SMALL), []
    for month in range(FIRST, FIRST + number):
        counts = world.month(month + HORIZON).portfolio.counts
        found.append(learner.learn(month, edit(world.month(month).answered(learner.model)), HORIZON, counts))
    return learner, found


def labelled(examples: Examples, labels: NDArray[np.bool_]) -> Examples:
    return Examples(examples.cohort, labels)


def of_firms(number: int) -> Callable[[Examples], Sequence[Examples]]:
    return lambda e: [Examples(e.cohort.rows(slice(0, number)), e.labels[:number])]


def unknown(examples: Examples) -> Sequence[Examples]:
    c = examples.cohort
    codes = np.full_like(c.codes, UNKNOWN_CODE)
    return [Examples(Cohort(c.month, c.sirens, codes, c.members, c.logits), examples.labels)]


ODD: dict[str, Callable[[Examples], Sequence[Examples]]] = {
    "nobody answered": lambda e: [],
    "parts of nobody": lambda e: [Examples(e.cohort.rows(slice(0, 0)), e.labels[:0])] * 3,
    "all no": lambda e: [labelled(e, np.zeros(len(e.labels), bool))],
    "all yes": lambda e: [labelled(e, np.ones(len(e.labels), bool))],
    "all yes in every other month": lambda e: [labelled(e, np.full(len(e.labels), e.cohort.month % 2 == 0))],
    "one firm": of_firms(1),
    "two firms, one of each": lambda e: [
        labelled(Examples(e.cohort.rows(slice(0, 2)), e.labels[:2]), np.array([True, False]))
    ],
    "nothing known of anybody": unknown,
    "answers by lot": lambda e: [
        labelled(e, np.random.default_rng(e.cohort.month).random(len(e.labels)) < 0.1)
    ],
}  # fmt: skip


@pytest.mark.parametrize("edit", ODD.values(), ids=ODD)
def test_whatever_the_answers_the_model_is_valid(edit: Callable[[Examples], Sequence[Examples]]) -> None:
    learner, found = fed(edit)
    for model in found:
        assert sum(model.weights) == pytest.approx(1.0)
        assert min(model.weights) >= 0.0
        assert 0 < model.thresholds.moderate < model.thresholds.strong < 1
        assert models.decode(models.encode(model)) == model
    codes = np.concatenate([World().month(FIRST + 40).codes, np.zeros((1, WIDTH), np.uint8)])
    scorer = Scorer(learner.model)
    scores, members = scorer.score_with_members(codes)
    assert np.isfinite(scores).all()
    assert not np.isinf(members).any()
    assert np.abs(scores - scorer.base - scorer.themes(codes).sum(axis=1)).max() <= 1e-9
    again = Learner(models.decode(models.encode(learner.resumable())), SMALL)
    assert models.encode(again.resumable()) == models.encode(learner.resumable())


@pytest.mark.parametrize("odd", ["nobody answered", "parts of nobody", "all no", "one firm"])
def test_where_nobody_failed_the_prior_stays(odd: str) -> None:
    world = World(hazard=1e-9) if odd == "one firm" else None
    _, found = fed(ODD[odd], world)
    for model in found:
        assert model.weights == prior().weights
        assert model.relative is None
        assert model.thresholds == prior().thresholds
        assert model.scorecard_shift == 0.0


def test_nothing_is_learned_from_fewer_failures_than_the_least() -> None:
    def some(failures: int) -> Callable[[Examples], Sequence[Examples]]:
        return lambda e: [labelled(e, np.isin(e.cohort.sirens, 1_000_000 + np.arange(failures)))]

    few, enough = (fed(some(n), World(hazard=1e-9))[1][-1] for n in (LEAST_FAILURES - 1, LEAST_FAILURES))
    assert few.relative is None
    assert few.weights == prior().weights
    assert enough.relative is not None
    assert enough.weights[0] < 1.0


def test_the_prior_gives_way_as_failures_come_in() -> None:
    """Its share beyond its own weight as a member is 1 - failures / (failures + the prior's)."""
    learner, shares = Learner(prior(), SMALL), []
    for model in lived(learner, YEARS):
        failures = learner._reservoir.failures()
        share = failures / (failures + SMALL.prior_failures) if model.relative is not None else 0.0
        assert sum(model.weights[1:]) == pytest.approx(share * sum(learner._blend.weights[1:]))
        shares.append((failures, share))
    assert shares[0] == (0, 0.0)
    rising = [share for failures, share in shares[1:7]]
    assert rising == sorted(rising)
    assert shares[-1][1] > 0.85


def test_a_stronger_prior_gives_way_more_slowly() -> None:
    weights = [
        learned(9, options=with_options(SMALL, prior_failures=prior_failures))[-1].weights[0]
        for prior_failures in (1.0, 20.0, 1e6)
    ]
    assert weights[0] < weights[1] < weights[2]
    assert weights[0] < START[0] + 0.05
    assert weights[2] > 0.99


def test_left_out_negatives_are_stood_for() -> None:
    """A few firms of each cohort kept, with their weight: the base rate comes out all the same."""
    world, test = World(firms=1200), World(firms=4000, seed=3).month(FIRST + 60)
    rates = []
    for rows in (1200, 150):
        model = learned(16, world, with_options(SMALL, reservoir_rows=rows))[-1]
        rates.append(float((1 / (1 + np.exp(-Scorer(model).score(test.codes)))).mean()))
    assert rates == pytest.approx([float((test.ahead <= HORIZON).mean())] * 2, rel=0.25)


def test_a_country_is_learned_like_a_department() -> None:
    """The same room for a hundred times as many firms: a row stands for many, and is no surer of what it says."""
    test = World(firms=4000, seed=3).month(FIRST + 60)
    for firms in (400, 40_000):
        model = learned(14, World(firms=firms))[-1]
        logits, members = Scorer(model).score_with_members(test.codes)
        assert sigmoid(logits).mean() == pytest.approx((test.ahead <= HORIZON).mean(), rel=0.35)
        assert np.abs(members).max() < 10
        assert model.thresholds.moderate < model.thresholds.strong < 0.9


@dataclass
class Ranking:
    """How well a model tells apart firms that it has never seen."""

    auroc: float
    log_loss: float


def ranking(model: Model) -> Ranking:
    test = World(firms=3000, seed=9).month(FIRST + 50)
    logits, labels = Scorer(model).score(test.codes), test.ahead <= HORIZON
    yes, no = logits[labels], logits[~labels]
    return Ranking(float((yes[:, None] > no[None, :]).mean()), float(log_loss(logits, labels).mean()))


def test_it_learns_what_separates_the_failing_from_the_others(veteran: Learner) -> None:
    stages = [ranking(m) for m in (prior(), learned(9)[-1], veteran.model)]
    assert all(later.auroc > earlier.auroc for earlier, later in pairwise(stages))
    assert all(later.log_loss < earlier.log_loss for earlier, later in pairwise(stages))
    assert stages[-1].auroc > 0.95


def test_levels_follow_the_scores_given_before_the_answers_were_seen(veteran: Learner) -> None:
    """Not the scores of the model that has learned the answers."""
    kept = veteran._reservoir.kept
    recent = kept[-SMALL.recent_cohorts :]
    share = veteran._learned_share()
    labels, weights = (np.concatenate([getattr(k, name) for k in kept]) for name in ("labels", "weights"))
    expected = thresholds.learn(
        np.concatenate([veteran._blend.score(k.cohort.members, share) for k in recent]),
        np.concatenate([k.labels for k in recent]),
        np.concatenate([k.weights for k in recent]),
        float(weights @ labels / weights.sum()),
    )
    assert veteran.model.thresholds == expected
    for k in recent:
        month = World().month(k.month)
        place = {siren: i for i, siren in enumerate(month.sirens.tolist())}
        assert k.cohort.codes.tolist() == month.codes[[place[s] for s in k.cohort.sirens.tolist()]].tolist()


def test_only_the_last_cohorts_set_the_thresholds() -> None:
    options = [with_options(SMALL, recent_cohorts=n) for n in (2, 6)]
    short, long = (learned(24, options=o)[-1] for o in options)
    assert short.thresholds != long.thresholds
    learner = Learner(prior(), options[0])
    for _ in lived(learner, YEARS):
        pass
    assert [k.month for k in learner._recent()] == [YEARS[-1] - HORIZON - 1, YEARS[-1] - HORIZON]


def test_cohorts_that_not_every_member_had_scored_set_no_levels() -> None:
    learner = Learner(prior(), SMALL)
    model = prior()
    for later in lived(learner, months(9)):
        model = later
        assert learner._recent() == []
    kept = learner._reservoir.kept
    labels, weights = (np.concatenate([getattr(k, name) for k in kept]) for name in ("labels", "weights"))
    assert model.thresholds == thresholds.of_rate(float(weights @ labels / weights.sum()))
    assert model.calibration == prior().calibration


def test_an_empty_month_changes_nothing_but_dates_and_portfolio(veteran: Learner) -> None:
    learner = Learner(models.decode(models.encode(veteran.resumable())), SMALL)
    before, month = veteran.model, veteran.model.last_cohort + 1
    counts = World().month(month + HORIZON).portfolio.counts
    after = learner.learn(month, [], HORIZON, counts)
    same = msgspec.structs.replace(
        after,
        version=before.version,
        as_of=before.as_of,
        last_cohort=before.last_cohort,
        portfolio=before.portfolio,
        regime=before.regime,  # it watches the portfolio too
    )
    assert same == before
    assert np.array_equal(after.portfolio.open(), counts)
    assert learner.examples == veteran.examples


def test_every_example_is_counted_kept_or_not(veteran: Learner) -> None:
    assert veteran.examples == 400 * (26 - HORIZON)
    assert Learner(models.decode(models.encode(veteran.resumable())), SMALL).examples == veteran.examples


def test_a_model_for_scoring_alone_has_nothing_for_a_trainer(veteran: Learner) -> None:
    assert veteran.model.learner == b""
    assert len(veteran.resumable().learner) > 1000
    assert models.content(veteran.resumable()) == models.content(veteran.model)
    # Whoever learns from it all the same begins a new memory, beside what the members know.
    anew = Learner(veteran.model, SMALL)
    counts = World().month(FIRST + 60).portfolio.counts
    model = anew.learn(FIRST + 57, [], HORIZON, counts)
    assert model.relative == veteran.model.relative
    assert np.isfinite(Scorer(model).score(World().month(FIRST + 60).codes)).all()


@pytest.mark.parametrize("data", [b"\xff", b"x" * 50])
def test_what_a_trainer_cannot_read_is_refused(veteran: Learner, data: bytes) -> None:
    with pytest.raises(UnusableModel, match=r"cannot be learned from further.*vigie replay --model-out"):
        Learner(msgspec.structs.replace(veteran.model, learner=data))


def test_a_cohort_is_judged_by_the_model_of_the_month_before_whoever_scored_it() -> None:
    """When a model reached a scorer is chance: what was known the month before the cohort is what counts."""
    learner, known = Learner(prior(), SMALL), dict[int, Model]()
    for month in months(10):
        now = World().month(month)
        c = now.cohort()
        chance = Cohort(month, c.sirens, c.codes, np.full_like(c.members, 0.123), c.logits)
        examples = Examples(chance, now.ahead <= HORIZON)
        known[month + HORIZON] = learner.learn(month, split(examples, 2), HORIZON, count(now.codes))
    judged = [kept for kept in learner._reservoir.kept if kept.month - 1 in known]
    assert len(judged) > 3
    for kept in judged:
        logits, members = Scorer(known[kept.month - 1]).score_with_members(kept.cohort.codes)
        assert np.array_equal(kept.cohort.members, members, equal_nan=True)
        assert np.array_equal(kept.cohort.logits, logits)


def test_a_firm_is_forgotten_and_learning_goes_on(veteran: Learner) -> None:
    """All rows of it are gone, whatever they are encoded as; what scores with the model sees no difference."""
    before = veteran.resumable()
    siren = int(veteran._reservoir.kept[0].cohort.sirens[0])
    assert holds(models.encode(before), siren)
    after = without(before, siren)
    assert not holds(models.encode(after), siren)
    assert (after.version, models.content(after)) == (before.version, models.content(before))
    assert without(after, siren) is after
    assert without(veteran.model, siren) is veteran.model
    learner, month, world = Learner(after, SMALL), after.last_cohort + 1, World()
    assert learner._reservoir.failures() >= LEAST_FAILURES
    now = world.month(month + HORIZON).portfolio.counts
    assert learner.learn(month, [world.month(month).answered(after)], HORIZON, now).last_cohort == month
