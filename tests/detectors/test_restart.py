"""A worker killed anywhere goes on as if nothing had happened: alerts are sent, then state is kept, then offsets.

The worker is written out here as what it leaves behind, in order; it is cut between any two of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import alert as contract
from alerts.alert import Alert
from detectors import pack
from detectors.batch import batch_of
from detectors.chain import Chain, Live
from detectors.events import AnyEvent
from detectors.models import prior
from detectors.months import month_of
from detectors.outcome import Outcome
from detectors.pack import Record
from tests.detectors.making import JANUARY, clock, debt, headcount, on
from tests.detectors.running import EAGER, Run, alerts_of, new_chain, state
from tests.detectors.strategies import cuts, streams

Effect = Alert | tuple[int, tuple[int, ...]] | Record | int
"""An alert, an answered cohort (month and labels), a record of the changelog, or the offset committed."""


def effects(chain: Chain, events: Sequence[AnyEvent], edges: Sequence[int], start: int) -> Iterator[Effect]:
    """What a worker that starts at offset `start` leaves behind, in the order of its promises."""
    stops = sorted({edge for edge in edges if edge > start} | {len(events)})
    for stop in stops:
        batch = batch_of(events[start:stop], np.arange(start, stop))
        for outcome in chain.step(batch):
            yield from alerts_of(outcome, start)
            if outcome.examples is not None:
                yield outcome.examples.cohort.month, tuple(outcome.examples.labels.tolist())
            if outcome.cohort is not None:
                yield from pack.cohort_records(outcome.cohort)
            if outcome.examples is not None:
                yield from pack.answered_records(outcome.examples.cohort.month, outcome.answered)
            yield from pack.firm_records(chain.panel, outcome.changed)
            yield pack.clock_record(chain.time)
        start = stop
        yield start


def live_effects(
    chain: Chain, events: Sequence[AnyEvent], edges: Sequence[int], start: int, at_hand: Sequence[int]
) -> Iterator[Effect]:
    """The same of a worker whose month ends are spread and whose firms are archived.

    What a month end changes is kept as it goes on, what events change after it begun when all of it is kept, then the
    offset. After each batch as many firms stay at hand as `at_hand` says, in turn, and so many firms are closed.
    """
    live = _Live(chain)
    stops = sorted({edge for edge in edges if edge > start} | {len(events)})
    for stop, most in zip(stops, cycle(at_hand), strict=False):
        live.start = start
        for outcome in chain.step(batch_of(events[start:stop], np.arange(start, stop))):
            yield from live.told(outcome)
        for _ in range(most if stop < len(events) else len(events)):
            if chain.month_end is not None:
                for outcome in chain.close_some():
                    yield from live.told(outcome)
                if not chain.month_end.left:
                    yield from live.told(chain.finish())
        start = stop
        if chain.month_end is None:
            yield from live.changed()
            yield pack.clock_record(chain.time)
            chain.firms.let_go(most)
            yield start


class _Live:
    """What a live worker keeps in mind."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.start = 0
        self._began = 0
        self._ending = False
        self._changed = np.zeros(0, np.intp)

    def told(self, outcome: Outcome) -> Iterator[Effect]:
        end = self.chain.month_end
        if end is not None and not self._ending:
            self._began = self.start
        self._ending = end is not None
        yield from alerts_of(outcome, self._began if outcome.kept is not None else self.start)
        if outcome.examples is not None:
            yield outcome.examples.cohort.month, tuple(outcome.examples.labels.tolist())
            yield from pack.answered_records(outcome.examples.cohort.month, outcome.answered)
        if outcome.kept is not None:
            yield from pack.part_records(outcome.kept)
            yield from self.chain.firms.records(outcome.panel, outcome.changed)
        elif outcome.time is not None:
            yield pack.clock_record(outcome.time)
        else:
            self._changed = np.union1d(self._changed, outcome.changed)

    def changed(self) -> Iterator[Effect]:
        rows, self._changed = self._changed, np.zeros(0, np.intp)
        yield from self.chain.firms.records(self.chain.panel, rows)


@dataclass
class Kept:
    """What outlives a worker."""

    alerts: dict[str, bytes] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    committed: int = 0

    def take(self, effect: Effect) -> None:
        if isinstance(effect, Alert):
            sent = contract.encode(effect)
            # Sent again after a restart, an alert is the same to the last byte.
            assert self.alerts.setdefault(effect.id, sent) == sent
        elif isinstance(effect, int):
            self.committed = effect
        elif isinstance(effect[0], bytes):
            self.records.append((effect[0], effect[1]))

    def recovered(self, spread: int | None = None) -> Chain:
        chain = new_chain() if spread is None else Chain(prior(), EAGER, Live(spread))
        pack.load(chain, self.records)
        return chain


