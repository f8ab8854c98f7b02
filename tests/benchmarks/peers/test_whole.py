"""How far Vigie's worker is, read off its metrics."""

from prometheus_client import CollectorRegistry, generate_latest

from alerts.metrics import AlertMetrics
from benchmarks.peers import whole
from streams.metrics import StreamMetrics


def test_all_events_are_done_once_every_alert_is_in_redis() -> None:
    registry = CollectorRegistry()
    streams, alerts = StreamMetrics(registry), AlertMetrics(registry)
    streams.events.labels("payment-delay").inc(7)
    streams.events.labels("clock").inc(3)
    streams.raised.labels("strong", "raised").inc()
    assert whole.Progress(lambda: generate_latest(registry))() == 9
    alerts.published.labels("unknown", "strong", "raised").inc()
    assert whole.Progress(lambda: generate_latest(registry))() == 10
    streams.raised.labels("strong", "raised").inc()
    alerts.duplicates.inc()
    assert whole.Progress(lambda: generate_latest(registry))() == 10


def test_before_there_are_metrics_nothing_is_done() -> None:
    def refused() -> bytes:
        raise ConnectionRefusedError

    assert whole.Progress(refused)() == 0
