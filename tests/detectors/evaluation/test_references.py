"""What a reference may know, and that it is asked in time."""

import numpy as np
import pytest

from detectors.evaluation import references
from detectors.evaluation.firm_months import FirmMonths, Proceedings, labels, month_ends
from detectors.evaluation.references import FIRST_COHORTS, REFIT_MONTHS, MonthEnd, prequential, scores

HORIZON = 3
FIRMS = 40
RNG = np.random.default_rng(8)
SIRENS = np.arange(1, FIRMS + 1, dtype=np.uint32)
ENDS = [
    MonthEnd(24_000 + i, SIRENS, RNG.random((FIRMS, 2)).astype(np.float32), RNG.random((FIRMS, 3)).astype(np.float32))
    for i in range(24)
]
PROCEEDINGS = Proceedings(SIRENS[::2], month_ends(24_000 + np.arange(FIRMS // 2, dtype=np.int32)))


class Recorder:
    """A model that remembers what it was fitted on."""

    fits: list[tuple[np.ndarray, np.ndarray]]

    def __init__(self) -> None:
        self.fits = []

    def fit(self, x: np.ndarray, y: np.ndarray) -> None:
        self.fits.append((x, y))

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        return np.column_stack([1 - x[:, 0], x[:, 0]])


def test_it_learns_from_answered_cohorts_alone_every_six_months() -> None:
    made: list[Recorder] = []

    def make() -> Recorder:
        made.append(Recorder())
        return made[-1]

    found = list(prequential(ENDS, "usual", make, PROCEEDINGS, HORIZON))
    first = FIRST_COHORTS + HORIZON
    assert [scored.month for scored in found] == [24_000 + i for i in range(first, 24)]
    assert all(np.array_equal(s.probabilities, e.usual[:, 0]) for s, e in zip(found, ENDS[first:], strict=True))
    cohorts = [range(fitted - HORIZON) for fitted in range(first, 24, REFIT_MONTHS)]
    assert len(made) == len(cohorts) > 2
    for model, known in zip(made, cohorts, strict=True):
        ((x, y),) = model.fits
        assert np.array_equal(x, np.concatenate([ENDS[i].usual for i in known]))
        months = np.repeat(np.array([ENDS[i].month for i in known], np.int32), FIRMS)
        assert np.array_equal(y, labels(months, PROCEEDINGS.days_of(np.tile(SIRENS, len(known))), HORIZON))


def test_no_model_of_one_answer() -> None:
    nobody = Proceedings(SIRENS[:0], np.zeros(0, np.int32))
    assert list(prequential(ENDS, "own", Recorder, nobody, HORIZON)) == []


def test_scores_stand_beside_their_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    order = RNG.permutation(FIRMS * 24)
    sirens, months = np.tile(SIRENS, 24)[order], np.repeat(24_000 + np.arange(24, dtype=np.int32), FIRMS)[order]
    sirens[0] = 999  # a firm that no month end has
    rows = FirmMonths(sirens, months, np.zeros(len(order)), np.zeros(len(order), np.uint8))
    monkeypatch.setattr(references, "MODELS", {"recorder": Recorder})
    found = scores(rows, ENDS, PROCEEDINGS, HORIZON)
    assert list(found) == ["recorder, usual features", "recorder, own features"]
    own = found["recorder, own features"]
    late = months >= 24_000 + FIRST_COHORTS + HORIZON
    late[0] = False
    assert np.array_equal(~np.isnan(own), late)
    assert all(own[i] == ENDS[months[i] - 24_000].own[sirens[i] - 1, 0] for i in np.flatnonzero(late))


@pytest.mark.parametrize("name", references.MODELS)
def test_the_models_learn_and_give_the_same_twice(name: str) -> None:
    x = RNG.random((400, 3)).astype(np.float32)
    y = x[:, 0] > 0.8
    one, two = references.MODELS[name](), references.MODELS[name]()
    one.fit(x, y)
    two.fit(x, y)
    said = one.predict_proba(x)[:, 1]
    assert np.array_equal(said, two.predict_proba(x)[:, 1])
    assert said[y].mean() > 0.7 > 0.3 > said[~y].mean()
