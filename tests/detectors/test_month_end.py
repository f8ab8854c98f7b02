"""A month end in pieces: whichever firms are closed when, it comes to the same."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import pack
from detectors.batch import batch_of
from detectors.chain import Chain, Live
from detectors.events import AnyEvent
from detectors.labels import PART_ROWS, cut, whole
from detectors.models import prior
from detectors.outcome import Outcome
from tests.detectors.making import JANUARY, clock, debt, headcount, on, proceeding
from tests.detectors.running import EAGER, state

SIRENS = [f"{n:09d}" for n in range(1, 13)]
KNOWN: list[AnyEvent] = [
    *(headcount(s, month=JANUARY - 1, known_at=on(JANUARY, 2)) for s in SIRENS),
    *(debt(s, known_at=on(JANUARY, 5), employee_share=4_000.0 * n) for n, s in enumerate(SIRENS)),
]


def chain_of(closing_firms: int | None) -> Chain:
    chain = Chain(prior(), EAGER, None if closing_firms is None else Live(closing_firms, first_part=70))
    list(chain.step(batch_of(KNOWN, np.arange(len(KNOWN)))))
    return chain


def taken(chain: Chain, events: Sequence[AnyEvent], offset: int) -> list[Outcome]:
    return list(chain.step(batch_of(events, np.arange(offset, offset + len(events)))))


def goes_on(chain: Chain) -> bool:
    return chain.month_end is not None


def closed(chain: Chain) -> list[Outcome]:
    """What is left of a month end, if one goes on."""
    if chain.month_end is None:
        return []
    seen = list[Outcome]()
    while chain.month_end.left:
        seen += chain.close_some()
    return [*seen, chain.finish()]


def told(outcomes: Sequence[Outcome]) -> set[tuple[str, str, int, float]]:
    return {(d.siren, d.kind, d.tier, d.logit) for o in outcomes for d in o.decisions}


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5), st.lists(st.sampled_from(SIRENS), max_size=8), st.lists(st.booleans(), max_size=8))
def test_it_comes_to_what_it_comes_to_at_once(spread: int, touched: list[str], goes_on: list[bool]) -> None:
    """Events of the next month change firms that are closed and firms that are not, a proceeding among them."""
    later: list[AnyEvent] = [
        proceeding(s, known_at=on(JANUARY + 1, 1) + timedelta(n), effective_on=on(JANUARY, 20)) if n % 2 else
        debt(s, known_at=on(JANUARY + 1, 1) + timedelta(n), employee_share=9e4, sequence="9")
        for n, s in enumerate(touched)
    ]  # fmt: skip
    offset, ending = len(KNOWN), [clock(on(JANUARY + 1, 1))]
    one = chain_of(None)
    end, _ = taken(one, ending, offset)
    rest = [outcome for n, event in enumerate(later) for outcome in taken(one, [event], offset + 1 + n)]
    chain = chain_of(spread)
    seen = taken(chain, ending, offset)
    for n, event in enumerate(later):
        if chain.month_end is not None and (goes_on[n : n + 1] or [False])[0]:
            seen += chain.close_some()
        seen += taken(chain, [event], offset + 1 + n)
    seen += closed(chain)
    assert told(seen) == told([end, *rest])
    (last,) = [o for o in seen if o.time is not None]
    assert end.cohort is not None
    assert last.cohort is not None
    assert last.cohort.sirens.tolist() == end.cohort.sirens.tolist()
    for field in ("codes", "members", "logits"):
        assert getattr(last.cohort, field).tobytes() == getattr(end.cohort, field).tobytes()
    assert last.scores is not None
    assert end.scores is not None
    assert last.scores.tiers.tolist() == end.scores.tiers.tolist()
    assert last.portfolio is not None
    assert end.portfolio is not None
    assert last.portfolio.tolist() == end.portfolio.tolist()
    assert last.month_scores is not None
    assert end.month_scores is not None
    assert last.month_scores.firms.tolist() == end.month_scores.firms.tolist()
    # Every firm was closed once, and stands in one part of the cohort.
    sirens = [o.panel.firms["siren"][o.changed].tolist() for o in seen if o.kept is not None]
    assert sorted(s for some in sirens for s in some) == sorted(map(int, SIRENS))
    assert sum(len(p) for o in seen for p in (o.kept or {}).values()) == len(last.cohort)
    assert [number for o in seen for number in o.kept or {}] == [*range(70, 70 + len(chain.pending[JANUARY]))]


def test_the_time_of_a_month_end_is_that_of_before_the_next_month() -> None:
    chain = chain_of(3)
    taken(chain, [debt(SIRENS[0], known_at=on(JANUARY + 1, 9), sequence="9")], len(KNOWN))
    assert chain.month_end is not None
    while chain.month_end.left:
        list(chain.close_some())
    outcome = chain.finish()
    assert outcome.time is not None
    assert (outcome.time.day, outcome.time.swept) == (on(JANUARY, 5).toordinal(), JANUARY)
    assert chain.day == on(JANUARY + 1, 9).toordinal()


def test_a_model_that_comes_meanwhile_scores_events_and_no_month_end() -> None:
    chain = chain_of(3)
    taken(chain, [clock(on(JANUARY + 1, 1))], len(KNOWN))
    began_with = chain.scorer.model
    chain.use(msgspec.structs.replace(prior(), version="later"))
    (outcome, *_) = list(chain.close_some())
    assert outcome.model is began_with
    (stretch,) = [o for o in taken(chain, [clock(on(JANUARY + 1, 2))], len(KNOWN) + 1) if o.month is None]
    assert stretch.model is chain.scorer.model


def test_a_month_end_that_another_worker_has_done_is_done() -> None:
    """The partition was another's for a while, and comes back with what that one has written."""
    chain, other = chain_of(3), chain_of(3)
    for each in (chain, other):
        taken(each, [clock(on(JANUARY + 1, 1))], len(KNOWN))
    list(chain.close_some())
    written = list[pack.Record]()
    for outcome in closed(other):
        written += pack.part_records(outcome.kept or {})
        written += other.firms.records(outcome.panel, outcome.changed)
    pack.load(chain, written)
    assert goes_on(chain)
    pack.load(chain, [pack.clock_record(other.time)])
    assert not goes_on(chain)
    assert chain.swept == JANUARY
    assert state(chain) == state(other)


