"""A model scores the same alone as in a column, explains its scores to the last bit, and comes back from its bytes."""

import math
from datetime import date

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.features import THEMES, names, theme_matrix
from detectors.models import (
    MAX_LOGIT,
    LearnerState,
    Model,
    Scorer,
    Thresholds,
    UnusableModel,
    decode,
    encode,
    logit,
    prior,
    sigmoid,
)

WIDTH = len(names())
numbers = st.floats(-1e6, 1e6)


def model(weights: list[float], base: float = -3.0) -> Model:
    return msgspec.structs.replace(prior(), version="test", base=base, weights=tuple(weights))


def random_case(seed: int, rows: int = 64) -> tuple[Scorer, NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    return Scorer(model(rng.normal(size=WIDTH).tolist())), rng.normal(size=(rows, WIDTH)) * rng.exponential(size=WIDTH)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**9), st.floats(0.1, 100.0))
def test_contributions_add_up_to_score_minus_base(seed: int, scale: float) -> None:
    scorer, features = random_case(seed)
    logits, themes = scorer.score(features * scale)
    assert themes.shape == (len(features), len(THEMES))
    assert np.abs(logits - scorer.base - themes.sum(axis=1)).max() <= 1e-9


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**9))
def test_a_theme_is_the_sum_of_its_features_parts(seed: int) -> None:
    scorer, features = random_case(seed, 20)
    logits, themes = scorer.score(features)
    parts = features * np.array(scorer.model.weights)
    inside = np.abs(logits) < MAX_LOGIT - 1e-6
    for i in range(len(THEMES)):
        expected = parts[:, theme_matrix()[:, i] == 1].sum(axis=1)
        assert themes[inside, i] == pytest.approx(expected[inside], rel=1e-9, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 64))
def test_a_firm_scores_the_same_to_the_last_bit_in_any_company(seed: int, size: int) -> None:
    scorer, features = random_case(seed)
    logits, themes = scorer.score(features)
    for start in range(0, len(features), size):
        part = slice(start, start + size)
        some, parts = scorer.score(features[part])
        assert some.tolist() == logits[part].tolist()
        assert parts.tolist() == themes[part].tolist()


def test_extreme_scores_are_shrunk_theme_by_theme() -> None:
    scorer = Scorer(model([100.0] * WIDTH))
    logits, themes = scorer.score(np.array([[1.0] * WIDTH, [-1.0] * WIDTH, [0.0] * WIDTH]))
    assert logits == pytest.approx([MAX_LOGIT, -MAX_LOGIT, -3.0], abs=1e-9)
    assert logits == pytest.approx(scorer.base + themes.sum(axis=1), abs=1e-9)
    shares = theme_matrix().sum(axis=0) / WIDTH
    assert themes[0] == pytest.approx((MAX_LOGIT + 3.0) * shares)
    assert themes[1] == pytest.approx((-MAX_LOGIT + 3.0) * shares)


def test_inputs_are_left_alone() -> None:
    scorer, features = random_case(1)
    before = features.copy()
    scorer.score(features)
    assert np.array_equal(features, before)


def test_nobody_to_score() -> None:
    logits, themes = Scorer(prior()).score(np.zeros((0, WIDTH)))
    assert (logits.shape, themes.shape) == ((0,), (0, len(THEMES)))


@settings(max_examples=100, deadline=None)
@given(st.lists(numbers, min_size=WIDTH, max_size=WIDTH), numbers, st.lists(numbers, max_size=5), st.dates())
def test_numbers_come_back_exactly(weights: list[float], base: float, state: list[float], day: date) -> None:
    learner = LearnerState(examples=3, weights=state, recent_logits=[state, []], recent_labels=[[True] * len(state)])
    full = msgspec.structs.replace(model(weights, base), as_of=day, learner=learner)
    assert decode(encode(full)) == full
    assert encode(decode(encode(full))) == encode(full)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"features": names()[1:]},
        {"features": names()[::-1]},
        {"weights": (1.0,)},
    ],
)
def test_a_model_of_other_features_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(UnusableModel, match="train a new one with `vigie replay --model-out`") as refusal:
        decode(encode(msgspec.structs.replace(prior(), **change)))
    assert refusal.value.exit_status == 2


@pytest.mark.parametrize("data", [b"", b"{}", b"not json", b"[1]", encode(prior())[:-2]])
def test_what_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(UnusableModel, match="not a model of Vigie"):
        decode(data)


@given(st.floats(-MAX_LOGIT, MAX_LOGIT))
def test_log_odds_come_back_from_probabilities(x: float) -> None:
    p = float(sigmoid(np.array([x]))[0])
    assert 0.0 < p < 1.0
    assert logit(p) == pytest.approx(x, abs=1e-8)


def test_thresholds_are_compared_as_log_odds() -> None:
    scorer = Scorer(msgspec.structs.replace(prior(), thresholds=Thresholds(moderate=0.25, strong=0.5)))
    assert scorer.logit_thresholds == pytest.approx([math.log(1 / 3), 0.0])
