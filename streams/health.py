"""What a worker says of itself: whether it is live, whether it is ready, and its parts one by one.

*Live*: where there is something to do, committed offsets move. A worker that is not live is to be started again. The
time in which a server does not answer does not count: a restart would not bring Kafka or Redis back, and would cost a
recovery once they are. *Ready*: events that come now are scored and reach the agents.

The event loop tells what it sees; any thread may ask, so that a loop that has stopped is found out as well.
"""

from collections.abc import Callable, Hashable
from datetime import date

import msgspec

from streams.app_state import Stage


class PartitionHealth(msgspec.Struct, frozen=True):
    """A partition at hand. `still_seconds`: for how long there has been something to do and nothing committed."""

    topic: str
    partition: int
    committed: int
    end: int | None
    """Of the partition; None where Kafka has not told."""
    still_seconds: float


class RoleHealth(msgspec.Struct, frozen=True):
    """A role. `still_seconds`: for how long it has been on its way to be ready without getting on."""

    role: str
    group: str
    state: Stage
    still_seconds: float
    partitions: list[PartitionHealth] = []


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Everything at /health. `problems` says in words what makes a worker not live or not ready.

    `redis_reachable` is None where this worker dispatches no alerts, or has had none to deliver yet; `model_version`
    where it does nothing else.
    """

    live: bool = True
    ready: bool = False
    problems: list[str] = []
    roles: list[RoleHealth] = []
    model_version: str | None = None
    model_as_of: date | None = None
    kafka_reachable: bool | None = None
    redis_reachable: bool | None = None
    silent_seconds: float = 0.0
    """Since the event loop last told anything."""


class Standstills:
    """For how long something has been due, by name, and nothing has moved. `turn` before each round of questions."""

    def __init__(self) -> None:
        self._now = 0.0
        self._before: dict[Hashable, tuple[float, Hashable]] = {}
        self._after: dict[Hashable, tuple[float, Hashable]] = {}

    def turn(self, now: float) -> None:
        """A round begins; names that nobody asked about in the last one are forgotten."""
        self._now, self._before, self._after = now, self._after, {}

    def seconds(self, name: Hashable, mark: Hashable, *, due: bool) -> float:
        """Up to now; anew from here where nothing is due, or where `mark` is not what it was."""
        since, seen = self._before.get(name, (self._now, mark))
        if not due or mark != seen:
            since = self._now
        self._after[name] = since, mark
        return self._now - since


class Vitals:
    """Told by the event loop, asked by any thread."""

    def __init__(self, stall_seconds: float, monotonic: Callable[[], float]) -> None:
        """`stall_seconds` is how long nothing may move before the worker counts as not live; 0 is for ever."""
        self.stall_seconds = stall_seconds
        self._monotonic = monotonic
        # One object, so that no thread sees half of it.
        self._seen = (monotonic(), Health(problems=["starting"]))
        self._ending = False

    def tell(self, seen: Health) -> None:
        """What the event loop sees: all but `live`, `ready`, and what follows from them."""
        self._seen = (self._monotonic(), seen)

    def end(self) -> None:
        """The worker has begun to stop."""
        self._ending = True

    def health(self) -> Health:
        """As it was told last, judged."""
        at, seen = self._seen
        silent = self._monotonic() - at
        stalled = self._stalled(seen, silent)
        missing = [*seen.problems, *_missing(seen)] + ["stopping"] * self._ending
        return msgspec.structs.replace(
            seen,
            live=not stalled,
            ready=not stalled and not missing,
            problems=[*stalled, *missing],
            silent_seconds=round(silent, 1),
        )

    def _stalled(self, seen: Health, silent: float) -> list[str]:
        limit = self.stall_seconds
        if not limit:
            return []
        found = [f"the event loop has been silent for {silent:.0f} s"] if silent >= limit else []
        for role in seen.roles:
            if role.still_seconds >= limit:
                found.append(f"the {role.role} has been {role.state} for {role.still_seconds:.0f} s without getting on")
            found += [
                f"the {role.role} has committed nothing of {p.topic}/{p.partition} for {p.still_seconds:.0f} s, with "
                f"records up to {p.end} there and {p.committed} committed"
                for p in role.partitions
                if p.still_seconds >= limit
            ]
        return found


def _missing(seen: Health) -> list[str]:
    """What keeps a worker from being ready."""
    found = [f"the {role.role} is {role.state}" for role in seen.roles if role.state != "ready"]
    if seen.kafka_reachable is False:
        found.append("Kafka does not answer")
    if seen.redis_reachable is False:
        found.append("Redis takes no alerts; they wait in Kafka")
    return found