def test_parts_of_a_cohort_are_one_by_siren_the_last_of_a_firm_counting() -> None:
    chain = chain_of(None)
    (end, _) = taken(chain, [clock(on(JANUARY + 1, 1))], len(KNOWN))
    assert end.cohort is not None
    size = len(end.cohort)
    again = end.cohort.rows(np.array([2, 0]))
    parts = {9: again, **cut(end.cohort, 4)}
    assert whole(parts).sirens.tolist() == end.cohort.sirens.tolist()
    assert size < PART_ROWS
    assert list(cut(end.cohort, 4)) == [4]


def test_answers_are_those_known_when_the_month_ended() -> None:
    """A proceeding of the month that ends, told of in the next one before all firms are closed, answers nothing yet."""
    late = [proceeding(s, known_at=on(JANUARY + 4, 2), effective_on=on(JANUARY + 3, 20)) for s in SIRENS]
    for closing_firms in (None, 1):
        chain = chain_of(closing_firms)
        taken(chain, [clock(on(JANUARY + 3, 1))], len(KNOWN))
        closed(chain)
        seen = taken(chain, [clock(on(JANUARY + 4, 1)), *late], len(KNOWN) + 1)
        seen += closed(chain)
        (end,) = [o for o in seen if o.time is not None]
        assert end.examples is not None
        assert (end.examples.cohort.month, len(end.examples.labels)) == (JANUARY, len(SIRENS))
        assert not end.examples.labels.any()
        assert end.month_scores is not None
        assert end.month_scores.openings == 0
