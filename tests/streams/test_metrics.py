"""Figures of the newest answered cohort, as they are scraped."""

from datetime import date

import numpy as np
from prometheus_client import CollectorRegistry, generate_latest

from detectors.evaluation.prequential import figures
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
