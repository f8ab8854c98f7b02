"""What is compared in `benchmarks.candidates`: Vigie's ensemble, its members, River's own models, hazards.

Each scores a month end with what it learned before, then learns what is answered at its end. River's models see each
answered firm-month once, in an order drawn by month; where `again` says so, also as many older ones for each new.
"""

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from river import drift, ensemble, forest, linear_model, optim, preprocessing, tree

from benchmarks.history import Known, MonthEnd
from detectors import relative_regression, trees
from detectors.evaluation.ranking import Bools, Floats
from detectors.labels import HORIZON, Cohort, Examples
from detectors.learning import LEAST_FAILURES, Learner, LearningOptions
from detectors.logits import logit, sigmoid
from detectors.models import MEMBERS, Scorer, prior
from detectors.oblivious_classifier import ObliviousTreesClassifier
from detectors.relative_regression import RelativeRegression
from detectors.renewal import BOOSTING_DEPTH, FOREST_DEPTH, Renewal

COHORTS = 48
"""Answered months that whatever remembers them remembers, as Vigie's reservoir does."""
INTERVALS = ((0, 3), (3, 6), (6, 12), (12, 18))
"""Months after a month end, (from, to], of which each has a hazard of its own."""
_SURE = 7.0
"""Log-odds beyond which a candidate is taken to be no surer: leaves of few rows say 0 and 1."""

Columns = Callable[[MonthEnd], NDArray[Any]]


class Contender(Protocol):
    """Something that scores month ends and learns."""

    def scores(self, end: MonthEnd) -> dict[str, Floats]:
        """The log-odds of a month end by name, (n,) each; nothing before anything was learned."""

    def learn(self, known: Known) -> None:
        """Learn what is answered at the end of a month, for the first time."""


class Ensemble:
    """Vigie as it is, and each of its members alone."""

    def __init__(self, rows: int) -> None:
        self._learner = Learner(prior(), LearningOptions(reservoir_rows=rows))
        self._scorer = Scorer(self._learner.model)

    def scores(self, end: MonthEnd) -> dict[str, Floats]:
        """The ensemble's, and the members' that have learned."""
        logits, members = self._scorer.score_with_members(end.cohort.codes)
        if np.isnan(members).any():
            return {}
        return {"Vigie": logits} | {f"{name} alone": members[:, i].astype(float) for i, name in enumerate(MEMBERS)}

    def learn(self, known: Known) -> None:
        """As the trainer does: portfolios from the first month on, cohorts once they are answered."""
        month = known.now - HORIZON
        parts = []
        if month in known.ends:
            parts = [Examples(known.ends[month].cohort, known.answers(month, HORIZON))]
        self._learner.learn(month, parts, HORIZON, known.ends[known.now].counts)
        self._scorer = Scorer(self._learner.model)


@dataclass
class Streamed:
    """A model of River on some description of firms, fed the cohort that is answered, firm by firm."""

    name: str
    model: Any
    columns: Columns
    rows: int
    again: int = 0
    """Older firm-months learned again for each new one."""
    failures: int = 0
    _past: list[tuple[NDArray[Any], Bools]] = field(default_factory=list)

    def scores(self, end: MonthEnd) -> dict[str, Floats]:
        """Once as many firms failed as Vigie waits for."""
        if self.failures < LEAST_FAILURES:
            return {}
        yes = [self.model.predict_proba_one(x).get(True, 0.0) for x in _dicts(self.columns(end))]
        return {self.name: _log_odds(np.array(yes))}

    def learn(self, known: Known) -> None:
        """The cohort in an order drawn by month, older rows among them."""
        month = known.now - HORIZON
        if month - 1 not in known.ends:
            # Nobody can be compared with a month before.
            return
        draw = np.random.default_rng(month)
        rows, labels = _drawn(self.columns(known.ends[month]), known.answers(month, HORIZON), self.rows, draw)
        self.failures += int(labels.sum())
        if self.again:
            self._past = [*self._past, (rows, labels)][-COHORTS:]
            old_rows, old_labels = (np.concatenate(parts) for parts in zip(*self._past, strict=True))
            some = draw.choice(len(old_labels), min(self.again * len(labels), len(old_labels)), replace=False)
            rows, labels = np.concatenate([rows, old_rows[some]]), np.concatenate([labels, old_labels[some]])
            order = draw.permutation(len(labels))
            rows, labels = rows[order], labels[order]
        for x, y in zip(_dicts(rows), labels.tolist(), strict=True):
            self.model.learn_one(x, y)


