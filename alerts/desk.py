"""The desk: everything that agents' programs do with cases, on Redis alone. The one place where actions pass.

    desk = Desk(connect(url, 5), where=safe_url(url), clock=lambda: datetime.now(UTC))
    page = desk.listed(Query(departments=("21",), tiers=("strong",)), limit=50)
    done = desk.act("21", page.cases[0].siren, Take(), Actor("a.martin"), seen=page.cases[0].version)

Cases are given as they are seen now: one whose snooze is over is awake. Every method raises RedisUnavailable or
RedisRefused where Redis does not answer, or says no.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

import redis
from msgspec.structs import replace
from redis.exceptions import RedisError

from alerts import case_store, inbox
from alerts.actions import Action, Actor, Answer, CastVote, Close, Propose, Refusal, Release, Withdraw, apply
from alerts.case_store import ADOPTED, COMMIT, RANKED, case_of
from alerts.case_wording import refused
from alerts.caseload import Caseload, caseload
from alerts.cases import Case, Vote, as_seen
from alerts.errors import ActionRefused, AlertNotFound, CaseNotFound
from alerts.escalation import due
from alerts.history import Entry, Fields, of_action, of_time, order, read
from alerts.holds import Hold
from alerts.inbox import BLOCK_MS, Received, tail
from alerts.listing import SHOWN, Listing, Query, is_queue, listing
from alerts.notices import NoticeOptions
from alerts.outage import translate, translated
from alerts.publish import adopt
from alerts.ranked import Behind, ranked, ranked_page, within
from alerts.ranking import HELD_BY_AGENTS, RANKING, due_back, number
from alerts.routing import QUEUES, actions_key, case_key, cases_key, desk_key, order_key, trail_key
from alerts.scripts import Command, Script

_MEND_ORDER = Script("mend_order")
PAGE = 2000
"""Cases read in one command."""


class Done(NamedTuple):
    """An action that was done; `entry` is its id in the history, None where it was done already."""

    case: Case
    entry: str | None


class Page(NamedTuple):
    """Some of the cases asked for, how many there are, how many more the standard filters held back.

    `next` is where the next page begins; None: nowhere.
    """

    cases: list[Case]
    total: int
    held: Counter[Hold]
    next: int | None


class Desk:
    """`clock` gives the present, UTC. `record` is told of every action that was done, before its answer is given."""

    def __init__(
        self,
        client: redis.Redis,
        *,
        where: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        record: Callable[[Entry], None] = lambda _: None,
    ) -> None:
        self._client: Any = client
        self._where = where
        self._clock = clock
        self._record = record

    # Reading

    def get(self, department: str, siren: str) -> Case:
        """A firm's last case in a department. Raises CaseNotFound."""
        case = self._one(department, siren)
        if case is None:
            raise CaseNotFound(
                f"no case of the firm {siren} in department {department} of Redis at {self._where}; "
                "`vigie alerts list --all` says which there are"
            )
        return as_seen(case, self._clock())

    def find(self, siren: str, departments: Sequence[str] = QUEUES) -> list[Case]:
        """A firm's last case in each department that has one: several where it has moved; the latest alert's first."""
        now = self._clock()
        values = self._send([case_store.reading(queue, [siren]) for queue in departments])
        found = [case_of(value[0], queue, siren) for queue, value in zip(departments, values, strict=True)]
        cases = [as_seen(case, now) for case in found if case is not None and case.number]
        return sorted(cases, key=lambda case: (case.is_open, case.as_of, case.opened_at), reverse=True)

    def listed(self, query: Query, *, limit: int | None = None, start: int = 0, behind: Behind | None = None) -> Page:
        """The cases that a query asks for, in its order, from place `start` on, `limit` at most.

        Of a queue (`is_queue`) and departments by their codes also those `behind` a case, and perhaps others.
        """
        if limit is not None and _is_archive(query):
            return self._closed(query.departments, start, limit)
        if limit is not None and is_queue(query):
            page = self._ranked(query, start, limit, behind)
            if page is not None:
                return page
            limit = limit if behind is None else None
        cases, held = self._listing(query)
        end = len(cases) if limit is None else start + limit
        return Page(cases[start:end], len(cases), held, end if end < len(cases) else None)

    def count(self, query: Query) -> Page:
        """As `listed`, without the cases."""
        return self.listed(query, limit=0)

    def history(self, department: str, siren: str) -> list[Entry]:
        """All that happened to a firm's cases in a department, oldest first."""
        with translated(self._where):
            ids = sorted(self._client.zrange(trail_key(department, siren), 0, -1), key=order)
        return self.entries([(department, name.decode()) for name in ids])

    def entries(self, ids: Sequence[tuple[str, str]]) -> list[Entry]:
        """Entries of histories by department and id; those erased since are left out."""
        answers = self._send([("XRANGE", actions_key(department), name, name) for department, name in ids])
        return [
            read(department, entry, fields)
            for (department, _), entries in zip(ids, answers, strict=True)
            for entry, fields in entries
        ]

    def alerts(self, department: str, siren: str) -> list[Received]:
        """The alerts of a firm's cases in a department, oldest first; those trimmed since are left out."""
        told = [entry.details for entry in self.history(department, siren) if "entry" in entry.details]
        found = inbox.entries(self._client, department, [details["entry"] for details in told], where=self._where)
        by_id = {received.alert.id: received for received in found}
        for details in told:
            if details["alert"] not in by_id:
                # In a Redis that was filled again, alerts have other entries than a restored history says.
                with suppress(AlertNotFound):
                    by_id[details["alert"]] = inbox.show(
                        self._client, details["alert"], (department,), where=self._where
                    )
        return [by_id[details["alert"]] for details in told if details["alert"] in by_id]

    def latest(self, cases: Sequence[Case]) -> dict[str, Received]:
        """The latest alert of each of some cases, by its id; those trimmed since are left out."""
        return inbox.landed(self._client, [(case.department, case.alert) for case in cases], where=self._where)

    def of_alert(self, alert_id: str, departments: Sequence[str] = QUEUES) -> tuple[Received, Case | None]:
        """An alert by its id, and its firm's last case. Raises AlertNotFound."""
        received = inbox.show(self._client, alert_id, departments, where=self._where)
        case = self._one(received.queue, received.alert.siren)
        return received, None if case is None else as_seen(case, self._clock())

    def follow(
        self,
        places: dict[str, bytes],
        *,
        waits: Callable[[], Iterator[float]],
        sleep: Callable[[float], None],
        block_ms: int = BLOCK_MS,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Iterator[Entry]:
        """What happens to cases after the entries of `places` (a department to the last id seen), as it happens.

        `ends` gives the places of now. Outages are waited out; `places` is kept up, so that reading can go on later.
        """
        raw = tail(
            self._client,
            places,
            actions_key,
            where=self._where,
            waits=waits,
            sleep=sleep,
            block_ms=block_ms,
            stopped=stopped,
        )
        for queue, (entry, fields) in raw:
            yield read(queue, entry, fields or {})

    def ends(self, departments: Sequence[str] = QUEUES) -> dict[str, bytes]:
        """The last entry of each department's history: where `follow` begins."""
        answers = self._send([("XREVRANGE", actions_key(queue), "+", "-", "COUNT", 1) for queue in departments])
        return {queue: found[0][0] if found else b"0-0" for queue, found in zip(departments, answers, strict=True)}

    def since(self, department: str, after: str = "-", limit: int | None = None) -> list[Entry]:
        """The entries of a department's history behind an id: what a digest is made of (`notice` is `digest`)."""
        first = after if after == "-" else f"({after}"
        count = () if limit is None else ("COUNT", limit)
        (answer,) = self._send([("XRANGE", actions_key(department), first, "+", *count)])
        return [read(department, entry, fields) for entry, fields in answer]

    def counts(self, departments: Sequence[str] = QUEUES) -> Counter[str]:
        """The counts of departments' desks, summed: `vote:TIER:KIND:useful`, `outcome:ACTION:CODE`, `pushed:MONTH`,
        `measure:CODE:proposed` and `measure:CODE:OUTCOME`.
        """
        found: Counter[str] = Counter()
        for answer in self._send([("HGETALL", desk_key(queue)) for queue in departments]):
            for field, value in answer.items():
                if field.decode() not in (ADOPTED, RANKED):
                    found[field.decode()] += int(value)
        return found

    def caseload(self, departments: Sequence[str] = QUEUES) -> Caseload:
        """How the open cases of departments stand."""
        return caseload(self._open(departments), self._clock())

    # Acting

    def act(self, department: str, siren: str, action: Action, actor: Actor, *, seen: int | None = None) -> Done:
        """Do something with a case. `seen` is the version that the agent looked at; None for whichever it is.

        Of two who take the same case one wins; the other's ActionRefused says who. Raises CaseNotFound.
        """
        while True:
            before = self._one(department, siren)
            if before is None or not before.number:
                raise CaseNotFound(f"no case of the firm {siren} in department {department} of Redis at {self._where}")
            now = self._clock()
            after = apply(before, action, actor, now, seen)
            if isinstance(after, Refusal):
                raise ActionRefused(refused(after, "en"), after)
            if after is before:
                return Done(as_seen(before, now), None)
            told = of_action(action, before, after, actor.id, now)
            entry = self._commit(before, after, told, _counts(action, before, after, actor))
            if entry is not None:
                return Done(after, entry)

    def sweep(self, options: NoticeOptions, departments: Sequence[str] = QUEUES) -> list[Entry]:
        """Do what time alone brings: wake, escalate, close what has moved. What an agent changes meanwhile is left."""
        for queue in self._unadopted(departments):
            with translated(self._where):
                adopt(self._client, queue, options)
        now = self._clock()
        done: list[Entry] = []
        cases = list(self._open(departments))
        for action, before, after in due(cases, options, now):
            told = of_time(action, before, after, now)
            entry = self._commit(before, after, told, {})
            if entry is not None:
                done.append(read(after.department, entry.encode(), _as_read(told)))
        self._mend(cases, departments)
        return done

    # Redis

    def _commit(self, before: Case, after: Case, told: Fields, counts: Mapping[str, int]) -> str | None:
        """Write a change, and tell of it; None where the case has changed meanwhile."""
        call = case_store.commit(before, after, told, counts=counts)
        with translated(self._where):
            (answer,) = COMMIT.run(self._client, [call])
        if answer[0] is None:
            return None
        entry: str = answer[0].decode()
        self._record(read(after.department, answer[0], _as_read(told)))
        return entry

    def _one(self, department: str, siren: str) -> Case | None:
        (values,) = self._send([case_store.reading(department, [siren])])
        return case_of(values[0], department, siren)

    def _listing(self, query: Query) -> Listing:
        if query.siren is not None:
            cases: Iterable[Case] = self.find(query.siren, query.departments)
        elif query.holder is not None and query.states and not {*query.states} - {*SHOWN}:
            cases = self._held(query.departments)
        elif query.states and "closed" not in query.states:
            cases = self._open(query.departments)
        else:
            cases = self._cases(query.departments, "-inf")
        return listing(cases, query, self._clock())

    def _closed(self, departments: Sequence[str], start: int, limit: int) -> Page:
        """Some of the closed cases, the last one that was closed first: no others are read."""
        end, some = start + limit, ("(-inf", "(0", "WITHSCORES", "LIMIT", 0, start + limit)
        answers = self._send([("ZRANGEBYSCORE", cases_key(queue), *some) for queue in departments])
        found = sorted(
            (float(score), siren.decode(), queue)
            for queue, answer in zip(departments, answers, strict=True)
            for siren, score in zip(answer[::2], answer[1::2], strict=True)
        )[start:end]
        values = self._send([case_store.reading(queue, [siren]) for _, siren, queue in found])
        cases = [case_of(value[0], queue, siren) for value, (_, siren, queue) in zip(values, found, strict=True)]
        total = self._closed_count(departments)
        return Page([case for case in cases if case is not None], total, Counter(), end if end < total else None)

    def _closed_count(self, departments: Sequence[str]) -> int:
        """How many there are besides the open ones and those that are none."""
        ranges = ((), ("0", "+inf"), ("-inf", "-inf"))
        counts = [
            self._send([("ZRANGEBYSCORE" if some else "ZCARD", cases_key(queue), *some) for queue in departments])
            for some in ranges
        ]
        return sum(counts[0]) - sum(len(sirens) for answers in counts[1:] for sirens in answers)

    def _ranked(self, query: Query, start: int, limit: int, behind: Behind | None) -> Page | None:
        """Some of the list in its usual order, no more of it read than that; None where it changed in between."""
        now = self._clock()
        found = ranked_page(query, start, limit, behind, now, self._send, self._firms)
        values = self._send([case_store.reading(queue, [siren]) for queue, siren in found.firms])
        cases = [case_of(value[0], *firm) for value, firm in zip(values, found.firms, strict=True)]
        shown = listing([case for case in cases if case is not None], query, now).cases
        if len(shown) < len(found.firms):
            return None
        end = start + limit
        return Page(shown, found.total, found.held, end if end < found.total else None)

    def _held(self, departments: Sequence[str]) -> Iterator[Case]:
        """The cases that somebody has taken or follows, and some others."""
        kept = ranked(departments, self._send)
        known = [queue for queue in departments if queue in kept]
        for span in (HELD_BY_AGENTS, due_back(self._clock().date())):
            for queue, sirens in within(known, span, self._send):
                yield from self._firms(queue, sirens)
        yield from self._open([queue for queue in departments if queue not in kept])

    def _firms(self, queue: str, sirens: Sequence[str]) -> Iterator[Case]:
        """The last cases of some firms of a department; of all with an open one where none is named."""
        return self._of(queue, sirens) if sirens else self._open((queue,))

    def _mend(self, cases: Sequence[Case], departments: Sequence[str]) -> None:
        """Set the list's order right by these departments' open cases: an older version or a backup left it so."""
        wanted: dict[str, dict[str, float]] = {queue: {} for queue in departments}
        for case in cases:
            place = number(case)
            if place is not None:
                wanted[case.department][case.siren] = place
        kept = ranked(departments, self._send)
        answers = self._send([("ZRANGE", order_key(queue), 0, -1, "WITHSCORES") for queue in departments])
        for queue, answer in zip(departments, answers, strict=True):
            there = {siren.decode(): float(score) for siren, score in zip(answer[::2], answer[1::2], strict=True)}
            odd = sorted(siren for siren, _ in wanted[queue].items() ^ there.items())
            for start in range(0, len(odd), PAGE):
                self._mend_firms(queue, list(dict.fromkeys(odd[start : start + PAGE])))
            if queue not in kept:
                self._send([("HSET", desk_key(queue), RANKED, RANKING)])

    def _mend_firms(self, queue: str, sirens: Sequence[str]) -> None:
        (values,) = self._send([case_store.reading(queue, sirens)])
        calls = []
        for siren, value in zip(sirens, values, strict=True):
            case = case_of(value, queue, siren)
            place = case_store.order_score(case) if case else ""
            keys = case_key(queue, siren), order_key(queue)
            calls.append((keys, (case.version if case else 0, siren, place)))
        with translated(self._where):
            _MEND_ORDER.run(self._client, calls)

    def _open(self, departments: Sequence[str]) -> Iterator[Case]:
        return self._cases(departments, "0")

    def _cases(self, departments: Sequence[str], lowest: str) -> Iterator[Case]:
        """The cases whose score is `lowest` at least: open ones from 0 on."""
        answers = self._send([("ZRANGEBYSCORE", cases_key(queue), lowest, "+inf") for queue in departments])
        for queue, sirens in zip(departments, answers, strict=True):
            names = [siren.decode() for siren in sirens]
            yield from self._of(queue, names)

    def _of(self, queue: str, sirens: Sequence[str]) -> Iterator[Case]:
        """The last cases of some firms of a department."""
        for start in range(0, len(sirens), PAGE):
            page = sirens[start : start + PAGE]
            (values,) = self._send([case_store.reading(queue, page)])
            for siren, value in zip(page, values, strict=True):
                case = case_of(value, queue, siren)
                if case is not None and case.number:
                    yield case

    def _unadopted(self, departments: Sequence[str]) -> list[str]:
        answers = self._send([("HGET", desk_key(queue), ADOPTED) for queue in departments])
        return [queue for queue, answer in zip(departments, answers, strict=True) if answer != b"done"]

    def _send(self, commands: Sequence[Command]) -> list[Any]:
        pipeline: Any = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        try:
            return list(pipeline.execute())
        except RedisError as error:
            raise translate(error, self._where) from error


def _is_archive(query: Query) -> bool:
    """Whether a query asks for all closed cases and nothing else, in the order in which they are kept."""
    return replace(query, departments=(), let_through=()) == Query(departments=(), states=("closed",))


def _as_read(told: Fields) -> dict[bytes, bytes]:
    """The fields of an entry as Redis would give them back."""
    raw = [part if isinstance(part, bytes) else part.encode() for part in told]
    return dict(zip(raw[::2], raw[1::2], strict=True))


def _counts(action: Action, before: Case, after: Case, actor: Actor) -> dict[str, int]:
    """The counts that an action changes: an agent's vote replaces the one before."""
    if isinstance(action, CastVote):
        counts = dict.fromkeys(_vote_counts(after.votes[actor.id]), 1)
        earlier = before.votes.get(actor.id)
        for name in _vote_counts(earlier) if earlier else ():
            counts[name] = counts.get(name, 0) - 1
        return counts
    if isinstance(action, Propose):
        there = before.proposed.get(action.measure)
        return {} if there and there.outcome is None else {f"measure:{action.measure}:proposed": 1}
    if isinstance(action, Answer):
        earlier_outcome = before.proposed[action.measure].outcome
        changes = {f"measure:{action.measure}:{action.outcome}": 1}
        if earlier_outcome:
            name = f"measure:{action.measure}:{earlier_outcome}"
            changes[name] = changes.get(name, 0) - 1
        return changes
    if isinstance(action, Close):
        return {f"outcome:close:{action.outcome}": 1}
    if isinstance(action, Release) and action.reason:
        return {f"outcome:release:{action.reason}": 1}
    if isinstance(action, Withdraw):
        return {f"outcome:withdraw:{action.months or 'definitif'}": 1}
    return {}


def _vote_counts(vote: Vote) -> tuple[str, ...]:
    useful = "useful" if vote.useful else "useless"
    reason = (f"vote-reason:{vote.reason}",) if vote.reason else ()
    return (f"vote:{vote.rule}:{useful}", f"vote-model:{vote.model}:{useful}", *reason)
