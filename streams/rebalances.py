"""How long a role is away when partitions move: Faust tells its sensors of both ends."""

from collections.abc import Callable
from typing import Any

import faust

from streams.metrics import StreamMetrics


class Rebalances(faust.Sensor):  # type: ignore[misc]  # Faust has no types
    """Measures the rebalances of one role's app, the recovery of its state included."""

    def __init__(self, role: str, metrics: StreamMetrics, monotonic: Callable[[], float]) -> None:
        super().__init__()
        self._seconds = metrics.rebalance_seconds.labels(role)
        self._monotonic = monotonic

    def on_rebalance_start(self, app: Any) -> dict[str, float]:  # noqa: ARG002 - Faust's own signature
        """The partitions begin to move."""
        return {"began": self._monotonic()}

    def on_rebalance_end(self, app: Any, state: dict[str, float]) -> None:  # noqa: ARG002
        """The role has its partitions and their state."""
        self._seconds.observe(self._monotonic() - state["began"])