class Incremental(Protocol):
    """A model of yes and no that is taken a step further on all rows that are remembered."""

    def step(self, ends: Sequence[MonthEnd], rows: Sequence[NDArray[np.intp]], labels: Bools, overlap: int) -> None:
        """One step; `rows` are those of each month end, `labels` all of theirs, answers overlap by so many months."""

    def log_odds(self, end: MonthEnd) -> Floats:
        """Of the firms of a month end, (n,)."""


class Regression:
    """The relative regression."""

    def __init__(self) -> None:
        self._model: RelativeRegression | None = None

    def step(self, ends: Sequence[MonthEnd], rows: Sequence[NDArray[np.intp]], labels: Bools, overlap: int) -> None:
        """One Newton step."""
        design = np.concatenate([end.relative[at] for end, at in zip(ends, rows, strict=True)])
        self._model = relative_regression.fit(self._model, design, labels, np.ones(len(labels)), overlap)

    def log_odds(self, end: MonthEnd) -> Floats:
        """By its two weights a feature."""
        assert self._model is not None, "a hazard is asked after its first step"
        weights = np.array([*self._model.deviations, *self._model.rarities])
        return end.relative.astype(np.float64) @ weights + self._model.intercept


class RenewedTrees:
    """The forest and the boosted trees, mean of the log-odds."""

    def __init__(self) -> None:
        self._forest, self._boosting, self._base = trees.none(FOREST_DEPTH), trees.none(BOOSTING_DEPTH), 0.0
        self._options = LearningOptions()

    def step(self, ends: Sequence[MonthEnd], rows: Sequence[NDArray[np.intp]], labels: Bools, overlap: int) -> None:  # noqa: ARG002  the regression's
        """A few new trees of each kind."""
        parts = list(zip(ends, rows, strict=True))
        firms = np.unique(np.concatenate([end.cohort.sirens[at] for end, at in parts]), return_inverse=True)[1]
        ranks = np.concatenate([end.ranks[at] for end, at in parts])
        draw = np.random.default_rng(ends[-1].month)
        renewal = Renewal(ranks, labels, np.ones(len(labels)), firms, draw)
        self._forest = renewal.forest(self._forest, self._options.forest_trees)
        self._base = logit(renewal.rate)
        self._boosting = renewal.boosting(self._boosting, self._base, self._options.boosting_trees)

    def log_odds(self, end: MonthEnd) -> Floats:
        """Of both, half and half."""
        of_forest = trees.values(self._forest, end.ranks) / len(self._forest)
        return (of_forest + self._base + trees.values(self._boosting, end.ranks)) / 2


class Hazards:
    """A model for each interval after a month end, of the firms that have not failed before it.

    Each learns a cohort as soon as its interval has passed; composed, 1 - (1 - h1)(1 - h2)... is the probability of
    failing within all of them (Singer and Willett, 1993).
    """

    def __init__(
        self, name: str, make: Callable[[], Incremental], rows: int, intervals: Sequence[tuple[int, int]]
    ) -> None:
        self.name = name
        self._rows = rows
        self._intervals = [(start, end, make()) for start, end in intervals]
        self._ready = 0
        self._remembered: list[Cohort] = []

    def scores(self, end: MonthEnd) -> dict[str, Floats]:
        """Once every interval has been learned."""
        if self._ready < len(self._intervals):
            return {}
        survival = np.ones(len(end.cohort))
        for _, _, model in self._intervals:
            survival *= 1 - sigmoid(model.log_odds(end))
        return {self.name: _log_odds(1 - survival)}

    def learn(self, known: Known) -> None:
        """A step of each interval that has seen enough failures."""
        self._ready = 0
        for start, end, model in self._intervals:
            months = [month for month in sorted(known.ends) if month + end <= known.now and month - 2 in known.ends]
            ends = [known.ends[month] for month in months[-COHORTS:]]
            rows = [np.flatnonzero(~known.answers(e.month, start)) if start else np.arange(len(e.cohort)) for e in ends]
            rows = [_some(at, self._rows, np.random.default_rng(e.month)) for e, at in zip(ends, rows, strict=True)]
            if not ends:
                continue
            self._remembered = [e.cohort.rows(at) for e, at in zip(ends, rows, strict=True)]
            labels = np.concatenate([known.answers(e.month, end)[at] for e, at in zip(ends, rows, strict=True)])
            if labels.sum() >= LEAST_FAILURES:
                model.step(ends, rows, labels, end - start)
                self._ready += 1


def usual(end: MonthEnd) -> NDArray[Any]:
    """The network's features."""
    return end.usual


def relative(end: MonthEnd) -> NDArray[Any]:
    """Deviation and rarity in the portfolio of the month before."""
    return end.relative.astype(np.float64)


