"""How many events a second each program works through that wait in a topic, and whether its state is right then."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

import redis

from benchmarks.peers import states, whole, work
from benchmarks.peers.contenders import WHOLE, Contender, launch, prepare, told
from benchmarks.peers.events import Sent
from benchmarks.peers.running import attempted, until
from benchmarks.peers.site import SHORT, Site, alert_streams
from streams.topics import EVENTS

THRESHOLD = 0.8
SETTLE_SECONDS = 2.5
"""After the last event until the kill: two commits and more."""
STUCK_SECONDS = 60.0
NOT_COMPARED = "no state"


class TooShort(RuntimeError):
    """There were too few events to measure a rate by."""


@dataclass(frozen=True)
class Run:
    """One repetition; `cpu` seconds and `seconds` from the first event seen done to the last."""

    total: int
    """Events of the topic; `events` are those after the first that were seen done."""
    events: int
    seconds: float
    cpu: float
    peak_mib: float
    alerts: int
    state: str

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    @property
    def cpu_rate(self) -> float:
        """Events a CPU second."""
        return self.events / max(self.cpu, 0.01)


Runs = dict[str, list[Run]]


class Topics:
    """The events of both topics, and what states should come of them."""

    def __init__(self, site: Site, long: Sent, short: int) -> None:
        self._site = site
        self.events = {EVENTS: long, SHORT: long.first(short)}
        self._references: dict[str, dict[str, states.Firm]] = {}
        self._whole: whole.Expected | None = None

    def fill(self) -> None:
        """Make the topics, and send."""
        for topic, events in self.events.items():
            self._site.create(topic)
            self._site.send(topic, events)

    def reference(self, topic: str) -> dict[str, states.Firm]:
        """The states after the events of a topic."""
        if topic not in self._references:
            self._references[topic] = states.reference(work.reference(self.events[topic]))
        return self._references[topic]

    def whole(self) -> whole.Expected:
        """What Vigie's worker should come to."""
        if self._whole is None:
            self._whole = whole.expected(self.events[EVENTS])
        return self._whole


def run(site: Site, topics: Topics, contenders: Sequence[Contender], reps: int, say: Callable[[str], None]) -> Runs:
    """All repetitions, one of each program after the other, then again: what slows the machine slows all."""
    runs: Runs = {contender.name: [] for contender in contenders}
    for rep in range(reps):
        for contender in contenders:
            one = attempted(contender.title, partial(once, site, topics, contender), say)
            if one is None:
                continue
            runs[contender.name].append(one)
            say(
                f"{rep + 1}/{reps} {contender.title}: {one.rate:,.0f} events/s, {one.cpu_rate:,.0f} a CPU s, "
                f"{one.peak_mib:.0f} MiB, {one.alerts} alerts, state {one.state}"
            )
    return {name: some for name, some in runs.items() if some}


def once(site: Site, topics: Topics, contender: Contender) -> Run:
    """One repetition of one program."""
    count = len(topics.events[contender.topic])
    of = told(contender, site, contender.topic, THRESHOLD)
    with redis.Redis.from_url(site.redis) as queue:
        prepare(contender, site, of)
        worker = launch(contender, of)
        try:
            first = until([worker], 1, STUCK_SECONDS)
            if first.done == count:
                raise TooShort(f"{contender.title} had done all {count} events at the first look: give --events more")
            last = until([worker], count, STUCK_SECONDS)
            time.sleep(SETTLE_SECONDS)
            worker.check()
            peak = worker.peak_mib()
        finally:
            worker.stop(gently=contender is WHOLE)
        alerts = sum(queue.xlen(key) for key in alert_streams(queue))
    if contender is WHOLE:
        wanted = topics.whole()
        verdict = str(states.compared(_named(wanted.records), _named(whole.found(site))))
        state = verdict if alerts == wanted.alerts else f"{verdict}, but {alerts} alerts for {wanted.alerts}"
    elif contender.states is None:
        state = NOT_COMPARED
    else:
        state = str(states.compared(topics.reference(contender.topic), contender.states(site, of)))
    return Run(count, last.done - first.done, last.at - first.at, last.cpu - first.cpu, peak, alerts, state)


def _named(records: dict[bytes, bytes | None]) -> dict[str, bytes | None]:
    return {key.decode(): value for key, value in records.items()}


def medians(runs: Iterable[Run]) -> Run:
    """The median of each figure; of the states whatever differs."""
    of = [*runs]
    events = of[0].events
    wrong = [one.state for one in of if one.state.startswith("DIFFERS") or "but" in one.state]
    return Run(
        of[0].total,
        events,
        events / median(one.rate for one in of),
        events / median(one.cpu_rate for one in of),
        median(one.peak_mib for one in of),
        int(median(one.alerts for one in of)),
        wrong[0] if wrong else of[0].state,
    )
