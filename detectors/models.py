"""A model as it is published: enough to score, to explain, to compare and to go on learning from.

A score is a sum on the log-odds scale: base + weights @ features. Themes are parts of that sum, so contributions add
up exactly to score minus base.
"""

from datetime import date

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors import scorecard
from detectors.errors import VigieError
from detectors.features import names, theme_matrix

MAX_LOGIT = 15.0
"""Scores are kept within odds of e^15, so that a probability never rounds to 0 or 1 and its log-odds come back."""
FORMAT = 1


class Thresholds(msgspec.Struct, frozen=True):
    """Probabilities from which a firm is at moderate and at strong risk."""

    moderate: float
    strong: float


PRIOR_THRESHOLDS = Thresholds(moderate=0.11, strong=0.35)
"""Until enough examples have matured: two and seven times the base rate of 5 %."""


class LearnerState(msgspec.Struct, frozen=True):
    """What a trainer needs to go on exactly where it stopped; lists have one number a feature."""

    examples: int = 0
    positives: int = 0
    last_cohort: int = 0
    scaler_counts: list[float] = []
    scaler_means: list[float] = []
    scaler_vars: list[float] = []
    weights: list[float] = []
    intercept: float = 0.0
    gradient_squares: list[float] = []
    recent_logits: list[list[float]] = []
    recent_labels: list[list[bool]] = []


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """An immutable model version. `as_of` is the last day whose events it has learned from."""

    format: int = FORMAT
    version: str
    as_of: date | None
    features: tuple[str, ...]
    base: float
    weights: tuple[float, ...]
    thresholds: Thresholds
    learner: LearnerState = LearnerState()


class UnusableModel(VigieError):
    """A model that this version cannot score with: other features, or another format."""

    exit_status = 2


def prior() -> Model:
    """The expert scorecard as a model."""
    return Model(
        version="prior-1",
        as_of=None,
        features=names(),
        base=scorecard.BASE,
        weights=tuple(scorecard.weights().tolist()),
        thresholds=PRIOR_THRESHOLDS,
    )


def encode(model: Model) -> bytes:
    """The model as JSON; numbers come back exactly."""
    return msgspec.json.encode(model)


def decode(data: bytes) -> Model:
    """The model from its JSON. Raises UnusableModel when it is not one, or describes firms by other features."""
    try:
        model = msgspec.json.decode(data, type=Model)
    except msgspec.MsgspecError as error:
        raise UnusableModel(
            f"not a model of Vigie: {error}. Use a file that `vigie replay --model-out` wrote"
        ) from None
    if model.format != FORMAT or model.features != names() or len(model.weights) != len(model.features):
        raise UnusableModel(
            f"model {model.version} (format {model.format}) describes firms by other features than this version of "
            "Vigie: train a new one with `vigie replay --model-out`"
        )
    return model


class Scorer:
    """A model ready to score whole columns."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.base = model.base
        self._weights = np.array(model.weights)
        themes = theme_matrix()
        self._theme_count = themes.shape[1]
        self._theme_of: list[int] = themes.argmax(axis=1).tolist()
        self.logit_thresholds = np.array([logit(model.thresholds.moderate), logit(model.thresholds.strong)])

    def score(self, features: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Log-odds, shape (n,), and each theme's part of them, shape (n, themes): logits = base + themes.sum(1)."""
        parts = features * self._weights
        themes = np.zeros((len(features), self._theme_count))
        # One addition a feature, in their order: a matrix product would round differently in batches of other sizes.
        for i, theme in enumerate(self._theme_of):
            themes[:, theme] += parts[:, i]
        raw = themes.sum(axis=1)
        wanted = np.clip(raw, -MAX_LOGIT - self.base, MAX_LOGIT - self.base)
        # Scores beyond the limit are shrunk theme by theme, in proportion, so that they still add up.
        shrink = np.where(wanted == raw, 1.0, wanted / np.where(raw == 0, 1.0, raw))
        themes *= shrink[:, None]
        return self.base + themes.sum(axis=1), themes


def sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds to probability."""
    return 1.0 / (1.0 + np.exp(-x))


def logit(p: float) -> float:
    """Probability, strictly between 0 and 1, to log-odds."""
    return float(np.log(p) - np.log1p(-p))
