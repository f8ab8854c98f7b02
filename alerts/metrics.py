"""What the agents' side counts, for Prometheus. No SIREN is ever a label."""

from prometheus_client import CollectorRegistry, Counter, Histogram

LATENCY_BUCKETS_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
"""Around the promise of 10 seconds; beyond a minute it is an outage or a backlog."""


class AlertMetrics:
    """The metrics of one process, on the registry given.

    An alert that Redis took while its answer was lost is sent again and counts as a duplicate here; the totals kept
    in Redis itself are exact.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.published = Counter(
            "vigie_alerts_published_total",
            "Alerts put into a queue.",
            ["department", "tier", "kind"],
            registry=registry,
        )
        self.duplicates = Counter(
            "vigie_alerts_duplicates_total", "Alerts sent again that their queue already held.", registry=registry
        )
        self.notices = Counter(
            "vigie_alerts_notices_total",
            "Alerts put into a queue, by who is told: push, digest, none.",
            ["notice"],
            registry=registry,
        )
        self.refused = Counter(
            "vigie_alerts_refused_total", "Records on the alerts topic that are no alert.", registry=registry
        )
        self.retries = Counter(
            "vigie_alerts_publish_retries_total",
            "Round trips to Redis done again, by the cause of the failure.",
            ["cause"],
            registry=registry,
        )
        self.outage_seconds = Counter(
            "vigie_redis_outage_seconds_total", "Time spent waiting for Redis to take alerts.", registry=registry
        )
        self.delivery_seconds = Histogram(
            "vigie_alert_delivery_seconds",
            "From an alert's raising to its queue.",
            buckets=LATENCY_BUCKETS_SECONDS,
            registry=registry,
        )
        self.event_to_alert_seconds = Histogram(
            "vigie_event_to_alert_seconds",
            "From the sending of an event to its alert in the queue.",
            buckets=LATENCY_BUCKETS_SECONDS,
            registry=registry,
        )
