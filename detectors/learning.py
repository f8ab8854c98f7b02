"""Learning online from answered examples, month by month, and the hand-over from the expert prior.

At each month end: the month's portfolio is seen; the cohort that is answered now is kept in a bounded reservoir; every
member takes a small step on the whole of it (the regressions one Newton step and one pass, the forest and the boosted
trees a few new trees while the oldest leave); the members' weights, the calibration and the levels follow the scores
that were given before the answers were known. The model of a month has learned from cohorts answered by its end and no
others, and is the same whatever the way the examples arrived.
"""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from detectors import capping, footing, models, plain_learning, relative_regression, thresholds
from detectors.arrays import stored
from detectors.blending import Blend, calibrated, reweighted, scorecard_shift
from detectors.capping import CapOptions, StoredRises
from detectors.footing import Footing
from detectors.labels import Examples
from detectors.logits import logit
from detectors.models import Calibration, Model, Scorer
from detectors.month_scores import MonthScores
from detectors.months import last_day, month_text
from detectors.observer import Memory, Observer
from detectors.options import option
from detectors.portfolio import Counts
from detectors.regime import Regime, RegimeOptions
from detectors.renewal import Renewal
from detectors.reservoir import Kept, Reservoir, Stored, evidence


@dataclass(frozen=True)
class LearningOptions:
    """How fast and from how much to learn."""

    reservoir_cohorts: int = option(48, "Answered months that are learned from", unit="months")
    reservoir_rows: int = option(1_500, "Firms kept of each; they stand for the others through weights", unit="firms")
    prior_failures: float = option(5.0, "Failed firms that weigh as much as the expert scorecard", unit="firms")
    forest_trees: int = option(60, "Trees of the forest")
    boosting_trees: int = option(120, "Boosted trees")
    hold: bool = option(
        True, "Whether scores and levels follow the portfolio, not answers, while the inputs are in alarm"
    )
    recent_cohorts: int = option(12, "Answered months whose scores calibrate and set the levels", unit="months")


LEAST_FAILURES = 5
"""Failed firms below which nothing can be learned."""


class _State(msgspec.Struct, frozen=True):
    """What a learner is, beside its model."""

    reservoir: Stored = Stored()
    blend: Blend = Blend()
    examples: int = 0
    regime: Memory = Memory()
    rises: tuple[StoredRises, ...] = ()
    past: dict[int, Model] = {}
    footing: Footing = Footing()


