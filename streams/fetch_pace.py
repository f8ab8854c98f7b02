"""Fetches of few records a little apart, and of all that a broker has by then.

aiokafka fetches again as soon as what it fetched was taken, and a broker answers once it has a record: at a steady
trickle hundreds of times a second, each with a record or two. Here a broker that has just answered is asked to wait
with its next answer for PACE_SECONDS, unless there is much: so several records are worked on at the cost of one. The
request is on its way meanwhile, and while what the one before brought is worked on. Once such a wait was for nothing,
the next record is answered as it comes.

Where small batches cost so much that the loop would do nothing else, the wait is longer: so that the loop is free half
the time, for whoever carries an alert on, and so that fewer, larger batches cost less.

Who waits for records is told of them as soon as they are there. aiokafka's routine would look at every partition before
that, find nothing to request, and do so again once the records were taken; so it finds them taken.

Written against aiokafka 0.14.0; tests/streams/test_fetch_pace.py fails when a newer one changes what is relied on.
"""

import time
from dataclasses import dataclass
from typing import Any

PACE_SECONDS = 0.003
"""A broker's wait, at least."""
LONGEST_PACE_SECONDS = 0.015
"""And at most, however busy the loop is."""
PACE_OF_CPU = 2.0
"""So many times the CPU that the loop uses for a request are to pass before the next is answered."""
MEASURED_REQUESTS = 8
"""Whose CPU is measured together: to ask the system for it takes as long as to word a request."""
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
        self._fetcher = fetcher
        self._actions = fetcher._get_actions_per_node
        self._fetch = fetcher._proc_fetch_request
        self._hurried = True
        self._load = _Load()
        self._asked: dict[Any, _Asked] = {}
        """The last request to each broker."""
        fetcher._get_actions_per_node = self._paced
        fetcher._proc_fetch_request = self._told

    def hurry(self) -> None:
        """Let the next request be answered as soon as it can: there is much to fetch."""
        self._hurried = True

    def _paced(self, assignment: Any) -> Any:
        """What to request of each broker, as aiokafka would, and how long each may wait."""
        actions = self._actions(assignment)
        if actions[0]:
            now, pace = time.monotonic(), _pace(self._load.cpu_of_a_request())
            for broker, request in actions[0]:
                held = self._holds(broker, request, now - pace)
                if held:
                    request._max_wait_ms = round(1000 * pace)
                    request._min_bytes = MUCH_BYTES
                self._asked[broker] = _Asked(now, request.topics, held)
            self._hurried = False
        return actions

    async def _told(self, assignment: Any, broker: Any, request: Any) -> Any:
        """Fetch, as aiokafka does, and wake who waits for what was brought."""
        brought = await self._fetch(assignment, broker, request)
        if brought:
            for waiter in self._fetcher._fetch_waiters:
                self._fetcher._notify(waiter)
        return brought

    def _holds(self, broker: Any, request: Any, just_now: float) -> bool:
        last = self._asked.get(broker)
        if last is None or self._hurried:
            return False
        return last.at > just_now or (last.held and last.topics != request.topics)


class _Load:
    """What a request and all that comes of it costs the loop's thread."""

    def __init__(self) -> None:
        self._requests = 0
        self._cpu = time.thread_time()
        self._of_one = 0.0

    def cpu_of_a_request(self) -> float:
        """In seconds, of those before this one."""
        self._requests += 1
        if self._requests == MEASURED_REQUESTS:
            cpu = time.thread_time()
            self._of_one = (cpu - self._cpu) / self._requests
            self._requests, self._cpu = 0, cpu
        return self._of_one


def _pace(cpu_seconds: float) -> float:
    return max(PACE_SECONDS, min(LONGEST_PACE_SECONDS, PACE_OF_CPU * cpu_seconds))
