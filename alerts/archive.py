"""What agents did, out of Redis and back into an empty one: the only thing there that Kafka cannot bring again.

Saved are, of every firm that anybody acted on, its history up to the last action, which holds the whole case, and the
counts of the desks. Restored before the alerts come again: a restored case says how many of the firm's alerts it holds
already, and passes over so many of those that come.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
import redis
from redis.exceptions import RedisError, ResponseError

from alerts import case_store
from alerts.case_store import ADOPTED, COMMIT, RANKED, case_of, reading
from alerts.cases import Case, decode
from alerts.errors import RedisRefused
from alerts.outage import translate
from alerts.routing import QUEUES, actions_key, desk_key, trail_key
from detectors.errors import UnusableInput

Fields = list[tuple[str, str]]


class Saved(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line: an entry of a department's history, or its counts."""

    queue: str
    id: str = ""
    fields: Fields = []
    counts: dict[str, int] = {}


def save(client: redis.Redis, queues: Sequence[str] = QUEUES, *, where: str) -> Iterator[bytes]:
    """The lines, department by department. Reads a department's whole history at once."""
    own: Any = client
    try:
        for queue in queues:
            entries = own.xrange(actions_key(queue))
            last = {fields[b"siren"]: place for place, (_, fields) in enumerate(entries) if b"state" in fields}
            for place, (entry, fields) in enumerate(entries):
                if place <= last.get(fields.get(b"siren"), -1):
                    texts = [(name.decode(), value.decode()) for name, value in fields.items()]
                    yield msgspec.json.encode(Saved(queue, entry.decode(), texts))
            counts = {name.decode(): value for name, value in own.hgetall(desk_key(queue)).items()}
            kept = {name: int(value) for name, value in counts.items() if name not in (ADOPTED, RANKED, "alerts")}
            if kept:
                yield msgspec.json.encode(Saved(queue, counts=kept))
    except RedisError as error:
        raise translate(error, where) from error


def restore(client: redis.Redis, lines: Iterable[bytes], *, where: str) -> int:
    """Put back what was saved, and give the number of cases; may be done again, and changes nothing newer.

    In order: the entries (left out where their stream has later ones) and the counts, then the cases. Raises
    UnusableInput for a line that is none.
    """
    cases: dict[tuple[str, str], Case] = {}
    own: Any = client
    try:
        for number, line in enumerate(lines, 1):
            try:
                saved = msgspec.json.decode(line, type=Saved)
                state = dict(saved.fields).get("state")
                case = decode(state) if state else None
            except msgspec.DecodeError as error:
                raise UnusableInput(f"line {number} was not written by `vigie alerts save`: {error}") from error
            if case is not None:
                cases[saved.queue, case.siren] = case
            if saved.fields:
                _add(own, saved)
            for name, count in saved.counts.items():
                own.hsetnx(desk_key(saved.queue), name, count)
        return sum(_put(own, queue, case) for (queue, _), case in cases.items())
    except RedisError as error:
        raise translate(error, where) from error


def _add(client: Any, saved: Saved) -> None:
    fields = dict(saved.fields)
    try:
        client.xadd(actions_key(saved.queue), fields, id=saved.id)
    except ResponseError as error:
        if "equal or smaller" not in str(error):
            raise
        return
    client.zadd(trail_key(saved.queue, fields["siren"]), {saved.id: saved.id.partition("-")[0]})


def _put(client: Any, queue: str, case: Case) -> bool:
    command = reading(queue, [case.siren])
    here = case_of(client.execute_command(*command)[0], queue, case.siren)
    if here is not None and here.version >= case.version:
        return False
    known = here.received - here.skip if here else 0
    restored = msgspec.structs.replace(case, skip=max(0, case.received - case.skip - known))
    (answer,) = COMMIT.run(client, [case_store.commit(here, restored, [])])
    if answer[0] is None:
        raise RedisRefused(f"the case of {case.siren} changes while it is restored: stop the dispatchers first")
    return True
