"""The project's incremental trees as an estimator of River, for any stream of numeric features and yes or no."""

import random
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from river import base
from river.utils.pandas import import_pandas

from detectors import trees
from detectors.errors import UnusableInput
from detectors.growing import Growth
from detectors.logits import MAX_LOGIT, logit, sigmoid
from detectors.renewal import BOOSTING_DEPTH, FOREST_DEPTH, Renewal
from detectors.reservoir import standing_for
from detectors.standing import Values, among
from detectors.trees import NEVER_ABOVE, Trees

if TYPE_CHECKING:
    import pandas as pd

MOST_FEATURES = 256
"""Features known at once: what a tree can ask about."""

_LEAST = 1.0
"""Least sum of second derivatives on either side of a boosted tree's cut."""


class _Rows(NamedTuple):
    """Rows in the order in which they came: values (n, features), nan where unknown; answers and weights (n,)."""

    values: Values
    labels: NDArray[np.bool_]
    weights: NDArray[np.float64]


class ObliviousTreesClassifier(base.MiniBatchClassifier):  # type: ignore[misc]  # River has no types
    """A forest and boosted oblivious trees, renewed a few at a time on a bounded memory of the stream.

    Every `period` rows, `kept` of them at most are remembered, the rarer answer first, each standing for others through
    its weight; the last `memory` periods are. Then some new trees are grown on all that is remembered and the oldest
    leave. Trees ask for the rank of a value among those remembered, so that scales and monotone changes of features do
    not matter. The prediction is the mean of the log-odds of forest and boosting; before any tree there is, the share
    of yes so far.

    Features are numbers or booleans. What is missing, None or nan is unknown, which is a rank of its own. New features
    are taken up as they appear, 256 at once at most: a place becomes free when nothing remembered has a value of the
    feature and no tree asks about it. Memory is bounded whatever the stream: about `kept` x `memory` rows.

    Rows learned in batches (`learn_many`) and one by one give the same model. Mini-batches need pandas.

    >>> from river import datasets, evaluate, metrics
    >>> from detectors.oblivious_classifier import ObliviousTreesClassifier
    >>> evaluate.progressive_val_score(datasets.Phishing(), ObliviousTreesClassifier(seed=1), metrics.ROCAUC())
    ROCAUC: 95.62%
    """

    def __init__(
        self,
        period: int = 50,
        kept: int = 50,
        memory: int = 100,
        forest_trees: int = 60,
        boosting_trees: int = 120,
        features_a_tree: float = 1.0,
        step: float = 0.2,
        ridge: float = 5.0,
        seed: int | None = None,
    ) -> None:
        """`period` rows lie between two renewals, of which `kept` are remembered, for `memory` periods.

        `features_a_tree` is the share of the features that one tree may ask about; `step` is what a boosted tree moves
        of what it finds, and `ridge` draws its leaves to zero, in units of second derivatives. Rare answers, noise and
        rows that are alike want smaller steps and more ridge. Without a seed, draws differ from one estimator to the
        next. Raises UnusableInput where a parameter is out of range.
        """
        _check("period", period, 1)
        _check("kept", kept, 2)
        _check("memory", memory, 1)
        _check("forest_trees", forest_trees, 2)
        _check("boosting_trees", boosting_trees, 2)
        for name, share in (("features_a_tree", features_a_tree), ("step", step)):
            if not 0 < share <= 1:
                raise UnusableInput(f"{name} is {share}: give a share above 0, at most 1")
        if not ridge >= 0:
            raise UnusableInput(f"ridge is {ridge}: give 0 or more")
        self.period, self.kept, self.memory = period, kept, memory
        self.forest_trees, self.boosting_trees = forest_trees, boosting_trees
        self.features_a_tree, self.step, self.ridge = features_a_tree, step, ridge
        self.seed = seed
        self._entropy = random.Random(seed).getrandbits(64)
        self._renewals = 0
        self._names: list[Hashable] = []
        """The feature at each place; None where the place is free."""
        self._places: dict[Hashable, int] = {}
        self._coming: list[_Rows] = []
        self._coming_count = 0
        self._remembered: list[_Rows] = []
        self._seen = np.full(2, 0.5)
        """Weight of no and of yes so far, half a row each to begin with."""
        self._standing = among(np.zeros((0, 0)))
        self._forest, self._boosting, self._base = trees.none(FOREST_DEPTH), trees.none(BOOSTING_DEPTH), 0.0

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        """For River's checks: by default, and so small that trees are grown on few rows."""
        yield {}
        yield {"period": 25, "kept": 20, "memory": 5, "forest_trees": 4, "boosting_trees": 6}

    def learn_one(self, x: Mapping[Any, Any], y: Any, w: float = 1.0) -> None:
        """Learn one row of weight `w`. Raises UnusableInput where a feature is no number."""
        values = np.array([[_number(name, value) for name, value in x.items()]]).reshape(1, -1)
        self._take(list(x), _Rows(values, np.array([bool(y)]), np.array([float(w)])))

    def learn_many(self, X: "pd.DataFrame", y: "pd.Series", w: "pd.Series | None" = None) -> None:  # noqa: N803
        """Learn rows in their order, as if one by one. Raises UnusableInput where a feature is no number."""
        names, values, labels = list(X.columns), _matrix(X), y.to_numpy().astype(bool)
        weights = np.ones(len(labels)) if w is None else w.to_numpy(np.float64)
        start = 0
        while start < len(labels):
            part = slice(start, start + self.period - self._coming_count)
            self._take(names, _Rows(values[part], labels[part], weights[part]))
            start = part.stop

    def predict_proba_one(self, x: Mapping[Any, Any], **kwargs: Any) -> dict[bool, float]:  # noqa: ARG002  River's
        """The probabilities of False and of True. Raises UnusableInput where a feature is no number."""
        values = np.full((1, len(self._standing)), np.nan)
        for name, value in x.items():
            number, place = _number(name, value), self._places.get(name, MOST_FEATURES)
            if place < values.shape[1]:
                values[0, place] = number
        yes = float(self._probabilities(values)[0])
        return {False: 1.0 - yes, True: yes}

    def predict_proba_many(self, X: "pd.DataFrame") -> "pd.DataFrame":  # noqa: N803  River's name
        """The probabilities of False and of True of each row."""
        values = np.full((len(X), len(self._standing)), np.nan)
        for column, name in zip(_matrix(X).T, X.columns, strict=True):
            place = self._places.get(name, MOST_FEATURES)
            if place < values.shape[1]:
                values[:, place] = column
        yes = self._probabilities(values)
        return import_pandas().DataFrame({False: 1.0 - yes, True: yes}, index=X.index)

    def _probabilities(self, values: Values) -> NDArray[np.float64]:
        """The probability of yes of rows (n, places of the last renewal), shape (n,)."""
        if not len(self._forest):
            return np.full(len(values), self._seen[1] / self._seen.sum())
        ranks = self._standing.ranks(values)
        forest = trees.values(self._forest, ranks) / len(self._forest)
        score = (forest + self._base + trees.values(self._boosting, ranks)) / 2
        return sigmoid(np.clip(score, -MAX_LOGIT, MAX_LOGIT))

    def _take(self, names: Sequence[Hashable], rows: _Rows) -> None:
        """Take rows of some features, no more than the period has room for; the last of a period renews the trees."""
        self._place(names, rows.values)
        placed = [(i, self._places[name]) for i, name in enumerate(names) if name in self._places]
        values = np.full((len(rows.labels), len(self._names)), np.nan)
        for column, place in placed:
            values[:, place] = rows.values[:, column]
        self._coming.append(rows._replace(values=values))
        self._coming_count += len(rows.labels)
        self._seen += np.bincount(rows.labels, rows.weights, 2)
        if self._coming_count == self.period:
            self._renew()

    def _place(self, names: Sequence[Hashable], values: Values) -> None:
        """Give places to features whose first value comes now, in an order that no order of features shows in."""
        known = ~np.isnan(values)
        new = [i for i, name in enumerate(names) if name not in self._places and known[:, i].any()]
        for i in sorted(new, key=lambda i: (int(known[:, i].argmax()), type(names[i]).__name__, repr(names[i]))):
            if None in self._names:
                place = self._names.index(None)
                self._names[place] = names[i]
            elif len(self._names) < MOST_FEATURES:
                place = len(self._names)
                self._names.append(names[i])
            else:
                return
            self._places[names[i]] = place

    def _renew(self) -> None:
        draw = np.random.default_rng([self._entropy, self._renewals])
        self._renewals += 1
        self._remembered = [*self._remembered, self._sample(draw)][-self.memory :]
        self._coming, self._coming_count = [], 0
        rows = _joined(self._remembered, len(self._names))
        self._standing = among(rows.values)
        yes, total = float(rows.weights @ rows.labels), float(rows.weights.sum())
        if 0 < yes < total:
            ranks, firms = self._standing.ranks(rows.values), np.arange(len(rows.labels))
            growth = Growth(BOOSTING_DEPTH, self.ridge, _LEAST)
            renewal = Renewal(ranks, rows.labels, rows.weights, firms, draw, self.features_a_tree, growth, self.step)
            self._forest = renewal.forest(self._forest, self.forest_trees)
            self._base = logit(renewal.rate)
            self._boosting = renewal.boosting(self._boosting, self._base, self.boosting_trees)
        self._free(np.logical_and.reduce(np.isnan(rows.values), axis=0))

    def _sample(self, draw: np.random.Generator) -> _Rows:
        """What is remembered of the period that ends."""
        rows = _joined(self._coming, len(self._names))
        rarer = rows.labels if rows.labels.mean() <= 0.5 else ~rows.labels
        chosen, weights = standing_for(draw.permutation(len(rarer)), rarer, self.kept, rows.weights)
        return _Rows(rows.values[chosen], rows.labels[chosen], weights)

    def _free(self, unknown: NDArray[np.bool_]) -> None:
        """Free the places of features that nothing remembered has, unless trees still ask about them."""
        asked = _asked(self._forest) | _asked(self._boosting)
        for place in np.flatnonzero(unknown).tolist():
            name = self._names[place]
            if name is not None and place not in asked:
                del self._places[name]
                self._names[place] = None