@settings(max_examples=25, deadline=None)
@given(st.data(), streams())
def test_a_worker_killed_anywhere_loses_and_doubles_nothing(data: st.DataObject, events: list[AnyEvent]) -> None:
    whole = Run().take_all(events)
    kept = Kept()
    for _ in range(data.draw(st.integers(1, 3))):
        life = effects(kept.recovered(), events, data.draw(cuts(len(events))), kept.committed)
        for _, effect in zip(range(data.draw(st.integers(0, 40))), life, strict=False):
            kept.take(effect)
    chain = kept.recovered()
    for effect in effects(chain, events, data.draw(cuts(len(events))), kept.committed):
        kept.take(effect)
    assert kept.alerts == {alert.id: contract.encode(alert) for alert in whole.alerts}
    assert state(chain) == state(whole.chain)
    assert state(kept.recovered()) == state(whole.chain)


@settings(max_examples=25, deadline=None)
@given(st.data(), streams(), st.integers(1, 3), st.lists(st.integers(0, 3), min_size=1, max_size=5))
def test_a_worker_that_spreads_its_month_ends_loses_and_doubles_nothing(
    data: st.DataObject, events: list[AnyEvent], spread: int, at_hand: list[int]
) -> None:
    """Whatever is killed, spread, archived and put back: what comes out is what one chain in one go comes to."""
    whole = Run().take_all(events)
    kept = Kept()
    for _ in range(data.draw(st.integers(1, 3))):
        edges = data.draw(cuts(len(events)))
        life = live_effects(kept.recovered(spread), events, edges, kept.committed, at_hand)
        for _, effect in zip(range(data.draw(st.integers(0, 60))), life, strict=False):
            kept.take(effect)
    chain = kept.recovered(spread)
    for effect in live_effects(chain, events, data.draw(cuts(len(events))), kept.committed, at_hand):
        kept.take(effect)
    assert kept.alerts == {alert.id: contract.encode(alert) for alert in whole.alerts}
    assert len(chain.firms) == len(whole.chain.panel)
    assert state(chain) == state(whole.chain)
    assert state(kept.recovered()) == state(whole.chain)


def test_every_cut_of_a_month_end_among_several_firms() -> None:
    """Exhaustively: a sweep of three firms, with alerts, kept cohorts and answers, cut at every place."""
    sirens = ("000000007", "552100554", "732829320")
    events: list[AnyEvent] = [headcount(s, month=JANUARY - 1) for s in sirens]
    for k in range(6):
        events += [
            debt(s, known_at=on(JANUARY + k, 10 + n), employee_share=30_000.0 * (n + k), version=k, sequence="1",
                 period_start=on(JANUARY - 1, 1), period_end=on(JANUARY, 1))
            for n, s in enumerate(sirens)
        ]  # fmt: skip
    events.append(clock(on(JANUARY + 8, 1)))
    whole = Run().take_all(events)
    assert len(whole.examples) > 3
    assert len(whole.alerts) > 3
    total = sum(1 for _ in effects(new_chain(), events, [7, 14], 0))
    for cut in range(total):
        kept = Kept()
        for _, effect in zip(range(cut), effects(new_chain(), events, [7, 14], 0), strict=False):
            kept.take(effect)
        chain, answers = kept.recovered(), dict[int, tuple[int, ...]]()
        for effect in effects(chain, events, [5, 9, 16], kept.committed):
            kept.take(effect)
            if isinstance(effect, tuple) and isinstance(effect[0], int):
                answers[effect[0]] = effect[1]
        assert kept.alerts.keys() == {alert.id for alert in whole.alerts}, cut
        assert state(chain) == state(whole.chain), cut
        expected = {month: tuple(labels) for month, _, labels, _ in whole.examples}
        assert answers.items() <= expected.items(), cut


def ended(chain: Chain, clocks: Sequence[AnyEvent]) -> Outcome:
    """What the first month end came to."""
    return next(outcome for outcome in chain.step(batch_of(clocks, np.array([99]))) if outcome.scores is not None)


def test_a_month_end_cut_anywhere_tells_of_the_whole_portfolio() -> None:
    """Also where every firm was done before, and nobody is left to be scored again."""
    sirens = ("000000007", "552100554", "732829320")
    events: list[AnyEvent] = [headcount(s, month=JANUARY - 1) for s in sirens]
    ending = [clock(on(JANUARY + 1, 1))]
    whole = ended(Run().take_all(events).chain, ending)
    assert whole.portfolio is not None
    assert (whole.portfolio.sum(axis=1) == 3).all()
    assert whole.cohort is not None
    for done in range(4):
        before = Run().take_all(events).chain
        kept = list(state(before).items())
        outcome = ended(before, ending)
        kept += pack.cohort_records(whole.cohort)
        kept += pack.firm_records(before.panel, outcome.changed[:done])
        chain = new_chain()
        pack.load(chain, kept)
        again = ended(chain, ending)
        assert again.portfolio is not None
        assert np.array_equal(again.portfolio, whole.portfolio), done


def test_the_clock_does_not_go_back_with_a_recovered_state() -> None:
    run = Run().take_all([headcount(), clock(on(JANUARY + 4, 1))])
    kept = list(state(run.chain).items())
    chain = new_chain()
    pack.load(chain, kept)
    assert (chain.day, chain.swept) == (run.chain.day, JANUARY + 3)
    assert month_of(on(JANUARY + 4, 1)) == chain.swept + 1
    assert Run(chain).take([clock(on(JANUARY + 4, 20))], 2).scores == []
