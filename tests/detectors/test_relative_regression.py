"""One step a month leads to the penalised optimum, and the table is the regression."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors import relative_regression
from detectors.logits import sigmoid
from detectors.portfolio import Portfolio, count
from detectors.relative_regression import RIDGE, RelativeRegression, fit, inputs
from detectors.scales import UNKNOWN_CODE
from tests.detectors.answering import FIRST, HORIZON, SIGNS, THE_SAME_FOR_ALL, UNKNOWN_TO_ALL, WIDTH, World

MONTH = World(firms=1500).month(FIRST + 12)
ROWS = inputs(MONTH.codes, MONTH.portfolio)
LABELS = MONTH.ahead <= HORIZON
WEIGHTS = np.random.default_rng(1).uniform(0.5, 4.0, len(LABELS))


def coefficients(model: RelativeRegression) -> NDArray[np.float64]:
    return np.array([*model.deviations, *model.rarities, model.intercept])


def gradient(beta: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the penalised likelihood, in double precision."""
    design = np.column_stack([ROWS.astype(np.float64), np.ones(len(ROWS))])
    ridge = np.append(np.full(2 * WIDTH, RIDGE * HORIZON), 1e-6)
    return design.T @ (WEIGHTS * (LABELS - sigmoid(design @ beta))) - ridge * beta


def converged() -> RelativeRegression:
    model = fit(None, ROWS, LABELS, WEIGHTS, HORIZON)
    for _ in range(10):
        model = fit(model, ROWS, LABELS, WEIGHTS, HORIZON)
    return model


def test_steps_lead_to_the_penalised_optimum() -> None:
    """At the optimum the gradient is nothing: beside that of a firm it is what single precision leaves."""
    assert np.abs(gradient(np.zeros(2 * WIDTH + 1))).max() > 30
    assert np.abs(gradient(coefficients(converged()))).max() < 1e-2


def test_the_first_fit_is_nearly_there_and_a_step_there_moves_nothing() -> None:
    there = converged()
    first, again = (fit(before, ROWS, LABELS, WEIGHTS, HORIZON) for before in (None, there))
    away, start = (np.linalg.norm(beta - coefficients(there)) for beta in (coefficients(first), 0.0))
    assert away < 0.1 * start
    assert coefficients(again) == pytest.approx(coefficients(there), abs=1e-4)


def test_it_finds_the_signs() -> None:
    weight = np.abs(converged().deviations) + np.abs(converged().rarities)
    noise = np.setdiff1d(np.arange(WIDTH), [*SIGNS, THE_SAME_FOR_ALL, UNKNOWN_TO_ALL])
    assert weight[list(SIGNS)].min() > weight[noise].max()


def test_what_tells_nobody_apart_has_no_weight() -> None:
    """A constant input is the intercept's business; the ridge keeps it from having any of its own."""
    model = converged()
    for feature in (THE_SAME_FOR_ALL, UNKNOWN_TO_ALL):
        assert model.deviations[feature] == pytest.approx(0.0, abs=1e-6)
        assert abs(model.rarities[feature]) < 1e-2


def test_overlapping_answers_are_drawn_to_zero_the_more() -> None:
    """The longer the horizon, the more often the same answer is heard."""
    sizes = [np.abs(coefficients(fit(None, ROWS, LABELS, WEIGHTS, h))[:-1]).sum() for h in (1, 6, 60)]
    assert sizes[0] > sizes[1] > sizes[2]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9))
def test_the_table_is_inputs_times_weights(seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 256, (20, WIDTH)).astype(np.uint8)
    portfolio = Portfolio(count(rng.integers(0, 256, (200, WIDTH)).astype(np.uint8)))
    model = RelativeRegression(tuple(rng.normal(size=WIDTH)), tuple(rng.normal(size=WIDTH)), -3.0)
    summed = model.table(portfolio)[np.arange(WIDTH), codes].sum(axis=1)
    rows = inputs(codes, portfolio)
    assert rows.shape == (20, 2 * WIDTH)
    assert rows.dtype == np.float32
    assert summed == pytest.approx(rows.astype(np.float64) @ np.array([*model.deviations, *model.rarities]), abs=1e-4)


def test_inputs_stay_within_bounds() -> None:
    """One debt a million times the others' is three deviations, and rarer than rare is rare."""
    codes = np.full((5000, WIDTH), 2, np.uint8)
    codes[0] = 255
    rows = inputs(codes, Portfolio(count(codes)))
    assert np.abs(rows).max() <= 1.5
    assert rows[0, :WIDTH] == pytest.approx(np.full(WIDTH, 1.5))
    assert rows[0, WIDTH:].min() > 0.9


def test_the_unknown_is_neither_high_nor_low() -> None:
    codes = np.full((1, WIDTH), UNKNOWN_CODE, np.uint8)
    rows = inputs(codes, MONTH.portfolio)[0]
    assert not rows[:WIDTH].any()
    assert rows[WIDTH:] == pytest.approx(np.full(WIDTH, np.log2(0.5 + 1 / 256) / -8), abs=1e-6)


def test_inputs_are_left_alone() -> None:
    rows, labels, weights = ROWS.copy(), LABELS.copy(), WEIGHTS.copy()
    relative_regression.fit(None, rows, labels, weights, HORIZON)
    assert (rows.tobytes(), labels.tobytes(), weights.tobytes()) == (
        ROWS.tobytes(),
        LABELS.tobytes(),
        WEIGHTS.tobytes(),
    )
