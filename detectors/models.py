"""A model as it is published: enough to score, to explain, to compare and to go on learning from.

Five members give log-odds each: the expert scorecard, two regressions, a forest and boosted trees. Their weighted mean,
calibrated by a line, is the score. Whatever adds up feature by feature becomes one table, (features, 256), under the
portfolio of the last month that has ended; the trees stay trees. A score is the base (a firm at the portfolio's mean)
plus what each feature adds, so themes add up exactly to score minus base.
"""

import zlib
from datetime import date

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors import scorecard, trees
from detectors.arrays import Array, between, stored
from detectors.capping import Floors
from detectors.errors import VigieError
from detectors.features import THEMES, names, themes_of
from detectors.headlines import MARK
from detectors.logits import MAX_LOGIT, logit
from detectors.plain_regression import PlainRegression
from detectors.portfolio import Portfolio, Table, nobody
from detectors.regime import Regime
from detectors.relative_regression import RelativeRegression
from detectors.renewal import BOOSTING_DEPTH, FOREST_DEPTH
from detectors.scales import Codes
from detectors.sums import in_order
from detectors.trees import Trees, TreesInMonth

FORMAT = 2
MEMBERS = ("scorecard", "relative", "plain", "forest", "boosting")
"""The members, in the order of a model's weights."""


class Thresholds(msgspec.Struct, frozen=True):
    """Probabilities from which a firm is at moderate and at strong risk."""

    moderate: float
    strong: float


PRIOR_THRESHOLDS = Thresholds(moderate=0.11, strong=0.35)
"""Until anything has matured: two and seven times the base rate of 5 %."""


class StoredTrees(msgspec.Struct, frozen=True):
    """Trees as they travel."""

    features: Array
    cuts: Array
    nodes: Array

    def open(self) -> Trees:
        """The trees."""
        return Trees(self.features.open(), self.cuts.open(), self.nodes.open())


class Calibration(msgspec.Struct, frozen=True):
    """Log-odds are worth slope * log-odds + shift (Platt, 1999)."""

    slope: float = 1.0
    shift: float = 0.0


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """An immutable model version. `as_of` is the last day whose events it has learned from."""

    format: int = FORMAT
    version: str
    as_of: date | None
    features: tuple[str, ...]
    portfolio: Array
    """How many firms had each code of each feature in the last month that has ended, (features, 256)."""
    scorecard_shift: float = 0.0
    relative: RelativeRegression | None = None
    plain: PlainRegression | None = None
    forest: StoredTrees
    boosting: StoredTrees
    boosting_base: float = 0.0
    weights: tuple[float, ...]
    """Of the members, adding up to 1; 0 for those that have not learned yet."""
    calibration: Calibration = Calibration()
    thresholds: Thresholds
    horizon: int = 0
    """Months within which the procedures that its examples are about opened; 0 where it has seen none."""
    last_cohort: int = 0
    """The last month whose answers it has learned, as `detectors.months` counts."""
    floors: dict[str, float] = {}
    """The least score told in a department, log-odds, by its code; where the operator caps its alerts."""
    regime: Regime = Regime()
    """What the watches say of the last month that has ended."""
    learner: bytes = b""
    """What a trainer needs to go on exactly where it stopped (`learning.Learner`); empty for scoring alone."""


class UnusableModel(VigieError):
    """A model that this version cannot score with: other features, or another format."""

    exit_status = 2


def check_horizon(model: Model, horizon: int) -> None:
    """Raises UnusableModel for a model that learned to predict within another horizon (months) than this one."""
    if model.horizon not in (0, horizon):
        raise UnusableModel(
            f"model {model.version} predicts procedures within {model.horizon} months, not {horizon}: "
            f"give --horizon {model.horizon}, or train a new one with `vigie replay --horizon {horizon} --model-out`"
        )


def store_trees(of: Trees) -> StoredTrees:
    """Trees to travel."""
    return StoredTrees(stored(of.features, "|u1"), stored(of.cuts, "|u1"), stored(of.nodes, "<f8"))


def prior() -> Model:
    """The expert scorecard as a model."""
    return Model(
        version="prior-2",
        as_of=None,
        features=names(),
        portfolio=stored(nobody().counts, "<i4"),
        forest=store_trees(trees.none(FOREST_DEPTH)),
        boosting=store_trees(trees.none(BOOSTING_DEPTH)),
        weights=(1.0, 0.0, 0.0, 0.0, 0.0),
        thresholds=PRIOR_THRESHOLDS,
    )


def encode(model: Model) -> bytes:
    """The model as bytes; numbers come back exactly."""
    return MARK + zlib.compress(msgspec.msgpack.encode(model), 1)


def content(model: Model) -> bytes:
    """What a model says of firms: equal for equal models, whatever their trainers remember or watch."""
    return msgspec.msgpack.encode(msgspec.structs.replace(model, version="", learner=b"", regime=Regime()))


