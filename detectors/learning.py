"""Learning online from answered examples: River's scaler and logistic regression, and the hand-over from the prior.

A cohort is learned whole and in an order made of its SIRENs, so that the same examples give the same model whatever
the way they arrived. The model of a month has learned from cohorts answered by the end of that month and no others.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray
from river import linear_model, optim, preprocessing

from detectors import models, scorecard, thresholds
from detectors.features import names
from detectors.keys import hash_keys
from detectors.labels import Examples
from detectors.models import LearnerState, Model, Scorer
from detectors.months import last_day, month_text
from detectors.options import option


@dataclass(frozen=True)
class LearningOptions:
    """How fast and from how much to learn."""

    learning_rate: float = option(0.05, "Step of AdaGrad")
    negatives_per_positive: int = option(
        60, "Negatives learned for each positive of a cohort; the rest stand for themselves through weights"
    )
    prior_positives: float = option(
        1_000.0,
        "Answered positives that weigh as much as the expert scorecard; a firm that fails is one in up to 18 cohorts",
    )
    recent_cohorts: int = option(12, "Cohorts whose prequential scores set the thresholds")


class Learner:
    """Goes on learning from where a model stopped. `learn` returns a new model; nothing else changes."""

    def __init__(self, model: Model, options: LearningOptions | None = None) -> None:
        self.model = model
        self._options = options or LearningOptions()
        self._names = names()
        self._scaler = preprocessing.StandardScaler()
        self._regression = linear_model.LogisticRegression(
            optimizer=optim.AdaGrad(self._options.learning_rate), intercept_init=scorecard.BASE
        )
        state = model.learner
        self._examples, self._positives = state.examples, state.positives
        self._recent_logits = [np.array(x) for x in state.recent_logits]
        self._recent_labels = [np.array(x, bool) for x in state.recent_labels]
        if state.examples:
            self._restore(state)

    def learn(self, month: int, parts: Sequence[Examples], horizon: int) -> Model:
        """Learn the cohort of `month`, in parts from any number of partitions, answered at `month` + `horizon`."""
        features, labels = _in_fixed_order(parts)
        if len(labels):
            self._remember_scores(features, labels)
            self._learn_rows(features, labels)
        self.model = self._snapshot(month, month + horizon)
        return self.model

    def _remember_scores(self, features: NDArray[np.float64], labels: NDArray[np.bool_]) -> None:
        """Score the cohort with the model that has not seen it yet: honest scores for the thresholds."""
        logits, _ = Scorer(self.model).score(features)
        keep = self._options.recent_cohorts
        self._recent_logits = [*self._recent_logits, logits][-keep:]
        self._recent_labels = [*self._recent_labels, labels][-keep:]

    def _learn_rows(self, features: NDArray[np.float64], labels: NDArray[np.bool_]) -> None:
        weight = _negative_weight(labels, self._options.negatives_per_positive)
        step = round(weight)
        negatives = np.cumsum(~labels)
        chosen = np.flatnonzero(labels | (negatives % step == 0))
        columns = self._names
        for i in chosen.tolist():
            x = dict(zip(columns, features[i].tolist(), strict=True))
            self._scaler.learn_one(x)
            z = self._scaler.transform_one(x)
            label = bool(labels[i])
            self._regression.learn_one(z, label, w=1.0 if label else float(step))
        self._examples += len(labels)
        self._positives += int(labels.sum())

    def _snapshot(self, month: int, answered: int) -> Model:
        options, state = self._options, self._state(month)
        share = self._positives / (self._positives + options.prior_positives) if self._positives else 0.0
        deviations = np.sqrt(np.array(state.scaler_vars)) if state.scaler_vars else np.zeros(len(self._names))
        scale = np.where(deviations > 0, deviations, np.inf)
        learned = np.array(state.weights) / scale if state.weights else np.zeros(len(self._names))
        means = np.array(state.scaler_means) if state.scaler_means else np.zeros(len(self._names))
        weights = share * learned + (1 - share) * scorecard.weights()
        base = share * (state.intercept - float(learned @ means)) + (1 - share) * scorecard.BASE
        levels = thresholds.learn(_concatenate(self._recent_logits), _concatenate(self._recent_labels).astype(bool))
        model = Model(
            version="",
            as_of=last_day(answered),
            features=self._names,
            base=base,
            weights=tuple(weights.tolist()),
            thresholds=levels,
            learner=state,
        )
        digest = hashlib.sha256(models.encode(model)).hexdigest()[:8]
        return msgspec.structs.replace(model, version=f"{month_text(answered)}-{digest}")

    def _state(self, month: int) -> LearnerState:
        scaler, regression, columns = self._scaler, self._regression, self._names
        if not self._examples:
            return LearnerState(last_cohort=month)
        return LearnerState(
            examples=self._examples,
            positives=self._positives,
            last_cohort=month,
            scaler_counts=[float(scaler.counts[c]) for c in columns],
            scaler_means=[float(scaler.means[c]) for c in columns],
            scaler_vars=[float(scaler.vars[c]) for c in columns],
            weights=[float(regression.weights.get(c, 0.0)) for c in columns],
            intercept=float(regression.intercept),
            gradient_squares=[float(regression.optimizer.g2[c]) for c in columns],
            recent_logits=[x.tolist() for x in self._recent_logits],
            recent_labels=[x.tolist() for x in self._recent_labels],
        )

    def _restore(self, state: LearnerState) -> None:
        columns = self._names
        # A Counter would count pairs, where a dict updates from them.
        self._scaler.counts.update(dict(zip(columns, map(int, state.scaler_counts), strict=True)))
        self._scaler.means.update(zip(columns, state.scaler_means, strict=True))
        self._scaler.vars.update(zip(columns, state.scaler_vars, strict=True))
        # River's public `weights` is a copy: what is written there is lost.
        self._regression._weights.update(dict(zip(columns, state.weights, strict=True)))
        self._regression.optimizer.g2.update(zip(columns, state.gradient_squares, strict=True))
        self._regression.intercept = state.intercept


def _in_fixed_order(parts: Sequence[Examples]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Features and labels of all parts, shuffled by a hash of SIREN: no drift inside a cohort, no chance either."""
    if not parts:
        return np.zeros((0, len(names()))), np.zeros(0, bool)
    sirens = np.concatenate([p.cohort.sirens for p in parts])
    order = np.argsort(hash_keys([f"{s:09d}" for s in sirens.tolist()]), kind="stable")
    features = np.concatenate([p.cohort.features for p in parts]).astype(np.float64)
    labels = np.concatenate([p.labels for p in parts])
    return features[order], labels[order]


def _negative_weight(labels: NDArray[np.bool_], per_positive: int) -> float:
    """How many negatives each learned negative stands for; 1 where they are few."""
    positives = max(int(labels.sum()), 1)
    return max(1.0, (len(labels) - positives) / (positives * per_positive))


def _concatenate(columns: Sequence[NDArray[np.generic]]) -> NDArray[np.float64]:
    return np.concatenate(columns).astype(np.float64) if columns else np.zeros(0)
