"""Rules by administration: of what happens to cases, each is handed what its rule wants, through a group of its own.

An administration (URSSAF, Banque de France, DDETS...) is a consumer group on the history of each department: Redis
keeps its place, and deals its entries out among its programs. What the rule does not want is acknowledged unseen; what
it wants is acknowledged once the caller comes back for more. So each entry is handed over at least once.
"""

import tomllib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import redis
from redis.exceptions import RedisError, ResponseError

from alerts.case_store import case_of, reading
from alerts.cases import Case
from alerts.history import Entry, read
from alerts.inbox import BLOCK_MS, log
from alerts.listing import Choice
from alerts.notices import Notice
from alerts.outage import passes, translate
from alerts.routing import QUEUES, actions_key
from detectors.errors import UnusableInput

PAGE = 50


class Rule(Choice, frozen=True, kw_only=True):
    """What an administration wants to be told of."""

    notices: tuple[Notice, ...] = ("push",)

    def wants(self, entry: Entry, case: Case) -> bool:
        """Whether an entry about a case is to be handed over."""
        return entry.details.get("notice") in self.notices and self.fits(case)


class Handed(NamedTuple):
    """An entry that an administration wanted, and its case as it stands."""

    entry: Entry
    case: Case


def rules(text: str, where: str) -> dict[str, Rule]:
    """The rules of a TOML file, a table an administration. Raises UnusableInput."""
    try:
        found = msgspec.convert(tomllib.loads(text), dict[str, Rule])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise UnusableInput(
            f"{where} holds no rules: {error}. Write a table an administration, such as [urssaf], with tiers, kinds, "
            "sectors, departments, notices, least_headcount, most_headcount, least_debt_euros"
        ) from error
    for name, rule in found.items():
        strange = [code for code in rule.departments if code not in QUEUES]
        if strange:
            raise UnusableInput(f"{where}: [{name}] names {', '.join(strange)}, which is no department")
    return found


def handed(
    client: redis.Redis,
    administration: str,
    rule: Rule,
    consumer: str,
    *,
    where: str,
    waits: Callable[[], Iterator[float]],
    sleep: Callable[[float], None],
    block_ms: int = BLOCK_MS,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Handed]:
    """What an administration's program is to deal with, from what happens after the group's first use on.

    First what this consumer was handed before and did not finish. Outages are waited out.
    """
    own: Any = client
    places: dict[str, str] = {}
    pauses: Iterator[float] | None = None
    while not stopped():
        try:
            if not places:
                _join(own, administration, rule.departments)
                places = dict.fromkeys(rule.departments, "0")
            streams = {actions_key(queue): place for queue, place in places.items()}
            answer = own.xreadgroup(administration, consumer, streams, count=PAGE, block=block_ms)
            queues = {actions_key(queue).encode(): queue for queue in places}
            for key, entries in answer or ():
                queue = queues[key]
                if places[queue] != ">":
                    # Of one's own unfinished ones there are no more, once there are none.
                    places[queue] = entries[-1][0].decode() if entries else ">"
                yield from _deal(own, administration, rule, queue, entries)
            pauses = None
        except RedisError as error:
            if not passes(error):
                raise translate(error, where) from error
            if pauses is None:
                log.warning("%s; waiting for it", translate(error, where))
                pauses = waits()
            sleep(next(pauses))
            places = {}


def _join(client: Any, administration: str, departments: Sequence[str]) -> None:
    for queue in departments:
        try:
            client.xgroup_create(actions_key(queue), administration, "$", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise


def _deal(client: Any, administration: str, rule: Rule, queue: str, raw: Sequence[Any]) -> Iterator[Handed]:
    entries = [read(queue, entry, fields) for entry, fields in raw if fields]
    if not entries:
        return
    values = client.execute_command(*reading(queue, [entry.siren for entry in entries]))
    for entry, value in zip(entries, values, strict=True):
        case = case_of(value, queue, entry.siren)
        if case is not None and rule.wants(entry, case):
            yield Handed(entry, case)
        client.xack(actions_key(queue), administration, entry.id)
