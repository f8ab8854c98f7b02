"""A model scores the same alone as in a column, explains its scores to the last bit, and comes back from its bytes."""

import json
import math
import zlib
from datetime import date

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors import models, scorecard, trees
from detectors.arrays import stored
from detectors.features import FEATURES, THEMES, names, themes_of
from detectors.learning import Learner
from detectors.logits import MAX_LOGIT
from detectors.models import (
    MEMBERS,
    PRIOR_THRESHOLDS,
    Calibration,
    Model,
    Scorer,
    Thresholds,
    UnusableModel,
    content,
    decode,
    encode,
    prior,
    store_trees,
)
from detectors.plain_regression import PlainRegression
from detectors.portfolio import Portfolio, count, nobody
from detectors.relative_regression import RelativeRegression
from detectors.renewal import BOOSTING_DEPTH, FOREST_DEPTH
from detectors.scales import Codes
from tests.detectors.answering import FIRST, WIDTH, World
from tests.detectors.shifting import shifted
from tests.detectors.test_trees import made

seeds = st.integers(0, 10**9)
LATER = World().month(FIRST + 40).codes


def numbers(rng: np.random.Generator, size: float = 1.0) -> tuple[float, ...]:
    return tuple((rng.normal(size=WIDTH) * size).tolist())


def random_model(seed: int, size: float = 0.3) -> Model:
    """Every member with something to say, `size` how loudly."""
    rng = np.random.default_rng(seed)
    plain = PlainRegression(
        counts=tuple(rng.integers(1, 99, WIDTH).tolist()), means=numbers(rng),
        variances=tuple(np.abs(numbers(rng)).tolist()), weights=numbers(rng, size),
        gradient_squares=tuple(np.abs(numbers(rng)).tolist()), intercept=-3.0,
    )  # fmt: skip
    codes = rng.integers(0, 256, (300, WIDTH)).astype(np.uint8)
    weights = rng.dirichlet(np.ones(5))
    return msgspec.structs.replace(
        prior(), version="test", portfolio=stored(count(codes), "<u4"), scorecard_shift=0.2,
        relative=RelativeRegression(numbers(rng, size), numbers(rng, size), -3.0), plain=plain,
        forest=store_trees(made(seed, 12, FOREST_DEPTH).scaled(size)),
        boosting=store_trees(made(seed + 1, 18, BOOSTING_DEPTH).scaled(size)), boosting_base=-2.9,
        weights=tuple(weights.tolist()), calibration=Calibration(1.2, 0.1), as_of=date(2020, 1, 31),
        thresholds=Thresholds(0.1, 0.3), last_cohort=FIRST, learner=b"\x00\xff",
    )  # fmt: skip


def random_codes(seed: int, rows: int = 64) -> Codes:
    return np.random.default_rng(seed).integers(0, 256, (rows, WIDTH)).astype(np.uint8)


def all_models(veteran: Learner) -> list[Model]:
    return [prior(), veteran.model, random_model(1)]


@settings(max_examples=60, deadline=None)
@given(seeds, st.floats(0.01, 10.0))
def test_contributions_add_up_to_score_minus_base(seed: int, size: float) -> None:
    scorer, codes = Scorer(random_model(seed, size)), random_codes(seed)
    themes = scorer.themes(codes)
    assert themes.shape == (len(codes), len(THEMES))
    assert np.abs(scorer.score(codes) - scorer.base - themes.sum(axis=1)).max() <= 1e-9


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(seeds)
def test_contributions_of_what_was_really_learned_add_up_too(veteran: Learner, seed: int) -> None:
    for model in all_models(veteran):
        scorer, codes = Scorer(model), np.concatenate([random_codes(seed), LATER[:50]])
        assert np.abs(scorer.score(codes) - scorer.base - scorer.themes(codes).sum(axis=1)).max() <= 1e-9


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_a_score_is_the_calibrated_weighted_mean_of_the_members(seed: int) -> None:
    model, codes = random_model(seed), random_codes(seed)
    logits, members = Scorer(model).score_with_members(codes)
    assert members.shape == (len(codes), len(MEMBERS))
    assert members.dtype == np.float32
    mean = members.astype(np.float64) @ np.array(model.weights)
    expected = np.clip(model.calibration.slope * mean + model.calibration.shift, -MAX_LOGIT, MAX_LOGIT)
    assert logits == pytest.approx(expected, abs=1e-4)


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_each_member_says_what_it_is(seed: int) -> None:
    """Straight from the parts, without tables summed in advance."""
    model, codes = random_model(seed), random_codes(seed, 20)
    portfolio = Portfolio(model.portfolio.open().astype(np.int64))
    members = Scorer(model).score_with_members(codes)[1]
    at, ranks = np.arange(WIDTH), portfolio.ranks[np.arange(WIDTH), codes]
    relative, plain, forest = model.relative, model.plain, model.forest.open()
    assert relative is not None
    assert plain is not None
    expected = [
        scorecard.base(portfolio) + 0.2 + scorecard.table(portfolio)[at, codes].sum(axis=1),
        relative.intercept + relative.table(portfolio)[at, codes].sum(axis=1),
        plain.base + plain.table(portfolio)[at, codes].sum(axis=1),
        trees.values(forest, ranks) / len(forest),
        model.boosting_base + trees.values(model.boosting.open(), ranks),
    ]
    for i, name in enumerate(MEMBERS):
        assert members[:, i] == pytest.approx(expected[i], rel=1e-5, abs=1e-5), name


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_a_theme_is_the_sum_of_its_features_parts(seed: int) -> None:
    """Change a firm in the features of a theme alone, and that theme alone moves, as far as the score does."""
    model = msgspec.structs.replace(random_model(seed, 0.05), weights=(0.3, 0.4, 0.3, 0.0, 0.0))
    scorer, codes = Scorer(model), random_codes(seed, 20)
    before, themes = scorer.score(codes), scorer.themes(codes)
    for i in range(len(THEMES)):
        other = np.where(themes_of() == i, random_codes(seed + 1, 20), codes).astype(np.uint8)
        moved = scorer.themes(other) - themes
        inside = (np.abs(before) < 14.9) & (np.abs(scorer.score(other)) < 14.9)
        assert not np.delete(moved, i, axis=1)[inside].any()
        assert moved[inside, i] == pytest.approx((scorer.score(other) - before)[inside], abs=1e-9)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(seeds, st.integers(1, 64))
