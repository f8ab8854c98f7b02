"""Breaking the glass: a firm that is none of one's own, seen for a time, for a motive, and told to supervisors.

In Redis a string that goes by itself says that a firm is open to somebody; a stream keeps who opened what and why.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import redis

from alerts.outage import translated
from alerts.routing import GLASS_KEY, glass_key
from alerts.terminal import clean
from detectors.errors import UnusableInput

SHORTEST_MOTIVE, LONGEST_MOTIVE = 10, 500
KEPT_DAYS = 365
REPORT_DAYS = 7


class Broken(msgspec.Struct, frozen=True):
    """Somebody opened a firm to themselves, until a moment. Moments are UTC."""

    name: str
    department: str
    siren: str
    motive: str
    at: datetime
    until: datetime


class Glass:
    """`clock` gives the present, UTC. Every method raises RedisUnavailable or RedisRefused."""

    def __init__(self, client: redis.Redis, clock: Callable[[], datetime], *, where: str, hours: float = 4.0) -> None:
        self._client: Any = client
        self._clock = clock
        self._where = where
        self._lasts = timedelta(hours=hours)

    def broken(self, name: str, department: str, siren: str, motive: str) -> Broken:
        """Open a firm to somebody: it is kept first, then open, so that nothing is open that nobody is told of."""
        now = self._clock()
        made = Broken(name, department, siren, motive, now, now + self._lasts)
        data = msgspec.json.encode(made)
        oldest = int((now - timedelta(days=KEPT_DAYS)).timestamp() * 1000)
        with translated(self._where):
            self._client.execute_command("XADD", GLASS_KEY, "MINID", "~", oldest, "*", "broken", data)
            self._client.set(
                glass_key(department, siren, name), data, px=max(1, int(self._lasts.total_seconds() * 1000))
            )
        return made

    def opened(self, name: str, department: str, siren: str) -> Broken | None:
        """What is open to somebody now; None where nothing is."""
        with translated(self._where):
            data = self._client.get(glass_key(department, siren, name))
        found = None if data is None else msgspec.json.decode(data, type=Broken)
        return found if found is not None and found.until > self._clock() else None


def motive_of(text: str) -> str:
    """A motive as it is kept, on one line. Raises UnusableInput where it says nothing, or too much."""
    motive = clean(" ".join(text.split()))
    if not SHORTEST_MOTIVE <= len(motive) <= LONGEST_MOTIVE:
        raise UnusableInput(f"a motive has {SHORTEST_MOTIVE} to {LONGEST_MOTIVE} characters")
    return motive


def reported(
    client: redis.Redis, now: datetime, *, where: str, departments: Sequence[str], days: int = REPORT_DAYS
) -> list[Broken]:
    """For which firms of some departments the glass was broken in the last days, the first one first."""
    since = now - timedelta(days=days)
    with translated(where):
        entries: Any = client.xrange(GLASS_KEY)
    found = (msgspec.json.decode(fields[b"broken"], type=Broken) for _, fields in entries)
    return [item for item in found if item.at >= since and item.department in departments]
