"""Pages of the agents' list without reading the whole of it: the departments' orders, merged no further than needed.

Of each department Redis counts, and gives the first few in its order; more of one are asked for only while its next
case could stand on the page. Read whole are the cases that have come back from a sleep and that nothing has woken in
Redis yet, and departments whose cases have no numbers of this version (`Desk.sweep` gives them theirs).
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from alerts.case_store import RANKED
from alerts.cases import Case
from alerts.holds import Hold
from alerts.listing import Query, listing
from alerts.ranking import RANKING, Range, due_back, priority, priority_of, slots
from alerts.routing import desk_key, order_key
from alerts.scripts import Command

_AHEAD = 8
"""How many more than its share are read of a department at first."""

Send = Callable[[Sequence[Command]], list[Any]]
Read = Callable[[str, Sequence[str]], Iterable[Case]]


class Behind(NamedTuple):
    """A case's place in the list's usual order: what comes after it is wanted."""

    priority: int
    siren: str
    department: str


class Ranked(NamedTuple):
    """The firms of a page in order, how many the list has, and how many more were held back, by reason."""

    firms: list[tuple[str, str]]
    """Department and SIREN."""
    total: int
    held: Counter[Hold]


class _Found(NamedTuple):
    priority: int
    siren: str
    place: float
    """The department's place in the query."""


def ranked(queues: Sequence[str], send: Send) -> set[str]:
    """The departments whose cases have the numbers of this version."""
    answers = send([("HGET", desk_key(queue), RANKED) for queue in queues])
    return {queue for queue, answer in zip(queues, answers, strict=True) if answer == RANKING.encode()}


def within(queues: Sequence[str], span: Range, send: Send) -> list[tuple[str, list[str]]]:
    """The SIRENs whose numbers lie in a range, by department."""
    answers = send([("ZRANGEBYSCORE", order_key(queue), *_ends(span)) for queue in queues])
    return [(queue, [siren.decode() for siren in found]) for queue, found in zip(queues, answers, strict=True) if found]


def ranked_page(
    query: Query, start: int, limit: int, behind: Behind | None, now: datetime, send: Send, read: Read
) -> Ranked:
    """Some of a list in its usual order, with no filters but departments and the standard ones.

    `behind` goes with departments in the order of their codes. `read` gives the cases of some firms of a department, or
    all of its open ones where none is named.
    """
    queues = query.departments
    kept = ranked(queues, send)
    places = {queue: place for place, queue in enumerate(queues)}
    known = [queue for queue in queues if queue in kept]
    whole = [case for queue in queues if queue not in kept for case in read(queue, ())]
    whole += [case for queue, sirens in within(known, due_back(now.date()), send) for case in read(queue, sirens)]
    extra = listing(whole, query, now)
    spans = slots(query.let_through)
    shown = _counts(known, spans.shown, send)
    held = Counter(extra.held)
    for (hold, _), count in zip(spans.held, _counts(known, [span for _, span in spans.held], send), strict=True):
        held[hold] += count
    total = sum(shown) + len(extra.cases)
    after = _Found(-1, "", 0) if behind is None else _Found(behind.priority, behind.siren, _place(queues, behind))
    first = [_Found(priority(case), case.siren, places[case.department]) for case in extra.cases]
    sources = [(order_key(queue), places[queue], span) for queue in known for span in spans.shown]
    merged = _merged(first, sources, after, min(start + limit, total), send) if limit else []
    return Ranked([(queues[int(one.place)], one.siren) for one in merged[start : start + limit]], total, +held)


def _merged(
    found: list[_Found], sources: Sequence[tuple[str, int, Range]], after: _Found, end: int, send: Send
) -> list[_Found]:
    """The first `end` behind `after` of what was found and of what the sources give in order."""
    found = [one for one in found if one > after]
    offsets = dict.fromkeys(range(len(sources)), 0)
    size = end // max(1, len(sources)) + _AHEAD
    while offsets:
        commands = []
        for number, offset in offsets.items():
            key, _, (low, high) = sources[number]
            ends = _ends((low + max(0, after.priority), high))
            commands.append(("ZRANGEBYSCORE", key, *ends, "WITHSCORES", "LIMIT", offset, size))
        last: dict[int, _Found] = {}
        for number, answer in zip(offsets, send(commands), strict=True):
            place = sources[number][1]
            more = [
                _Found(priority_of(float(score)), siren.decode(), place)
                for siren, score in zip(answer[::2], answer[1::2], strict=True)
            ]
            found += [one for one in more if one > after]
            if len(more) == size:
                last[number] = more[-1]
        found.sort()
        del found[end:]
        bound = found[-1] if len(found) == end and end else None
        offsets = {number: offsets[number] + size for number, one in last.items() if bound is None or one < bound}
        size *= 2
    return found


def _counts(queues: Sequence[str], spans: Sequence[Range], send: Send) -> list[int]:
    """How many cases of the departments lie in each range."""
    answers = send([("ZCOUNT", order_key(queue), *_ends(span)) for span in spans for queue in queues])
    size = len(queues)
    return [sum(answers[place * size : (place + 1) * size]) for place in range(len(spans))]


def _place(queues: Sequence[str], behind: Behind) -> float:
    """Where a department stands among these, or would stand."""
    place = bisect_left(queues, behind.department)
    return place if behind.department in queues else place - 0.5


def _ends(span: Range) -> tuple[int, str]:
    return span[0], f"({span[1]}"