def test_a_firm_scores_the_same_to_the_last_bit_in_any_company(veteran: Learner, seed: int, size: int) -> None:
    for model in all_models(veteran):
        scorer, codes = Scorer(model), random_codes(seed)
        logits, themes = scorer.score(codes), scorer.themes(codes)
        with_members, members = scorer.score_with_members(codes)
        assert with_members.tobytes() == logits.tobytes()
        for start in range(0, len(codes), size):
            part = slice(start, start + size)
            assert scorer.score(codes[part]).tobytes() == logits[part].tobytes()
            assert scorer.themes(codes[part]).tobytes() == themes[part].tobytes()
            assert scorer.score_with_members(codes[part])[1].tobytes() == members[part].tobytes()


def test_extreme_scores_are_shrunk_theme_by_theme() -> None:
    loud = random_model(3, 30.0)
    scorer, quiet = (
        Scorer(msgspec.structs.replace(loud, plain=random_model(3, 0.1).plain)),
        Scorer(random_model(3, 0.01)),
    )
    assert abs(scorer.base) < MAX_LOGIT
    codes = random_codes(3, 400)
    logits, themes = scorer.score(codes), scorer.themes(codes)
    assert {-MAX_LOGIT, MAX_LOGIT} <= set(logits.tolist())
    assert np.abs(logits).max() == MAX_LOGIT
    assert logits == pytest.approx(scorer.base + themes.sum(axis=1), abs=1e-9)
    # In proportion: no theme changes its sign.
    raw = np.zeros_like(themes)
    parts = scorer._table[np.arange(WIDTH), codes]
    for feature, theme in enumerate(themes_of().tolist()):
        raw[:, theme] += parts[:, feature]
    for weight, of in zip(scorer._tree_weights, (scorer._forest, scorer._boosting), strict=True):
        raw += weight * of.parts(codes)
    beyond = np.abs(logits) == MAX_LOGIT
    factors = themes[beyond] / raw[beyond]
    assert factors == pytest.approx(np.repeat(factors[:, :1], len(THEMES), axis=1))
    assert ((factors > 0) & (factors < 1)).all()
    assert np.abs(quiet.score(codes)).max() < MAX_LOGIT


def test_the_base_is_the_score_of_the_portfolios_mean() -> None:
    """Over the firms of the portfolio, what members say feature by feature adds up to nothing beyond the base."""
    codes = random_codes(8, 500)
    model = msgspec.structs.replace(
        random_model(8, 0.03), portfolio=stored(count(codes), "<u4"), weights=(0.2, 0.5, 0.3, 0.0, 0.0)
    )
    scorer = Scorer(model)
    assert float(scorer.score(codes).mean()) == pytest.approx(scorer.base, abs=1e-9)
    assert scorer.themes(codes).mean(axis=0) == pytest.approx(np.zeros(len(THEMES)), abs=1e-9)


def test_members_that_have_not_learned_are_not_a_number(veteran: Learner) -> None:
    for model, learned in ((prior(), [True, False, False, False, False]), (veteran.model, [True] * 5)):
        members = Scorer(model).score_with_members(LATER)[1]
        assert np.isfinite(members).all(axis=0).tolist() == learned
        assert np.isnan(members).all(axis=0).tolist() == [not x for x in learned]


