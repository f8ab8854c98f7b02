"""Fetches of few records a little apart, and of all that a broker has by then.

aiokafka fetches again as soon as what it fetched was taken, and a broker answers once it has a record: at a steady
trickle hundreds of times a second, each with a record or two. Here a broker that has just answered is asked to wait
with its next answer for PACE_SECONDS, unless there is much: so several records are worked on at the cost of one. The
request is on its way meanwhile, and while what the one before brought is worked on. Once such a wait was for nothing,
the next record is answered as it comes.

Where small batches cost so much that the loop would do nothing else, the wait is longer: so that the loop is free half
the time, for whoever carries an alert on, and so that fewer, larger batches cost less.

Written against aiokafka 0.14.0; tests/streams/test_fetch_pace.py fails when a newer one changes what is relied on.
"""

import time
from dataclasses import dataclass
from typing import Any

PACE_SECONDS = 0.004
"""A broker's wait, at least."""
LONGEST_PACE_SECONDS = 0.015
"""And at most, however busy the loop is."""
PACE_OF_CPU = 2.0
"""So many times the CPU that the loop has used since a request are to pass before the next is answered."""
MUCH_BYTES = 128 * 1024
"""What a broker does not wait with: some hundred records."""


@dataclass(frozen=True)
class _Asked:
    """A request, and when it was sent."""

    at: float
    topics: Any
    """Partitions and where they are read from."""
    held: bool


class FetchPace:
    """Of one of aiokafka's fetchers, whose requests it words. Made and used in the thread of the loop."""

    def __init__(self, fetcher: Any) -> None:
        self._actions = fetcher._get_actions_per_node
        self._hurried = True
        self._cpu = 0.0
        """The loop's thread's, when the last request was sent."""
        self._asked: dict[Any, _Asked] = {}
        """The last request to each broker."""
        fetcher._get_actions_per_node = self._paced

    def hurry(self) -> None:
        """Let the next request be answered as soon as it can: there is much to fetch."""
        self._hurried = True

    def _paced(self, assignment: Any) -> Any:
        """What to request of each broker, as aiokafka would, and how long each may wait."""
        actions = self._actions(assignment)
        if actions[0]:
            now, cpu = time.monotonic(), time.thread_time()
            pace = _pace(cpu - self._cpu)
            for broker, request in actions[0]:
                held = self._holds(broker, request, now - pace)
                if held:
                    request._max_wait_ms = round(1000 * pace)
                    request._min_bytes = MUCH_BYTES
                self._asked[broker] = _Asked(now, request.topics, held)
            self._hurried, self._cpu = False, cpu
        return actions

    def _holds(self, broker: Any, request: Any, just_now: float) -> bool:
        last = self._asked.get(broker)
        if last is None or self._hurried:
            return False
        return last.at > just_now or (last.held and last.topics != request.topics)


def _pace(cpu_seconds: float) -> float:
    return max(PACE_SECONDS, min(LONGEST_PACE_SECONDS, PACE_OF_CPU * cpu_seconds))
