"""What batch models would have said at each month end, fitted again every six months on the answers there were.

The network's own is a random forest of 100 trees of depth 9; boosting is what one would use for such tables today. Both
come from scikit-learn, which is imported when the first of them is fitted.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from detectors.evaluation.firm_months import FirmMonths, Proceedings
from detectors.evaluation.ranking import Bools, Floats
from detectors.labels import opened

REFIT_MONTHS = 6
FIRST_COHORTS = 6
"""Answered cohorts from which the first model is fitted."""
SEED = 0


class Classifier(Protocol):
    """A model of scikit-learn."""

    def fit(self, x: NDArray[np.float32], y: Bools) -> None:
        """Learn from rows (n, features) and their answers (n,)."""

    def predict_proba(self, x: NDArray[np.float32]) -> Floats:
        """The probabilities of no and yes, (n, 2)."""


def random_forest() -> Classifier:
    """The network's monthly model."""
    return _Forest()


def gradient_boosting() -> Classifier:
    """Boosted trees over histograms, with the library's own settings."""
    return _Boosting()


class _Forest:
    """Fitted on all cores; asked on one, since the sum over trees would depend on which core is done first."""

    def __init__(self) -> None:
        from sklearn.ensemble import RandomForestClassifier

        self._model = RandomForestClassifier(n_estimators=100, max_depth=9, random_state=SEED, n_jobs=-1)

    def fit(self, x: NDArray[np.float32], y: Bools) -> None:
        """Learn from rows (n, features) and their answers (n,)."""
        self._model.fit(x, y)
        self._model.set_params(n_jobs=1)

    def predict_proba(self, x: NDArray[np.float32]) -> Floats:
        """The probabilities of no and yes, (n, 2)."""
        return self._model.predict_proba(x)


class _Boosting:
    """On one thread: on a busy machine the threads of boosting wait for each other at full speed."""

    def __init__(self) -> None:
        from sklearn.ensemble import HistGradientBoostingClassifier

        self._model = HistGradientBoostingClassifier(random_state=SEED)

    def fit(self, x: NDArray[np.float32], y: Bools) -> None:
        """Learn from rows (n, features) and their answers (n,)."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            self._model.fit(x, y)

    def predict_proba(self, x: NDArray[np.float32]) -> Floats:
        """The probabilities of no and yes, (n, 2)."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            return self._model.predict_proba(x)


MODELS: dict[str, Callable[[], Classifier]] = {"forest": random_forest, "boosting": gradient_boosting}


@dataclass(frozen=True)
class MonthEnd:
    """The firms of a month end as two sets of features describe them; arrays of n firms, by `sirens`."""

    month: int
    sirens: NDArray[np.uint32]
    own: NDArray[np.float32]
    """Vigie's, as they stood when it scored, (n, features)."""
    usual: NDArray[np.float32]
    """The network's, (n, features)."""

    def features(self, name: str) -> NDArray[np.float32]:
        """One of the two."""
        return self.own if name == "own" else self.usual


FEATURES = ("usual", "own")


@dataclass(frozen=True)
class Scored:
    """What a reference gave the firms of a month end, arrays (n,)."""

    month: int
    sirens: NDArray[np.uint32]
    probabilities: Floats


def scores(
    rows: FirmMonths, month_ends: Sequence[MonthEnd], proceedings: Proceedings, horizon: int
) -> dict[str, Floats]:
    """What each model with each set of features gave the rows, (n,), by name; nan where it had no model yet, or where
    the firm is none of the month end's. `month_ends` ascend.
    """
    return {
        f"{model}, {features} features": _aligned(
            rows, prequential(month_ends, features, MODELS[model], proceedings, horizon)
        )
        for features in FEATURES
        for model in MODELS
    }


def prequential(
    month_ends: Sequence[MonthEnd],
    features: str,
    make: Callable[[], Classifier],
    proceedings: Proceedings,
    horizon: int,
) -> Iterator[Scored]:
    """The scores of each month end from the first model on; `month_ends` ascend.

    A model that scores the end of month m has learned from cohorts answered before it, as Vigie's has: those of
    months up to m - horizon - 1. Months before the first model are left out.
    """
    model: Classifier | None = None
    fitted = 0
    for end in month_ends:
        known = [past for past in month_ends if past.month + horizon < end.month]
        due = model is None or end.month - fitted >= REFIT_MONTHS
        if due and len(known) >= FIRST_COHORTS:
            model, fitted = _fitted(known, features, make, proceedings, horizon) or model, end.month
        if model is not None:
            yield Scored(end.month, end.sirens, model.predict_proba(end.features(features))[:, 1])


def _fitted(
    known: Sequence[MonthEnd],
    features: str,
    make: Callable[[], Classifier],
    proceedings: Proceedings,
    horizon: int,
) -> Classifier | None:
    """A model of these cohorts; None where all answers are alike."""
    answers = np.concatenate([_answers(end, proceedings, horizon) for end in known])
    if answers.all() or not answers.any():
        return None
    model = make()
    model.fit(np.concatenate([end.features(features) for end in known]), answers)
    return model


def _answers(end: MonthEnd, proceedings: Proceedings, horizon: int) -> Bools:
    return opened(end.month, proceedings.days_of(end.sirens), horizon)


def _aligned(rows: FirmMonths, found: Iterable[Scored]) -> Floats:
    out = np.full(len(rows), np.nan)
    for scored in found:
        at = np.flatnonzero(rows.months == scored.month)
        order = np.argsort(scored.sirens)
        place = np.minimum(np.searchsorted(scored.sirens[order], rows.sirens[at]), len(order) - 1)
        same = scored.sirens[order][place] == rows.sirens[at]
        out[at[same]] = scored.probabilities[order][place[same]]
    return out