def test_inputs_are_left_alone(veteran: Learner) -> None:
    codes, data = LATER.copy(), encode(veteran.model)
    scorer = Scorer(veteran.model)
    scorer.score_with_members(codes)
    scorer.themes(codes)
    assert np.array_equal(codes, LATER)
    assert encode(veteran.model) == data


def test_nobody_to_score(veteran: Learner) -> None:
    for model in all_models(veteran):
        scorer, none = Scorer(model), np.zeros((0, WIDTH), np.uint8)
        logits, members = scorer.score_with_members(none)
        assert (logits.shape, members.shape, scorer.score(none).shape) == ((0,), (0, len(MEMBERS)), (0,))
        assert scorer.themes(none).shape == (0, len(THEMES))


def test_a_firm_of_which_nothing_is_known_has_a_score(veteran: Learner) -> None:
    for model in all_models(veteran):
        assert np.isfinite(Scorer(model).score(np.zeros((1, WIDTH), np.uint8))).all()


def test_the_prior_is_valid_and_knows_no_portfolio() -> None:
    assert decode(encode(prior())) == prior()
    assert (prior().features, prior().thresholds, prior().last_cohort) == (names(), PRIOR_THRESHOLDS, 0)
    assert np.array_equal(Scorer(prior()).portfolio.counts, nobody().counts)
    assert sum(prior().weights) == 1.0
    assert len(prior().weights) == len(MEMBERS)
    assert len(FEATURES) == len(prior().features)


@settings(max_examples=40, deadline=None)
@given(seeds, st.dates(), st.binary(max_size=50))
def test_numbers_come_back_exactly(seed: int, day: date, learner: bytes) -> None:
    full = msgspec.structs.replace(random_model(seed), as_of=day, learner=learner)
    again = decode(encode(full))
    assert again == full
    assert encode(again) == encode(full)
    codes = random_codes(seed)
    assert Scorer(again).score(codes).tobytes() == Scorer(full).score(codes).tobytes()


def test_content_is_what_a_model_says() -> None:
    model = random_model(2)
    other = msgspec.structs.replace(model, version="other", learner=b"")
    assert content(other) == content(model)
    assert content(shifted(model, 1e-9)) != content(model)


def test_a_shifted_model_is_higher_for_everybody(veteran: Learner) -> None:
    """What tests of new models are made with does what it says."""
    for model in all_models(veteran):
        plain, higher = Scorer(model), Scorer(shifted(model, 2.0))
        moved: NDArray[np.float64] = higher.score(LATER) - plain.score(LATER)
        inside = plain.score(LATER) < MAX_LOGIT - 2.1
        assert moved[inside] == pytest.approx(np.full(inside.sum(), 2.0))
        assert higher.logit_thresholds == pytest.approx(plain.logit_thresholds + 2.0)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 3},
        {"features": names()[1:]},
        {"features": names()[::-1]},
        {"weights": (1.0,)},
    ],
)
def test_a_model_of_other_features_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(UnusableModel, match="train a new one with `vigie replay --model-out`") as refusal:
        decode(encode(msgspec.structs.replace(prior(), **change)))
    assert refusal.value.exit_status == 2


@pytest.mark.parametrize(
    "data",
    [
        b"", b"not a model", b"[1]", encode(prior())[:-2], encode(prior())[:40], b"vigie-model\n",
        b"vigie-model\n" + zlib.compress(b"\x93\x01\x02\x03"), encode(prior())[:-9] + bytes(9),
    ],
    ids=["empty", "text", "json", "cut short", "cut shorter", "mark alone", "another struct", "damaged"],
)  # fmt: skip
def test_what_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(UnusableModel, match="not a model of Vigie"):
        decode(data)


@pytest.mark.parametrize(
    "data", [b"{}", json.dumps({"format": 1, "version": "2018-01-abc", "weights": [0.1]}).encode()]
)
def test_a_model_of_the_first_format_is_refused_with_what_to_do(data: bytes) -> None:
    with pytest.raises(UnusableModel, match=r"of format 1.*train a new one with `vigie replay --model-out`") as refusal:
        decode(data)
    assert refusal.value.exit_status == 2


def test_thresholds_are_compared_as_log_odds() -> None:
    scorer = Scorer(msgspec.structs.replace(prior(), thresholds=Thresholds(moderate=0.25, strong=0.5)))
    assert scorer.logit_thresholds == pytest.approx([math.log(1 / 3), 0.0])


def test_members_that_add_up_are_tables() -> None:
    """The prior's others say nothing."""
    (base, table), *others = models.member_tables(prior(), nobody())
    assert base == scorecard.SOUND
    assert np.array_equal(table, scorecard.POINTS)
    assert all(b == 0.0 and not t.any() for b, t in others)
