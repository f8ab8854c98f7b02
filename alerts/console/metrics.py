"""What the console counts, for Prometheus. Labels are the addresses that the application has, never what they name."""

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
SCREEN_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
NOWHERE = "none"
"""The route of what was asked for at no address that there is."""


class ConsoleMetrics:
    """The metrics of one console, on the registry given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "vigie_console_requests_total",
            "Requests answered, by address and by what the answer begins with.",
            ["route", "status"],
            registry=registry,
        )
        self.seconds = Histogram(
            "vigie_console_request_duration_seconds",
            "From a request to the beginning of its answer.",
            ["route"],
            buckets=PAGE_SECONDS,
            registry=registry,
        )
        self.streams = Gauge("vigie_console_streams", "Pages that are told what happens.", registry=registry)
        self.dropped = Counter(
            "vigie_console_streams_dropped_total",
            "Pages that did not keep up, and had to come back.",
            registry=registry,
        )
        self.delivery_seconds = Histogram(
            "vigie_console_delivery_seconds",
            "From what happens to a case to its being told to the open pages, by Redis' clock and this machine's.",
            buckets=SCREEN_SECONDS,
            registry=registry,
        )


class Measured:
    """The application, each of its answers counted and timed."""

    def __init__(
        self, app: ASGIApp, metrics: ConsoleMetrics, monotonic: Callable[[], float] = time.perf_counter
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._monotonic = monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer. A failure without an answer counts as one of status 5xx."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, answered = self._monotonic(), False

        async def watched(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                self._count(scope, message["status"], began)
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except BaseException:
            if not answered:
                self._count(scope, 500, began)
            raise

    def _count(self, scope: Scope, status: int, began: float) -> None:
        route = getattr(scope.get("route"), "path", NOWHERE)
        self._metrics.requests.labels(route, f"{status // 100}xx").inc()
        self._metrics.seconds.labels(route).observe(self._monotonic() - began)
