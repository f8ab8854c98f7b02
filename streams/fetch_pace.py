"""Fetches of few records a little apart, and of all that a broker has by then.

aiokafka fetches again as soon as what it fetched was taken: at a steady trickle a partition at a time, hundreds of
times a second, each with a record or two. Here the next request leaves PACE_SECONDS after the one before, with all
partitions in it, so that several records are worked on at the cost of one. A record that comes after such a pause waits
for nothing: the request that it answers is at the broker already.

Where small batches cost so much that the loop would do nothing else, the next one waits for longer: so that the loop is
free half the time, for whoever carries an alert on, and so that fewer, larger batches cost less.

Meanwhile aiokafka's routine is not woken each time that a partition's records were taken: it could only wait again.

Written against aiokafka 0.14.0; tests/streams/test_fetch_pace.py fails when a newer one changes what is relied on.
"""

import time
from typing import Any

PACE_SECONDS = 0.005
"""From one request to the next, at least."""
LONGEST_PACE_SECONDS = 0.015
"""And at most, however busy the loop is."""
SHORTEST_WAIT_SECONDS = 0.0005
"""The loop's timers count in whole milliseconds: a wait that is shorter would be none, over and over."""
PACE_OF_CPU = 2.0
"""So many times the CPU that the loop has used since a request are to pass before the next."""


class FetchPace:
    """Of one of aiokafka's fetchers, whose requests it holds back. Made and used in the thread of the loop."""

    def __init__(self, fetcher: Any) -> None:
        self._fetcher = fetcher
        self._actions = fetcher._get_actions_per_node
        self._notify = fetcher._notify
        self._hurried = True
        self._waits = False
        """Whether the next request is held back."""
        self._sent = 0.0
        self._cpu = 0.0
        """The loop's thread's, when the last request was sent."""
        fetcher._get_actions_per_node = self._paced
        fetcher._notify = self._notified

    def hurry(self) -> None:
        """Let the next request leave as soon as it can: there is much to fetch."""
        self._hurried = True
        if self._waits:
            self._waits = False
            self._notify(self._fetcher._wait_consume_future)

    def _notified(self, future: Any) -> None:
        """Tell whoever waits for it, as aiokafka would, unless it is for a request that is held back."""
        if not (self._waits and future is self._fetcher._wait_consume_future):
            self._notify(future)

    def _paced(self, assignment: Any) -> Any:
        """What to request of each broker, as aiokafka would; nothing before its time, and how long until then."""
        now, cpu = time.monotonic(), time.thread_time()
        wait = 0.0 if self._hurried else self._sent + _pace(cpu - self._cpu) - now
        self._waits = wait >= SHORTEST_WAIT_SECONDS
        if self._waits:
            return [], {}, wait, False, []
        actions = self._actions(assignment)
        if actions[0]:
            self._hurried, self._sent, self._cpu = False, now, cpu
        return actions


def _pace(cpu_seconds: float) -> float:
    return max(PACE_SECONDS, min(LONGEST_PACE_SECONDS, PACE_OF_CPU * cpu_seconds))
