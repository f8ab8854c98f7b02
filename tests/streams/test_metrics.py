"""Figures of the newest answered cohort, as they are scraped."""

import math
from datetime import date

import numpy as np
from prometheus_client import CollectorRegistry, generate_latest

from detectors.evaluation.prequential import figures
from detectors.regime import WATCHES, Finding, Regime
from streams.metrics import StreamMetrics


def test_an_answered_cohort_shows() -> None:
    registry = CollectorRegistry()
    metrics = StreamMetrics(registry)
    logits, labels = np.array([1.0, 0.0, -1.0, -2.0]), np.array([True, False, True, False])
    metrics.answered_cohort(figures(logits, labels), date(2020, 1, 31), date(2021, 7, 31))
    metrics.answered_cohort(figures(logits, labels), date(2020, 2, 29), date(2021, 8, 31))
    value = registry.get_sample_value
    assert value("vigie_prequential_firms") == 4
    assert value("vigie_prequential_base_rate_ratio") == 0.5
    assert value("vigie_prequential_average_precision") == (1 + 2 / 3) / 2
    assert value("vigie_prequential_auroc") == 0.75
    assert value("vigie_prequential_precision_at_200") == 0.5
    assert value("vigie_learned_examples_total", {"label": "yes"}) == 4
    assert value("vigie_learned_examples_total", {"label": "no"}) == 4
    assert value("vigie_answered_cohort_timestamp_seconds") == 1_582_934_400
    assert value("vigie_label_lag_seconds") == 549 * 86_400
    assert b"vigie_prequential_log_loss" in generate_latest(registry)


def test_a_regime_shows() -> None:
    registry = CollectorRegistry()
    regime = Regime(
        month=24_240,
        inputs=Finding("alarm", 24_239),
        errors=Finding("recovering", 24_230, 1),
        themes={"debt": 0.4},
        largest=2.5,
        score_index=0.125,
        mean_score=0.0625,
        openings=1,
        promised=4.5,
    )
    StreamMetrics(registry).regime_seen(regime)
    value = registry.get_sample_value
    assert [value("vigie_regime_alarm", {"watch": watch}) for watch in WATCHES] == [1, 0, 0]
    assert value("vigie_drift_inputs_psi", {"theme": "debt"}) == 0.4
    assert value("vigie_drift_inputs_psi", {"theme": "largest"}) == 2.5
    assert value("vigie_drift_scores_psi") == 0.125
    assert value("vigie_drift_scores_mean_ratio") == 0.0625
    assert value("vigie_drift_errors_proceedings", {"count": "opened"}) == 1
    assert value("vigie_drift_errors_proceedings", {"count": "expected"}) == 4.5


def test_a_model_shows_and_how_old_it_is() -> None:
    registry = CollectorRegistry()
    metrics = StreamMetrics(registry)
    value = registry.get_sample_value
    metrics.model_in_force("prior-2", None)
    assert math.isnan(value("vigie_model_as_of_timestamp_seconds") or 0)
    metrics.model_in_force("2020-02-a", date(2020, 2, 29))
    assert value("vigie_model_as_of_timestamp_seconds") == 1_582_934_400
    assert value("vigie_model_info", {"version": "prior-2"}) is None
    assert value("vigie_model_info", {"version": "2020-02-a"}) == 1