def binned(end: MonthEnd) -> NDArray[Any]:
    """Each feature's bin by its rank, of sixteen, and one for unknown: names of indicators, (n, 53)."""
    bins = (end.ranks.astype(np.int64) + 3) // 4
    return bins + 20 * np.arange(bins.shape[1])


def contenders(rows: int, river: bool) -> list[Contender]:
    """All of them, anew, with or without River's; each learns at most so many firms of a cohort."""
    return [
        Ensemble(rows),
        Hazards("hazards, relative regression", Regression, rows, INTERVALS),
        Hazards("hazards, renewed trees", RenewedTrees, rows, INTERVALS),
        Hazards("one horizon, renewed trees", RenewedTrees, rows, ((0, HORIZON),)),
        Streamed("logistic regression, binned features", _Indicators(), binned, rows, again=3),
        *(_of_river(rows) if river else ()),
    ]


def _of_river(rows: int) -> list[Contender]:
    scaled = preprocessing.StandardScaler
    return [
        Streamed("logistic regression, relative features", scaled() | _regression(), relative, rows, again=3),
        Streamed("logistic regression, usual features", scaled() | _regression(), usual, rows, again=3),
        Streamed("ARF, relative features", _arf(), relative, rows),
        Streamed("ARF without drift detection, relative features", _arf(drift.NoDrift()), relative, rows),
        Streamed("ARF, usual features", _arf(), usual, rows),
        Streamed("AMF, relative features", _amf(), relative, rows),
        Streamed("AMF, usual features", scaled() | _amf(), usual, rows),
        Streamed("Hoeffding adaptive tree, relative features", _hat(), relative, rows),
        Streamed("Hoeffding adaptive tree, usual features", _hat(), usual, rows),
        Streamed("ADWIN boosting of Hoeffding trees, relative features", _boosting(), relative, rows),
        Streamed("oblivious trees of this project, in River", _oblivious(), relative, rows),
    ]


def _regression() -> Any:
    return linear_model.LogisticRegression(optim.AdaGrad(0.05), l2=1e-4)


def _arf(detector: Any = None) -> Any:
    # Votes weighted by accuracy, the default, say nothing where 5 % fail; naive Bayes in leaves counts a debt that
    # many features tell many times.
    return forest.ARFClassifier(
        n_models=10, leaf_prediction="mc", disable_weighted_vote=True, drift_detector=detector,
        warning_detector=detector, max_size=32.0, seed=1,
    )  # fmt: skip


def _amf() -> Any:
    return forest.AMFClassifier(n_estimators=10, dirichlet=0.05, max_nodes=20_000, seed=1)


def _hat() -> Any:
    return tree.HoeffdingAdaptiveTreeClassifier(
        grace_period=100, delta=1e-4, leaf_prediction="mc", max_size=32.0, seed=1
    )


def _boosting() -> Any:
    model = tree.HoeffdingTreeClassifier(grace_period=100, delta=1e-4, leaf_prediction="mc", max_size=8.0)
    return ensemble.ADWINBoostingClassifier(model, n_models=10, seed=1)


def _oblivious() -> Any:
    return ObliviousTreesClassifier(
        period=1_000, kept=1_000, memory=COHORTS, features_a_tree=0.3, step=0.05, ridge=20.0, seed=1
    )


class _Indicators:
    """Logistic regression on indicators, given as names."""

    def __init__(self) -> None:
        self._model = _regression()

    def learn_one(self, x: dict[int, int], y: bool) -> None:
        """A step."""
        self._model.learn_one(dict.fromkeys(x.values(), 1.0), y)

    def predict_proba_one(self, x: dict[int, int]) -> dict[bool, float]:
        """Probabilities of no and yes."""
        return self._model.predict_proba_one(dict.fromkeys(x.values(), 1.0))


def size(contender: Contender) -> float:
    """Megabytes of what it needs to go on, pickled."""
    return len(pickle.dumps(contender, protocol=5)) / 1e6


def _dicts(rows: NDArray[Any]) -> list[dict[int, Any]]:
    return [dict(enumerate(row)) for row in rows.tolist()]


def _log_odds(probabilities: Floats) -> Floats:
    edge = float(sigmoid(np.array([-_SURE]))[0])
    clipped = np.clip(probabilities, edge, 1 - edge)
    return np.log(clipped / (1 - clipped))


def _some(rows: NDArray[np.intp], most: int, draw: np.random.Generator) -> NDArray[np.intp]:
    return draw.permutation(rows)[:most]


def _drawn(rows: NDArray[Any], labels: Bools, most: int, draw: np.random.Generator) -> tuple[NDArray[Any], Bools]:
    at = _some(np.arange(len(labels)), most, draw)
    return rows[at], labels[at]