class Learner:
    """Goes on learning from where a model stopped. `learn` returns a new model; nothing else changes.

    `model` serves for scoring; `resumable` gives it with all that is needed to go on.
    """

    def __init__(
        self,
        model: Model,
        options: LearningOptions | None = None,
        regime: RegimeOptions | None = None,
        cap: CapOptions | None = None,
    ) -> None:
        """Raises UnusableModel where what the model keeps for its trainer cannot be read."""
        self.model = model
        self._options = options or LearningOptions()
        self._reservoir = Reservoir(self._options.reservoir_cohorts, self._options.reservoir_rows)
        state = _opened(model.learner)
        self._reservoir.restore(state.reservoir)
        self._blend, self._examples, self._footing = state.blend, state.examples, state.footing
        self._cap, self._rises = cap or CapOptions(), state.rises
        self._past = dict(state.past)
        """The models of the last months, by the month at whose end each was learned: cohorts are judged by theirs."""
        self._observer = Observer(regime or RegimeOptions(), state.regime)
        self._relative, self._plain = model.relative, model.plain
        self._forest, self._boosting = model.forest.open(), model.boosting.open()
        self._boosting_base, self._shift = model.boosting_base, model.scorecard_shift

    def learn(
        self,
        month: int,
        parts: Sequence[Examples],
        horizon: int,
        counts: Counts | None = None,
        scores: MonthScores | None = None,
    ) -> Model:
        """Learn the cohort of `month`, in parts from any number of partitions, answered at `month` + `horizon`.

        `counts` is the portfolio of the month in which it was answered, (features, 256), `scores` what its scores
        were like. While the inputs are in alarm, answers move neither calibration nor levels: they are a horizon old,
        of a world that has gone. Both follow the scores of the month instead (`footing`).
        """
        answered = month + horizon
        if counts is not None and counts.any():
            self._reservoir.see(answered, counts, horizon)
            if scores is not None:
                self._rises = (*self._rises, capping.rises(scores))[-capping.MONTHS :]
            self._observer.see(answered, counts, scores, horizon, learned=self._relative is not None)
        levels = self._follow(scores)
        kept = self._reservoir.keep(parts, self._model_then(month)) if parts else None
        self._examples += sum(len(p.labels) for p in parts)
        if kept is not None and self._tells_apart():
            self._learn(kept, answered, horizon)
        self.model = self._snapshot(month, answered, counts, scores, levels)
        self._past = {m: past for m, past in self._past.items() if m >= month} | {answered: self.model}
        return self.model

    def _model_then(self, month: int) -> Scorer | None:
        """What there was to score the cohort of a month with: the model of the month before."""
        model = self._past.get(month - 1)
        return None if model is None else Scorer(model)

    def resumable(self) -> Model:
        """The model with what a trainer needs to go on as if it had never stopped."""
        state = _State(
            self._reservoir.stored(),
            self._blend,
            self._examples,
            self._observer.memory,
            self._rises,
            self._past,
            self._footing,
        )
        return msgspec.structs.replace(self.model, learner=_closed(state))

    @property
    def regime(self) -> Regime:
        """What the watches say of the last month seen."""
        return self._observer.regime

    @property
    def examples(self) -> int:
        """Answered examples seen, kept or not."""
        return self._examples

    def _learn(self, newest: Kept, answered: int, horizon: int) -> None:
        kept, options = self._reservoir.kept, self._options
        labels = np.concatenate([k.labels for k in kept])
        weights = np.concatenate([k.weights for k in kept]) * evidence(kept)
        firms = np.unique(np.concatenate([k.cohort.sirens for k in kept]), return_inverse=True)[1]
        ranks = np.concatenate([k.ranks for k in kept])
        renewal = Renewal(ranks, labels, weights, firms, np.random.default_rng(answered))
        self._shift = scorecard_shift(np.concatenate([k.points for k in kept]), labels, weights, horizon)
        rows = np.concatenate([k.relative for k in kept])
        self._relative = relative_regression.fit(self._relative, rows, labels, weights, horizon)
        # Beside each other alone: steps as long as the firms that a row stands for would leap over any valley.
        steps = newest.weights / newest.weights.mean()
        self._plain = plain_learning.learn(self._plain, newest.plain, newest.labels, steps)
        self._forest = renewal.forest(self._forest, options.forest_trees)
        self._boosting_base = logit(renewal.rate)
        self._boosting = renewal.boosting(self._boosting, self._boosting_base, options.boosting_trees)
        self._blend = reweighted(self._blend, newest, self._learned_share())
        if not self._holds:
            self._blend = calibrated(self._blend, self._complete(), self._learned_share(), horizon)

    def _follow(self, scores: MonthScores | None) -> models.Thresholds:
        """The levels after a month's scores, and scores kept on their footing while the inputs are in alarm."""
        levels = self.model.thresholds
        if scores is None or self._relative is None or not self._options.hold:
            return levels
        self._footing, levels = footing.followed(self._footing, scores, levels, self.regime)
        return levels

    def _tells_apart(self) -> bool:
        """Whether enough firms were seen to fail, and any not to."""
        others = any(not kept.labels.all() for kept in self._reservoir.kept)
        return others and self._reservoir.failures() >= LEAST_FAILURES

    def _moves_levels(self) -> bool:
        """Whether there is something to set the levels by, and no alarm that holds them."""
        return self._relative is not None and bool(self._reservoir.kept) and not self._holds

    @property
    def _holds(self) -> bool:
        return self._options.hold and self.regime.holds

    def _learned_share(self) -> float:
        """How much of the decision is due to what was learned: smoothly more, the more firms were seen to fail."""
        failures = self._reservoir.failures()
        return failures / (failures + self._options.prior_failures)

    def _complete(self) -> list[Kept]:
        """Cohorts that every member had scored before their answers were known."""
        return [k for k in self._reservoir.kept if np.isfinite(k.cohort.members).all()]

    def _recent(self) -> list[Kept]:
        """The last of them."""
        return self._complete()[-self._options.recent_cohorts :]

    def _snapshot(
        self, month: int, answered: int, counts: Counts | None, scores: MonthScores | None, levels: models.Thresholds
    ) -> Model:
        """The model of a month; `levels` are those in force unless answers set them."""
        before = self.model
        share = self._learned_share() if self._relative is not None else 0.0
        if self._moves_levels():
            levels = self._thresholds(share)
        model = Model(
            version="",
            as_of=last_day(answered),
            features=before.features,
            portfolio=before.portfolio if counts is None or not counts.any() else stored(counts, "<u4"),
            scorecard_shift=self._shift,
            relative=self._relative,
            plain=self._plain,
            forest=models.store_trees(self._forest),
            boosting=models.store_trees(self._boosting),
            boosting_base=self._boosting_base,
            weights=self._blend.of_members(share),
            calibration=Calibration(self._blend.slope, self._blend.shift + self._footing.away),
            thresholds=levels,
            horizon=answered - month,
            last_cohort=month,
            floors=self._floors(logit(levels.strong), scores),
            regime=self.regime,
        )
        digest = hashlib.sha256(models.content(model)).hexdigest()[:8]
        return msgspec.structs.replace(model, version=f"{month_text(answered)}-{digest}")

    def _floors(self, strong: float, scores: MonthScores | None) -> dict[str, float]:
        """The least score told in each department."""
        floors = capping.floors(self._rises, strong, self._cap)
        if self._relative is None or scores is None or not self._options.hold or not footing.hushes(self.regime):
            return floors
        return {name: max(strong, floors.get(name, strong)) for name in sorted({*floors, *scores.departments})}

    def _thresholds(self, share: float) -> models.Thresholds:
        kept, recent = self._reservoir.kept, self._recent()
        labels, weights = (np.concatenate([getattr(k, name) for k in kept]) for name in ("labels", "weights"))
        rate = float(weights @ labels / weights.sum())
        if not recent:
            return thresholds.of_rate(rate)
        return thresholds.learn(
            np.concatenate([self._blend.score(k.cohort.members, share) for k in recent]),
            np.concatenate([k.labels for k in recent]),
            np.concatenate([k.weights for k in recent]),
            rate,
        )


def without(model: Model, siren: int) -> Model:
    """The model without a firm among what it keeps for its trainer; the very same where that is not there.

    What has been learned of the firm, as of one among all, is in numbers that name nobody, and stays; the version too.
    Raises UnusableModel where what is kept cannot be read.
    """
    state = _opened(model.learner)
    reservoir = state.reservoir.without(siren)
    if reservoir is state.reservoir:
        return model
    return msgspec.structs.replace(model, learner=_closed(msgspec.structs.replace(state, reservoir=reservoir)))


def _closed(state: _State) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(state), 1)


def _opened(data: bytes) -> _State:
    if not data:
        return _State()
    try:
        return msgspec.msgpack.decode(zlib.decompress(data), type=_State)
    except (msgspec.MsgspecError, zlib.error, ValueError) as error:
        raise models.UnusableModel(
            f"the model cannot be learned from further: {error}. Train a new one with `vigie replay --model-out`"
        ) from None