def decode(data: bytes) -> Model:
    """The model from its bytes. Raises UnusableModel when it is not one, or describes firms by other features."""
    if data.startswith(b"{"):
        raise UnusableModel(
            "a model of format 1, which this version of Vigie does not read: train a new one with "
            "`vigie replay --model-out`"
        )
    try:
        model = msgspec.msgpack.decode(zlib.decompress(data.removeprefix(MARK)), type=Model)
    except (msgspec.MsgspecError, zlib.error, ValueError) as error:
        raise UnusableModel(
            f"not a model of Vigie: {error}. Use a file that `vigie replay --model-out` wrote"
        ) from None
    if model.format != FORMAT or model.features != names() or len(model.weights) != len(MEMBERS):
        raise UnusableModel(
            f"model {model.version} (format {model.format}) describes firms by other features than this version of "
            "Vigie: train a new one with `vigie replay --model-out`"
        )
    return model


class Scorer:
    """A model ready to score whole columns of codes."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.portfolio = Portfolio(model.portfolio.open().astype(np.int64))
        self.logit_thresholds = np.array([logit(model.thresholds.moderate), logit(model.thresholds.strong)])
        self.floors = Floors(model.floors)
        tables = member_tables(model, self.portfolio)
        self._member_tables = [(base, table.ravel()) for base, table in tables]
        forest, boosting = model.forest.open(), model.boosting.open()
        self._learned = (True, model.relative is not None, model.plain is not None, len(forest) > 0, len(boosting) > 0)
        forest = forest.scaled(1.0 / max(len(forest), 1))
        themes = themes_of()
        self._forest, self._boosting = (
            TreesInMonth(of, self.portfolio, themes, len(THEMES)) for of in (forest, boosting)
        )
        slope, weights = model.calibration.slope, np.array(model.weights)
        self._tree_weights = slope * weights[3:]
        table = sum((w * t for w, (_, t) in zip(slope * weights[:3], tables, strict=True)), np.zeros_like(tables[0][1]))
        means = _means(table, self.portfolio)
        self._table = table - means[:, None]
        bases = [base for base, _ in tables] + [self._forest.base, self._boosting.base + model.boosting_base]
        self.base = float(slope * (weights @ np.array(bases)) + model.calibration.shift + means.sum())
        self._roots = float(self._tree_weights @ np.array([self._forest.base, self._boosting.base]))
        self._places = (np.arange(len(names())) * self._table.shape[1])[:, None]
        self._theme_features = [(themes == theme).nonzero()[0] for theme in range(len(THEMES))]

    def score(self, codes: Codes) -> NDArray[np.float64]:
        """Log-odds, shape (n,), within MAX_LOGIT; `codes` (n, features)."""
        return between(self._raw(codes, *self._trees(codes)), -MAX_LOGIT, MAX_LOGIT)

    def score_with_members(self, codes: Codes) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """The same, and each member's log-odds, shape (n, members); nan of those that have not learned yet."""
        forest, boosting = self._trees(codes)
        places = codes.T + self._places
        columns = [base + in_order(table.take(places)) for base, table in self._member_tables]
        columns += [forest, boosting + self.model.boosting_base]
        members = np.column_stack(columns).astype(np.float32)
        members[:, ~np.array(self._learned)] = np.nan
        return between(self._raw(codes, forest, boosting), -MAX_LOGIT, MAX_LOGIT), members

    def themes(self, codes: Codes) -> NDArray[np.float64]:
        """Each theme's part of the score, shape (n, themes): score = base + themes.sum(1)."""
        parts = self._table.ravel().take(codes.T + self._places)
        # From 0 on, so that no sum is -0.
        themes = np.array([0.0 + in_order(parts[features]) for features in self._theme_features]).T.copy()
        for weight, of in zip(self._tree_weights, (self._forest, self._boosting), strict=True):
            themes += weight * of.parts(codes)
        raw = themes.sum(axis=1)
        wanted = between(raw, -MAX_LOGIT - self.base, MAX_LOGIT - self.base)
        # Scores beyond the limit are shrunk theme by theme, in proportion, so that they still add up.
        return themes * np.where(wanted == raw, 1.0, wanted / np.where(raw == 0, 1.0, raw))[:, None]

    def _trees(self, codes: Codes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return self._forest.score(codes), self._boosting.score(codes)

    def _raw(self, codes: Codes, forest: NDArray[np.float64], boosting: NDArray[np.float64]) -> NDArray[np.float64]:
        additive = in_order(self._table.ravel().take(codes.T + self._places))
        trees_part = self._tree_weights[0] * forest + self._tree_weights[1] * boosting - self._roots
        return self.base + (additive + trees_part)


def member_tables(model: Model, portfolio: Portfolio) -> list[tuple[float, Table]]:
    """Base and table, (features, 256), of the members that add up feature by feature, in the order of MEMBERS."""
    empty = np.zeros_like(portfolio.shares)
    return [
        (scorecard.base(portfolio) + model.scorecard_shift, scorecard.table(portfolio)),
        (0.0, empty) if model.relative is None else (model.relative.intercept, model.relative.table(portfolio)),
        (0.0, empty) if model.plain is None else (model.plain.base, model.plain.table(portfolio)),
    ]


def _means(table: Table, portfolio: Portfolio) -> NDArray[np.float64]:
    """The portfolio's mean of each feature's column of the table, shape (features,); 0 before any month."""
    firms = portfolio.counts.sum(axis=1)
    return (portfolio.counts * table).sum(axis=1) / np.maximum(firms, 1)
