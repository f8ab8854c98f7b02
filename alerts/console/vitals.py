"""What a console says of itself: whether it is live, and whether it is ready.

*Live*: its event loop goes round. *Ready*: it serves. Redis away makes it neither: pages say so themselves, in words,
and another console would have no other answer.
"""

from collections.abc import Callable

import msgspec

STALL_SECONDS = 30.0


class ConsoleHealth(msgspec.Struct, frozen=True):
    """Everything at /health. `redis_reachable` is for who looks; no probe depends on it."""

    live: bool
    ready: bool
    problems: list[str]
    redis_reachable: bool
    silent_seconds: float
    """Since the event loop last went round."""


class Vitals:
    """Told by the event loop, asked by any thread. `reachable` asks Redis."""

    def __init__(self, monotonic: Callable[[], float], reachable: Callable[[], bool]) -> None:
        self._monotonic = monotonic
        self._reachable = reachable
        self._beaten = monotonic()
        self._state = "starting"

    def beat(self) -> None:
        """The event loop goes round, and serves."""
        self._beaten = self._monotonic()
        if self._state == "starting":
            self._state = "serving"

    def end(self) -> None:
        """The console has begun to stop."""
        self._state = "stopping"

    def health(self) -> ConsoleHealth:
        """As it is now."""
        silent = self._monotonic() - self._beaten
        live, reachable = silent < STALL_SECONDS, self._reachable()
        problems = [] if live else [f"the event loop has been silent for {silent:.0f} s"]
        problems += [] if self._state == "serving" else [self._state]
        problems += [] if reachable else ["Redis does not answer: pages say so"]
        ready = live and self._state == "serving"
        return ConsoleHealth(live, ready, problems, reachable, round(silent, 1))
