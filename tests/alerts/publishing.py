"""Publishing in a test: fixed randomness, real clocks, metrics of its own."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import redis
from prometheus_client import CollectorRegistry

from alerts.alert import decode
from alerts.metrics import AlertMetrics
from alerts.options import AlertsOptions
from alerts.publish import Publisher, PublishResult
from alerts.routing import stream_key


@dataclass
class Bench:
    """A publisher's surroundings; `publish` runs one to its end."""

    url: str
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        self.metrics = AlertMetrics(self.registry)

    def publisher(self, stop: asyncio.Event | None = None) -> Publisher:
        options = AlertsOptions(redis=self.url, redis_first_wait_seconds=0.01, redis_longest_wait_seconds=0.1)
        return Publisher(
            options,
            metrics=self.metrics,
            clock=time.time,
            monotonic=time.monotonic,
            random=lambda: 0.5,
            stop=stop or asyncio.Event(),
        )

    async def publishing(self, *batches: Sequence[bytes]) -> list[PublishResult]:
        async with self.publisher() as publisher:
            return [await publisher.publish(batch) for batch in batches]

    def publish(self, *batches: Sequence[bytes]) -> list[PublishResult]:
        return asyncio.run(self.publishing(*batches))

    def value(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0


def delivered(client: redis.Redis, queue: str) -> list[str]:
    """The ids of a queue's alerts, in its order."""
    entries: Any = client.xrange(stream_key(queue))
    return [decode(fields[b"alert"]).id for _, fields in entries]


def ids(batch: Sequence[bytes], department: str | None) -> list[str]:
    """The ids of a department's alerts in a batch, in its order."""
    return [alert.id for alert in map(decode, batch) if alert.department == department]
