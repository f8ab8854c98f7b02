"""Fetches of few records a little apart, and of all that a broker has by then.

aiokafka fetches again as soon as what it fetched was taken: at a steady trickle a partition at a time, hundreds of times
a second, each with a record or two. Here the next request leaves PACE_SECONDS after the one before, with all partitions
in it, so that several records of several partitions are worked on at the cost of one. A record that comes after such a
pause waits for nothing: the request that it answers is at the broker already.

Written against aiokafka 0.14.0; tests/streams/test_fetch_pace.py fails when a newer one changes what is relied on.
"""

import time
from typing import Any

PACE_SECONDS = 0.005
"""From one request to the next."""


class FetchPace:
    """Of one of aiokafka's fetchers, whose requests it holds back."""

    def __init__(self, fetcher: Any) -> None:
        self._actions = fetcher._get_actions_per_node
        self._due = 0.0
        fetcher._get_actions_per_node = self._paced

    def hurry(self) -> None:
        """Let the next request leave as soon as it can: there is much to fetch."""
        self._due = 0.0

    def _paced(self, assignment: Any) -> Any:
        """What to request of each broker, as aiokafka would; nothing before its time, and how long until then."""
        now = time.monotonic()
        if now < self._due:
            return [], {}, self._due - now, False, []
        actions = self._actions(assignment)
        if actions[0]:
            self._due = now + PACE_SECONDS
        return actions
