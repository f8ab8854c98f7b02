"""The plain member is River's own pipeline, and goes on where it stopped."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from river import linear_model, optim, preprocessing

from detectors.features import names
from detectors.logits import sigmoid
from detectors.plain_learning import learn
from detectors.plain_regression import PlainRegression, inputs
from detectors.portfolio import Portfolio, count
from detectors.scales import UNKNOWN_CODE
from tests.detectors.answering import FIRST, HORIZON, THE_SAME_FOR_ALL, UNKNOWN_TO_ALL, WIDTH, World

MONTH = World().month(FIRST + 12)
ROWS = inputs(MONTH.codes, MONTH.portfolio)
LABELS = MONTH.ahead <= HORIZON
WEIGHTS = np.random.default_rng(1).uniform(0.5, 2.0, len(LABELS))


class River:
    """River's scaler and regression, one row after the other."""

    def __init__(self, intercept: float) -> None:
        self.scaler = preprocessing.StandardScaler()
        self.regression = linear_model.LogisticRegression(optimizer=optim.AdaGrad(0.05), intercept_init=intercept)

    def learn(self, rows: NDArray[np.float64], labels: NDArray[np.bool_], weights: NDArray[np.float64]) -> None:
        for x, y, w in zip(rows.tolist(), labels.tolist(), weights.tolist(), strict=True):
            named = dict(zip(names(), x, strict=True))
            self.scaler.learn_one(named)
            self.regression.learn_one(self.scaler.transform_one(named), y, w=w)

    def predict(self, rows: NDArray[np.float64]) -> list[float]:
        return [
            self.regression.predict_proba_one(self.scaler.transform_one(dict(zip(names(), x, strict=True))))[True]
            for x in rows.tolist()
        ]


def parts(number: int) -> list[slice]:
    edges = np.linspace(0, len(ROWS), number + 1).astype(int).tolist()
    return [slice(a, b) for a, b in pairwise(edges)]


def test_scores_are_those_of_rivers_own_pipeline() -> None:
    """The same rows through River, one by one; base and table under any month's portfolio give its probability."""
    first, second = parts(2)
    rate = WEIGHTS[first] @ LABELS[first] / WEIGHTS[first].sum()
    river = River(float(np.log(rate / (1 - rate))))
    river.learn(ROWS, LABELS, WEIGHTS)
    model = learn(None, ROWS[first], LABELS[first], WEIGHTS[first])
    model = learn(model, ROWS[second], LABELS[second], WEIGHTS[second])
    later = World().month(FIRST + 30)
    logits = model.base + model.table(later.portfolio)[np.arange(WIDTH), later.codes].sum(axis=1)
    assert sigmoid(logits) == pytest.approx(river.predict(inputs(later.codes, later.portfolio)), rel=1e-9)


def test_in_pieces_it_is_what_it_is_at_once() -> None:
    """To the last bit, but for the rate that the very first piece starts from."""
    head = slice(0, 100)
    start = learn(None, ROWS[head], LABELS[head], WEIGHTS[head])
    whole = learn(start, ROWS[100:], LABELS[100:], WEIGHTS[100:])
    pieces = start
    for edge in range(100, len(ROWS), 60):
        piece = slice(edge, edge + 60)
        pieces = learn(pieces, ROWS[piece], LABELS[piece], WEIGHTS[piece])
    assert pieces == whole


def test_the_rate_is_where_it_starts() -> None:
    none = np.zeros((500, WIDTH))
    labels = np.arange(500) % 20 == 0
    model = learn(None, none, labels, np.ones(500))
    assert float(sigmoid(np.array([model.base]))[0]) == pytest.approx(0.05, abs=0.03)
    assert not model.table(MONTH.portfolio).any()


@pytest.mark.parametrize("answer", [True, False])
def test_a_first_cohort_of_one_answer_is_a_rate_near_its_end(answer: bool) -> None:
    model = learn(None, ROWS[:50], np.full(50, answer), WEIGHTS[:50])
    assert np.isfinite(model.intercept)
    assert (model.intercept > 2.0) is answer


def test_a_weight_is_a_wider_step() -> None:
    start = learn(None, ROWS, LABELS, WEIGHTS)
    light, heavy = (learn(start, ROWS[:1], LABELS[:1], np.array([w])) for w in (0.5, 5.0))
    assert abs(heavy.intercept - start.intercept) > abs(light.intercept - start.intercept) > 0


def test_learning_continues_with_a_constant_column() -> None:
    """A feature that never varied says nothing, and must not divide by nothing."""
    model = learn(None, ROWS, LABELS, WEIGHTS)
    table = model.table(MONTH.portfolio)
    for feature in (THE_SAME_FOR_ALL, UNKNOWN_TO_ALL):
        assert model.weights[feature] == 0.0
        assert not table[feature].any()
    assert np.isfinite(table).all()


def test_the_unknown_adds_nothing() -> None:
    model = learn(None, ROWS, LABELS, WEIGHTS)
    assert not model.table(MONTH.portfolio)[:, UNKNOWN_CODE].any()
    assert not inputs(np.full((3, WIDTH), UNKNOWN_CODE, np.uint8), MONTH.portfolio).any()


def test_a_month_in_which_everybody_owes_more_suspects_nobody() -> None:
    model = learn(None, ROWS, LABELS, WEIGHTS)
    before = np.full((60, WIDTH), 10, np.uint8)
    scores = []
    for codes in (before, before + np.uint8(90)):
        table = model.table(Portfolio(count(codes)))
        scores.append(table[np.arange(WIDTH), codes].sum(axis=1))
    assert scores[1] == pytest.approx(scores[0], abs=1e-12)


def test_it_is_immutable_and_inputs_are_left_alone() -> None:
    model = learn(None, ROWS, LABELS, WEIGHTS)
    kept = PlainRegression(*(getattr(model, f) for f in model.__struct_fields__))
    rows, labels, weights = ROWS.copy(), LABELS.copy(), WEIGHTS.copy()
    learn(model, rows, labels, weights)
    assert model == kept
    assert (rows.tobytes(), labels.tobytes(), weights.tobytes()) == (
        ROWS.tobytes(),
        LABELS.tobytes(),
        WEIGHTS.tobytes(),
    )


def test_a_firm_that_is_first_to_differ_is_no_wild_case() -> None:
    """A feature that was the same for all but for rounding, as the time followed is in a network's first months."""
    rows = ROWS.copy()
    rows[:, 0] = np.random.default_rng(0).normal(scale=1e-16, size=len(rows))
    model = learn(None, rows, LABELS, WEIGHTS)
    assert 0 < model.variances[0] < 1e-30
    codes = MONTH.codes.copy()
    codes[:, 0] = 200
    codes[0, 0] = 201
    table = model.table(Portfolio(count(codes)))[0, codes[:, 0]]
    assert np.abs(table).max() < 3.0
