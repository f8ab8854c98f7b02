"""What the workers count, for Prometheus. No SIREN is ever a label; every label has a small closed set of values."""

import math
from datetime import date
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from detectors.evaluation.prequential import Prequential
from detectors.regime import WATCHES, Regime
from streams.topics import EVENTS

BATCH_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
BATCH_EVENTS = (1, 10, 50, 100, 250, 500, 1_000, 2_000, 5_000)

PREQUENTIAL = {
    "firms": "Firms",
    "positives": "Firms that entered a proceeding",
    "base_rate_ratio": "Share of positives",
    "average_precision": "Average precision",
    "auroc": "Area under the ROC curve",
    "log_loss": "Log-loss, as it was scored,",
    "brier": "Brier score",
    "calibration_error": "Expected calibration error",
    "precision_at_200": "Share of positives among the 200 highest scores",
}
"""Figures of the newest answered cohort, each firm as it was scored before its answer: name and meaning."""
_DAY_SECONDS = 86_400
_EPOCH = date(1970, 1, 1)


class StreamMetrics:
    """The metrics of one worker process, on the registry given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.events = Counter(
            "vigie_events_total", "Events applied to firm state, by type.", ["type"], registry=registry
        )
        self.refused = Counter(
            "vigie_dead_letters_total", "Records refused to the dead letters, by reason.", ["reason"], registry=registry
        )
        self.batch_events = Histogram(
            "vigie_batch_events", "Records worked on together.", buckets=BATCH_EVENTS, registry=registry
        )
        self.batch_seconds = Histogram(
            "vigie_batch_duration_seconds",
            "From a batch's delivery to its effects being on their way.",
            buckets=BATCH_SECONDS,
            registry=registry,
        )
        self.sweep_seconds = Histogram(
            "vigie_month_end_duration_seconds",
            "From the beginning of a partition's month end to its last firm, its turn included.",
            buckets=(0.01, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0, 300.0),
            registry=registry,
        )
        self.raised = Counter(
            "vigie_alerts_raised_total", "Alerts written to Kafka, by tier and kind.", ["tier", "kind"],
            registry=registry,
        )  # fmt: skip
        self.raised_by = cache(self.raised.labels)
        """The count of a tier and kind: the client looks a series up anew each time."""
        self.firms = Gauge("vigie_firms", "Firms whose state this worker holds.", ["partition"], registry=registry)
        self.lag = Gauge(
            "vigie_consumer_lag_records", "Records not yet committed.", ["topic", "partition"], registry=registry
        )
        self.lag_seconds = Gauge(
            "vigie_consumer_lag_seconds",
            "How long the oldest record that is not committed has been seen to wait.",
            ["topic", "partition"],
            registry=registry,
        )
        self.committed = Gauge(
            "vigie_committed_timestamp_seconds",
            "Last time that a commit moved or nothing waited, Unix time.",
            ["topic", "partition"],
            registry=registry,
        )
        self.rebalance_seconds = Histogram(
            "vigie_rebalance_duration_seconds",
            "From partitions beginning to move to the role being at work again, recovery of its state included.",
            ["role"],
            buckets=(0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0),
            registry=registry,
        )
        self.recovery_remaining = Gauge(
            "vigie_recovery_remaining_records", "Records of state still to be read back.", registry=registry
        )
        self.event_time = Gauge(
            "vigie_event_time_seconds",
            "Event time that a partition has reached, Unix time of the day's start.",
            ["partition"],
            registry=registry,
        )
        self.ready = Gauge(
            "vigie_ready", "1 once the role has its partitions and its state.", ["role"], registry=registry
        )
        self.activity = Gauge(
            "vigie_last_activity_timestamp_seconds", "Last time a role finished a batch.", ["role"], registry=registry
        )
        self.model = Gauge("vigie_model_info", "1 for the model version in force here.", ["version"], registry=registry)
        self.model_as_of = Gauge(
            "vigie_model_as_of_timestamp_seconds",
            "Last day whose events the model in force has learned from, Unix time.",
            registry=registry,
        )
        self.model_as_of.set(math.nan)
        self.week_limit = Gauge(
            "vigie_alerts_per_week_limit",
            "Alerts a week that a department can take, as configured; 0 is no limit.",
            registry=registry,
        )
        self.canary_sent = Gauge(
            "vigie_canary_sent_timestamp_seconds", "Last time that a canary was sent, Unix time.", registry=registry
        )
        self.canary_arrived = Gauge(
            "vigie_canary_arrived_timestamp_seconds",
            "Last time that a canary's alert was found in its queue, Unix time; before the first, the start.",
            registry=registry,
        )
        self.canary_latency = Gauge(
            "vigie_canary_latency_seconds",
            "From the last such canary's sending to its alert's being found.",
            registry=registry,
        )
        for gauge in (self.canary_sent, self.canary_arrived, self.canary_latency):
            # Without a canary nothing is late.
            gauge.set(math.nan)
        self.model_changes = Counter("vigie_model_changes_total", "Models swapped in.", registry=registry)
        self.learned = Counter(
            "vigie_learned_examples_total", "Answered examples learned from, by answer.", ["label"], registry=registry
        )
        self.learning_seconds = Histogram(
            "vigie_learning_duration_seconds",
            "From a month's being complete to its model, in the learner's process.",
            buckets=(0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0),
            registry=registry,
        )
        self.prequential = {
            name: Gauge(f"vigie_prequential_{name}", f"{what} of the newest answered cohort.", registry=registry)
            for name, what in PREQUENTIAL.items()
        }
        for gauge in self.prequential.values():
            # Nothing has been answered yet; 0 would be a figure.
            gauge.set(math.nan)
        self.answered = Gauge(
            "vigie_answered_cohort_timestamp_seconds",
            "End of the month whose firms were scored and are answered now, Unix time.",
            registry=registry,
        )
        self.label_lag = Gauge(
            "vigie_label_lag_seconds", "From that month's end to the one that answered it.", registry=registry
        )
        self.drift_inputs = Gauge(
            "vigie_drift_inputs_psi",
            "Population stability index of the features beside the year before: of a theme's the mean, or the largest.",
            ["theme"],
            registry=registry,
        )
        self.drift_scores = Gauge("vigie_drift_scores_psi", "The same of the scores.", registry=registry)
        self.mean_score = Gauge(
            "vigie_drift_scores_mean_ratio", "Mean probability at the last month end.", registry=registry
        )
        self.drift_errors = Gauge(
            "vigie_drift_errors_proceedings",
            "Proceedings of the last month among the firms scored at its beginning.",
            ["count"],
            registry=registry,
        )
        self.regime_alarm = Gauge(
            "vigie_regime_alarm", "1 while the world is found to have changed, 0 else.", ["watch"], registry=registry
        )
        self._version: str | None = None

    def answered_cohort(self, figures: Prequential, scored: date, answered: date) -> None:
        """Show how good the scores of a cohort were, given on the day `scored` and answered on `answered`."""
        self.learned.labels("yes").inc(figures.positives)
        self.learned.labels("no").inc(figures.firms - figures.positives)
        values = (
            figures.firms,
            figures.positives,
            figures.base_rate,
            figures.average_precision,
            figures.auroc,
            figures.log_loss,
            figures.brier,
            figures.calibration_error,
            figures.precision_at_list,
        )
        for gauge, value in zip(self.prequential.values(), values, strict=True):
            gauge.set(value)
        self.answered.set(_unix_seconds(scored))
        self.label_lag.set((answered - scored).days * _DAY_SECONDS)

    def regime_seen(self, regime: Regime) -> None:
        """Show what the watches say of a month."""
        for theme, index in regime.themes.items():
            self.drift_inputs.labels(theme).set(index)
        self.drift_inputs.labels("largest").set(regime.largest)
        self.drift_scores.set(regime.score_index)
        self.mean_score.set(regime.mean_score)
        self.drift_errors.labels("opened").set(regime.openings)
        self.drift_errors.labels("expected").set(regime.promised)
        for watch in WATCHES:
            self.regime_alarm.labels(watch).set(regime.finding(watch).state == "alarm")

    def model_in_force(self, version: str, as_of: date | None) -> None:
        """Show a version, and no longer the one before it; without `as_of` it has learned nothing."""
        if self._version is not None:
            self.model.remove(self._version)
            self.model_changes.inc()
        self.model.labels(version).set(1)
        self.model_as_of.set(math.nan if as_of is None else _unix_seconds(as_of))
        self._version = version

    def forget_partition(self, topic: str, partition: int) -> None:
        """Show a partition that went to another worker no more: two would tell of it."""
        for gauge in (self.lag, self.lag_seconds, self.committed):
            gauge.remove(topic, str(partition))
        if topic == EVENTS:
            for gauge in (self.firms, self.event_time):
                gauge.remove(str(partition))


def _unix_seconds(day: date) -> int:
    """The start of a day, UTC."""
    return (day - _EPOCH).days * _DAY_SECONDS
