"""What the agents' side counts, for Prometheus. No SIREN is ever a label."""

import math
from collections.abc import Mapping
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from alerts.caseload import Caseload
from alerts.cases import STATES

LATENCY_BUCKETS_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
"""Around the promise of 10 seconds; beyond a minute it is an outage or a backlog."""
NEWEST_MODELS = 5
"""Models whose votes are shown: a version begins with the month it learned to, and there is one a month."""


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
        self.notifications = Counter(
            "vigie_notifications_total",
            "Messages to subscribers: sent, retried, failed; alerts held for a digest, or withheld for want of rights.",
            ["kind", "result"],
            registry=registry,
        )
        self.swept = Counter(
            "vigie_cases_swept_total",
            "Cases that time alone changed: escalated, returned, moved.",
            ["change"],
            registry=registry,
        )
        self.votes = Gauge(
            "vigie_votes",
            "Agents' votes on alerts, by what decided on these.",
            ["tier", "kind", "vote"],
            registry=registry,
        )
        self.model_votes = Gauge(
            "vigie_model_votes", "The same by model: the newest ones voted on.", ["version", "vote"], registry=registry
        )
        self.outcomes = Gauge(
            "vigie_case_outcomes",
            "Cases closed, released or withdrawn, by how.",
            ["action", "outcome"],
            registry=registry,
        )
        self.measures = Gauge(
            "vigie_measures",
            "Support measures proposed to firms, and what came of these.",
            ["measure", "outcome"],
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
        self.queue_entries = Gauge(
            "vigie_alerts_queue_entries", "Alerts that a queue holds.", ["department"], registry=registry
        )
        self.trimmed = Counter(
            "vigie_alerts_trimmed_total", "Alerts taken from the queues for their age.", registry=registry
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

        self.inbox_cases = Gauge("vigie_inbox_cases", "Open cases, by state.", ["state"], registry=registry)
        self.inbox_oldest = Gauge(
            "vigie_inbox_oldest_timestamp_seconds",
            "When the case in agents' lists began its state that has been in it longest, Unix time; NaN without one.",
            ["state"],
            registry=registry,
        )
        self.inbox_untaken = Gauge(
            "vigie_inbox_untaken_cases", "Cases in agents' lists that nobody has taken.", ["department"],
            registry=registry,
        )  # fmt: skip
        self.inbox_holders = Gauge("vigie_inbox_holders", "Agents who have an open case.", registry=registry)

        # Asked for with each alert: the client looks a series up anew each time.
        self.noticed = cache(self.notices.labels)
        """The count of a notice."""
        self.put = cache(self.published.labels)
        """The count of a department, tier and kind."""

    def caseload(self, load: Caseload) -> None:
        """Show how the desks stand."""
        for state in STATES:
            if state != "closed":
                oldest = load.oldest.get(state)
                self.inbox_cases.labels(state).set(load.cases[state])
                self.inbox_oldest.labels(state).set(math.nan if oldest is None else oldest.timestamp())
        self.inbox_untaken.clear()
        for department, cases in load.untaken.items():
            self.inbox_untaken.labels(department).set(cases)
        self.inbox_holders.set(len(load.holders))

    def desk_counts(self, counts: Mapping[str, int]) -> None:
        """Show what the desks have counted: fields as `alerts.desk` writes them."""
        models: dict[str, dict[str, int]] = {}
        for field, count in counts.items():
            what, _, rest = field.partition(":")
            if what == "vote":
                self.votes.labels(*rest.split(":")).set(count)
            elif what == "vote-model":
                version, _, vote = rest.rpartition(":")
                models.setdefault(version, {})[vote] = count
            elif what == "outcome":
                self.outcomes.labels(*rest.split(":")).set(count)
            elif what == "measure":
                self.measures.labels(*rest.split(":")).set(count)
        self.model_votes.clear()
        for version in sorted(models)[-NEWEST_MODELS:]:
            for vote, count in models[version].items():
                self.model_votes.labels(version, vote).set(count)
