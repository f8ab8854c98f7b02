"""What the dispatcher does once a minute beside publishing: `Desk.sweep`, and how desks stand as metrics.

It never stops a worker: where Redis is away, the next minute is soon enough.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from alerts.connect import connect, safe_url
from alerts.desk import Desk
from alerts.metrics import AlertMetrics
from alerts.notices import NoticeOptions
from alerts.options import AlertsOptions
from detectors.errors import VigieError

SWEEP_SECONDS = 60.0
LONGEST_SECONDS = 2.0

log = logging.getLogger(__name__)


class Sweeper:
    """`wall` and `monotonic` are the two clocks, in seconds."""

    def __init__(
        self,
        options: AlertsOptions,
        notices: NoticeOptions,
        metrics: AlertMetrics,
        wall: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        # A worker that stops waits for the sweep under way: not for long.
        self._client = connect(options.redis, min(options.redis_timeout_seconds, LONGEST_SECONDS))
        clock = lambda: datetime.fromtimestamp(wall(), UTC)  # noqa: E731
        self._desk = Desk(self._client, where=safe_url(options.redis), clock=clock)
        self._notices = notices
        self._metrics = metrics
        self._monotonic = monotonic
        self._last: float | None = None
        self._task: asyncio.Task[None] | None = None

    async def tick(self) -> None:
        """Begin a sweep where the last one began a minute ago; never waits for it."""
        if self._task is not None and not self._task.done():
            return
        now = self._monotonic()
        if self._last is None or now - self._last >= SWEEP_SECONDS:
            self._last = now
            self._task = asyncio.create_task(asyncio.to_thread(self.sweep))

    def sweep(self) -> None:
        """One sweep, now."""
        try:
            for entry in self._desk.sweep(self._notices):
                self._metrics.swept.labels(entry.action).inc()
            self._metrics.desk_counts(self._desk.counts())
            self._metrics.caseload(self._desk.caseload())
        except VigieError as error:
            log.warning("cases were not looked after: %s", error)

    def close(self) -> None:
        """Close the connection; a sweep under way ends by itself."""
        self._client.close()