def _asked(of: Trees) -> set[int]:
    return set(of.features[of.cuts != NEVER_ABOVE].tolist())


def _joined(parts: Sequence[_Rows], width: int) -> _Rows:
    """Rows one after the other, each widened by unknown values to so many features."""
    values = np.full((sum(len(part.labels) for part in parts), width), np.nan)
    start = 0
    for part in parts:
        values[start : start + len(part.labels), : part.values.shape[1]] = part.values
        start += len(part.labels)
    return _Rows(
        values,
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.weights for part in parts]),
    )


def _number(name: Hashable, value: Any) -> float:
    if value is None:
        return np.nan
    try:
        if not isinstance(value, str):
            return float(value)
    except (TypeError, ValueError):
        pass
    raise UnusableInput(
        f"feature {name!r} is {value!r}, which is no number: encode it before, as with "
        "river.preprocessing.OneHotEncoder, or leave it out with river.compose.Select"
    )


def _matrix(of: "pd.DataFrame") -> Values:
    try:
        return of.to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise UnusableInput(
            f"a column of {list(of.columns)} holds what is no number ({error}): encode it before, or leave it out"
        ) from None


def _check(name: str, value: int, least: int) -> None:
    if value < least:
        raise UnusableInput(f"{name} is {value}: give {least} or more")
