"""What people do through pages and programs, in the audit log: under their name, and the way by which they came."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import redis

from alerts import audit
from alerts.desk import Desk
from alerts.history import Entry
from alerts.routing import QUEUES
from alerts.scope import Person


class Recorder:
    """`way` is how people come (`console`, `api`), `where` how Redis' address may be shown, `clock` the present, UTC.

    Every method raises RedisUnavailable or RedisRefused.
    """

    def __init__(
        self,
        client: redis.Redis,
        way: str,
        *,
        where: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._way = way
        self._where = where
        self._clock = clock

    def record(
        self, person: Person, action: str, object_: str, outcome: audit.Outcome = "done", detail: str = ""
    ) -> None:
        """Append what somebody does: before they are shown anything of it."""
        actor = f"{person.name}@{self._way}"
        entry = audit.Entry(actor=actor, action=action, object=object_, outcome=outcome, detail=detail)
        audit.record(self._client, entry, where=self._where)

    def desk(self, person: Person) -> Desk:
        """The desk at which this person acts: what is done there is in the log under their name."""

        def record(entry: Entry) -> None:
            done = f"case.{entry.action}", case_named(entry.queue, entry.siren)
            self.record(person, *done, detail=f"version {entry.version}")

        return Desk(self._client, where=self._where, clock=self._clock, record=record)


def case_named(department: str, siren: str) -> str:
    """A case as an entry's object names it."""
    return f"case:{department}:{siren}"


def departments_named(queues: Sequence[str]) -> str:
    """The departments of a reading as an entry's object names them."""
    return "departments:" + ("all" if tuple(queues) == QUEUES else ",".join(queues))
