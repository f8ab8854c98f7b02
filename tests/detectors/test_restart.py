"""A worker killed anywhere goes on as if nothing had happened: alerts are sent, then state is kept, then offsets.

The worker is written out here as what it leaves behind, in order; it is cut between any two of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import alert as contract
from alerts.alert import Alert
from detectors import pack
from detectors.batch import batch_of
from detectors.chain import Chain, Outcome
from detectors.events import AnyEvent
from detectors.months import month_of
from detectors.pack import Record
from tests.detectors.making import JANUARY, clock, debt, headcount, on
from tests.detectors.running import Run, alerts_of, new_chain, state
from tests.detectors.strategies import cuts, streams

Effect = Alert | tuple[int, tuple[int, ...]] | Record | int
"""An alert, an answered cohort (month and labels), a record of the changelog, or the offset committed."""


def effects(chain: Chain, events: Sequence[AnyEvent], edges: Sequence[int], start: int) -> Iterator[Effect]:
    """What a worker that starts at offset `start` leaves behind, in the order of its promises."""
    stops = sorted({edge for edge in edges if edge > start} | {len(events)})
    for stop in stops:
        batch = batch_of(events[start:stop], np.arange(start, stop))
        for outcome in chain.step(batch):
            yield from alerts_of(chain, outcome, start)
            if outcome.examples is not None:
                yield outcome.examples.cohort.month, tuple(outcome.examples.labels.tolist())
            if outcome.cohort is not None:
                yield from pack.cohort_records(outcome.cohort)
            if outcome.examples is not None:
                yield from pack.answered_records(outcome.examples.cohort)
            yield from pack.firm_records(chain.panel, outcome.changed)
            yield pack.clock_record(chain)
        start = stop
        yield start


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

    def recovered(self) -> Chain:
        chain = new_chain()
        pack.load(chain, self.records)
        return chain


@settings(max_examples=60, deadline=None)
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
