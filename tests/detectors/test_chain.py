"""The chain: what comes out depends on the events and their order, not on how they were cut or how often they came."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import chain as chain_module
from detectors.events import AnyEvent, Clock
from detectors.months import first_day, last_day
from detectors.rings import NEVER
from tests.detectors.making import (
    JANUARY,
    SIREN,
    clock,
    contribution,
    debt,
    firm,
    headcount,
    on,
    proceeding,
)
from tests.detectors.running import EAGER, Run, state
from tests.detectors.shifting import shifted
from tests.detectors.strategies import cuts, streams

OTHER = "552100554"


def employer(siren: str = SIREN) -> list[AnyEvent]:
    """A firm of forty that pays, known from January on."""
    return [
        headcount(siren, month=JANUARY - 1, heads=40),
        *(contribution(siren, month=JANUARY - k, due=20_000.0, paid=20_000.0, known_at=on(JANUARY, 2)) for k in (3, 2)),
    ]


def owes(siren: str, known_at: date, amount: float, version: int = 1, sequence: str = "1") -> AnyEvent:
    return debt(
        siren, known_at=known_at, employee_share=amount, employer_share=amount, version=version, sequence=sequence,
        period_start=date(2017, 12, 1), period_end=date(2018, 1, 1),
    )  # fmt: skip


MODERATE, STRONG = 60_000.0, 400_000.0
"""Debts (of each share) that put such a firm at moderate and at strong risk."""


def story(run: Run) -> list[tuple[str, str, str, str]]:
    """Alerts in short: firm, day, kind and level."""
    return [(a.siren, a.as_of.isoformat(), a.kind, a.tier) for a in run.alerts]


# What must not matter


@settings(max_examples=35, deadline=None)
@given(st.data(), streams())
def test_batch_boundaries_change_nothing(data: st.DataObject, events: list[AnyEvent]) -> None:
    whole = Run().take_all(events)
    assert Run().take_all(events, data.draw(cuts(len(events)))).seen() == whole.seen()


@settings(max_examples=60, deadline=None)
@given(streams())
def test_one_event_at_a_time_comes_to_the_same(events: list[AnyEvent]) -> None:
    """In a batch of its own every event is decided; among others those that change nothing on a day are not."""
    assert Run().take_all(events, range(len(events))).seen() == Run().take_all(events).seen()


@settings(max_examples=25, deadline=None)
@given(st.data(), streams())
def test_redelivery_changes_nothing(data: st.DataObject, events: list[AnyEvent]) -> None:
    reached = data.draw(st.integers(0, len(events)))
    again_from = data.draw(st.integers(0, reached))
    run = Run().take(events[:reached], 0)
    before = run.seen()
    run.take(events[again_from:reached], again_from)
    assert run.seen() == before
    run.take(events[again_from:], again_from)
    assert run.seen() == Run().take_all(events).seen()


@settings(max_examples=15, deadline=None)
@given(streams())
def test_without_offsets_the_same_comes_out(events: list[AnyEvent]) -> None:
    """Replay has no offsets; its alerts, scores and examples are the worker's."""
    live, replay = Run().take_all(events), Run().take_all(events, offsets=False)
    assert (replay.alerts, replay.scores, replay.examples) == (live.alerts, live.scores, live.examples)


@settings(max_examples=12, deadline=None)
@given(streams())
def test_a_sweep_in_parts_is_a_sweep(events: list[AnyEvent]) -> None:
    whole = Run().take_all(events).seen()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chain_module, "SWEEP_ROWS", 1)
        assert Run().take_all(events).seen() == whole


@settings(max_examples=20, deadline=None)
@given(streams())
def test_alerts_explain_their_change_and_come_in_order(events: list[AnyEvent]) -> None:
    run = Run().take_all(events)
    for alert in run.alerts:
        rise = np.log(alert.probability / (1 - alert.probability)) - np.log(
            alert.previous_probability / (1 - alert.previous_probability)
        )
        assert sum(theme.contribution for theme in alert.themes) == pytest.approx(rise, abs=1e-7)
        assert (alert.tier != alert.previous_tier) == (alert.kind != "jump")
    offsets = [alert.source.offset for alert in run.alerts]
    assert offsets == sorted(offsets)


def test_the_streams_of_these_tests_come_to_something() -> None:
    """Properties over silent streams would hold of any chain."""
    kinds: set[str] = set()
    answered: set[bool] = set()
    examples = 0

    @settings(max_examples=60, deadline=None, database=None, derandomize=True)
    @given(streams())
    def watch(events: list[AnyEvent]) -> None:
        nonlocal examples
        run = Run().take_all(events)
        kinds.update(alert.kind for alert in run.alerts)
        examples += len(run.examples)
        answered.update(label for _, _, labels, _ in run.examples for label in labels)

    watch()
    assert kinds == {"raised", "jump", "lowered"}
    assert answered == {True, False}
    assert examples > 200


def test_the_order_in_which_firms_came_does_not_show_at_a_month_end() -> None:
    """Rows of the panel are given as firms come; what comes out is in the order of the SIRENs."""
    high, low = "999999999", "000000007"
    firms = [*employer(high), *employer(low), owes(low, on(JANUARY), STRONG), owes(high, on(JANUARY), STRONG)]
    events = [*firms, *(owes(s, on(JANUARY, 20), 0.0, version=2) for s in (low, high)), clock(on(JANUARY + 2, 1))]
    whole, single = Run().take_all(events), Run().take_all(events, range(len(events)))
    assert whole.seen() == single.seen()
    assert [sirens for _, sirens, *_ in single.scores] == [[int(low), int(high)]] * 2
    assert [a.siren for a in single.alerts if a.kind == "lowered"] == [low, high]


# Time


def test_a_month_ends_between_the_events_that_it_parts() -> None:
    """What is known on the last day counts for the month, what is known on the first day of the next does not."""
    before, after = on(JANUARY + 1, 28), on(JANUARY + 2, 1)
    small = Run().take_all([*employer(), clock(before), owes(SIREN, after, STRONG)])
    large = Run().take_all([*employer(), owes(SIREN, before, STRONG), clock(after)])
    (month, _, (low,), _), (same_month, _, (high,), _) = small.scores[-1], large.scores[-1]
    assert month == same_month == JANUARY + 1
    assert low < 0.1 < 0.3 < high


def test_clock_events_end_months_where_nothing_happens() -> None:
    run = Run().take_all([*employer(), clock(on(JANUARY + 1, 1)), clock(on(JANUARY + 1, 2)), clock(on(JANUARY + 2, 1))])
    assert [month for month, *_ in run.scores] == [JANUARY, JANUARY + 1]
    assert all(sirens == [int(SIREN)] for _, sirens, *_ in run.scores)


def test_several_months_passed_at_once_end_one_by_one() -> None:
    steps = [clock(first_day(JANUARY + k)) for k in range(1, 8)]
    at_once = Run().take_all([*employer(), owes(SIREN, on(JANUARY), STRONG), steps[-1]], offsets=False)
    one_by_one = Run().take_all([*employer(), owes(SIREN, on(JANUARY), STRONG), *steps], offsets=False)
    assert [month for month, *_ in at_once.scores] == list(range(JANUARY, JANUARY + 7))
    assert at_once.scores == one_by_one.scores
    assert [a.id for a in at_once.alerts] == [a.id for a in one_by_one.alerts]
    assert state(at_once.chain) == state(one_by_one.chain)


def test_a_month_end_says_which_event_ended_it() -> None:
    """A month that ends for want of payments: the level is lowered by the clock event, and named after it."""
    paid = owes(SIREN, on(JANUARY, 20), 0.0, version=2)
    events = [*employer(), owes(SIREN, on(JANUARY), STRONG), paid, clock(on(JANUARY + 1, 7)), clock(on(JANUARY + 2, 5))]
    run = Run().take_all(events)
    assert story(run) == [(SIREN, "2018-01-15", "raised", "strong"), (SIREN, "2018-02-28", "lowered", "none")]
    assert run.alerts[-1].causes == [{"type": "clock", "known_at": "2018-03-01"}]
    assert run.alerts[-1].source.offset == len(events) - 1


def test_reference_data_alone_start_no_clock() -> None:
    run = Run().take_all([firm(name="A"), firm(OTHER, department="75")])
    assert (run.chain.day, run.chain.swept, run.scores, run.alerts) == (0, NEVER, [], [])
    run.take([debt(known_at=on(JANUARY))], 2)
    assert (run.chain.swept, run.scores) == (JANUARY - 1, [])
    run.take([clock(on(JANUARY + 1))], 3)
    assert [(month, sirens) for month, sirens, *_ in run.scores] == [(JANUARY, [int(SIREN)])]


def test_a_chain_may_start_in_the_first_month_of_all() -> None:
    run = Run().take_all([headcount(known_at=date(1980, 1, 1), month=1979 * 12 + 11), clock(date(1980, 3, 1))])
    assert [month for month, *_ in run.scores] == [1980 * 12, 1980 * 12 + 1]


def test_a_chain_of_clocks_alone_has_nothing_to_score() -> None:
    run = Run().take_all([clock(on(JANUARY + k)) for k in range(3)])
    assert [(month, sirens) for month, sirens, *_ in run.scores] == [(JANUARY, []), (JANUARY + 1, [])]
    assert run.chain.pending == {}


def test_a_late_event_counts_from_now_on_and_moves_no_clock() -> None:
    late = owes(SIREN, on(JANUARY - 6), STRONG)
    events = [*employer(), clock(on(JANUARY + 2, 10)), late, clock(on(JANUARY + 3, 1))]
    run = Run().take_all(events)
    assert story(run) == [(SIREN, "2018-03-10", "raised", "strong")]
    assert run.chain.day == on(JANUARY + 3, 1).toordinal()
    assert [month for month, *_ in run.scores] == [JANUARY, JANUARY + 1, JANUARY + 2]
    assert run.scores[1][2][0] < 0.1 < run.scores[2][2][0]


def test_sources_tell_how_far_each_reached_at_that_event() -> None:
    events = [*employer(), owes(SIREN, on(JANUARY), STRONG), headcount(OTHER, month=JANUARY + 3)]
    (alert,) = Run().take_all(events).alerts
    assert {s.source: s.known_to for s in alert.sources} == {
        "headcount": on(JANUARY, 1),
        "contribution": on(JANUARY, 2),
        "payment-delay": on(JANUARY),
    }


# Decisions


def test_a_firm_with_several_events_in_a_batch_is_decided_after_each() -> None:
    """A debt that comes and goes within a batch was a debt all the same."""
    comes_and_goes = [
        owes(SIREN, on(JANUARY, 10), MODERATE),
        owes(SIREN, on(JANUARY, 11), STRONG, version=2),
        owes(SIREN, on(JANUARY, 12), 0.0, version=3),
    ]
    run = Run().take_all([*employer(), *comes_and_goes])
    assert story(run) == [(SIREN, "2018-01-10", "raised", "moderate"), (SIREN, "2018-01-11", "raised", "strong")]
    assert [alert.causes[0]["version"] for alert in run.alerts] == [1, 2]


def test_an_alert_tells_of_its_firm_as_it_was_known_at_its_event() -> None:
    """What the same batch says later of its name and department is another event's."""
    events = [*employer(), owes(SIREN, on(JANUARY, 10), STRONG), firm(SIREN, name="LATER", department="21")]
    (alert,) = Run().take_all(events).alerts
    assert (alert.name, alert.department) == (None, None)


def test_alerts_come_in_the_order_of_their_events_whatever_the_turn() -> None:
    """The second event of one firm before the first of another: its alert comes first too."""
    two = [owes(SIREN, on(JANUARY, 10), MODERATE), owes(SIREN, on(JANUARY, 11), STRONG, version=2)]
    run = Run().take_all([*employer(), *employer(OTHER), *two, owes(OTHER, on(JANUARY, 11), STRONG)])
    assert [(a.siren, a.tier) for a in run.alerts] == [(SIREN, "moderate"), (SIREN, "strong"), (OTHER, "strong")]


def test_a_firm_that_comes_back_is_compared_with_one_of_which_nothing_is_known() -> None:
    """Out of the perimeter at a month end, a firm is forgotten: level, usual score and what it was compared with."""
    heads = [headcount(month=JANUARY + k, heads=h) for k, h in ((0, 5), (2, 40))]
    events = [
        *employer(), owes(SIREN, on(JANUARY), STRONG), clock(on(JANUARY + 1, 1)), heads[0],
        clock(on(JANUARY + 2, 1)), heads[1], owes(SIREN, on(JANUARY + 3, 2), STRONG, version=2),
    ]  # fmt: skip
    first, second = Run().take_all(events).alerts
    assert (second.kind, second.previous_tier, second.tier) == ("raised", "none", "strong")
    base = 1 / (1 + np.exp(3.3))
    assert first.previous_probability == pytest.approx(base)
    assert second.previous_probability == pytest.approx(base)


def test_firms_do_not_wait_for_each_other() -> None:
    mixed = [*employer(), *employer(OTHER)]
    mixed += [owes(s, on(JANUARY, 10 + k), STRONG, k) for k in range(3) for s in (SIREN, OTHER, SIREN)]
    run = Run().take_all(mixed)
    alone = {s: Run().take_all([e for e in mixed if not isinstance(e, Clock) and e.siren == s]) for s in (SIREN, OTHER)}
    for siren, own in alone.items():
        assert [a.id for a in run.alerts if a.siren == siren] == [a.id for a in own.alerts]
        assert state(run.chain)[siren.encode()] is not None


def test_a_firm_in_a_proceeding_is_neither_scored_nor_alerted() -> None:
    events = [*employer(), proceeding(known_at=on(JANUARY)), owes(SIREN, on(JANUARY, 20), STRONG)]
    run = Run().take_all([*events, clock(on(JANUARY + 2, 1))])
    assert run.alerts == []
    assert [sirens for _, sirens, *_ in run.scores] == [[], []]


def test_a_firm_at_risk_that_enters_a_proceeding_is_told_of_once_and_not_scored() -> None:
    events = [*employer(), owes(SIREN, on(JANUARY, 15), STRONG), proceeding(known_at=on(JANUARY, 20))]
    run = Run().take_all([*events, owes(SIREN, on(JANUARY, 25), STRONG), clock(on(JANUARY + 2, 1))])
    assert story(run) == [(SIREN, "2018-01-15", "raised", "strong"), (SIREN, "2018-01-20", "lowered", "none")]
    evidence = {item.field: item.value for item in run.alerts[1].evidence}
    assert evidence["in_proceeding"] == 1.0
    assert "in_proceeding" not in {item.field for item in run.alerts[0].evidence}
    assert [sirens for _, sirens, *_ in run.scores] == [[], []]


def test_a_cohort_is_answered_when_its_horizon_has_passed_and_not_before() -> None:
    horizon = EAGER.horizon
    opened = proceeding(known_at=last_day(JANUARY + horizon), effective_on=last_day(JANUARY + horizon))
    events = [*employer(), *employer(OTHER), clock(on(JANUARY + 1, 1)), opened]
    run = Run().take_all(events)
    assert run.examples == []
    assert set(run.chain.pending) == {JANUARY, JANUARY + 1, JANUARY + 2}
    run.take([clock(on(JANUARY + horizon + 1, 1))], len(events))
    assert [(month, sirens, labels) for month, sirens, labels, _ in run.examples] == [
        (JANUARY, [int(OTHER), int(SIREN)], [False, True])
    ]
    assert JANUARY not in run.chain.pending


def test_what_is_learned_from_is_what_was_scored() -> None:
    """The features of a cohort are frozen: what is known later does not change them."""
    quiet = [*employer(), clock(on(JANUARY + 1, 1))]
    later = [owes(SIREN, on(JANUARY + 1, 5), STRONG), clock(on(JANUARY + EAGER.horizon + 1, 1))]
    with_debt, without = Run().take_all([*quiet, *later]), Run().take_all([*quiet, later[-1]])
    assert with_debt.examples[0] == without.examples[0]


def test_another_model_that_moves_everybody_makes_nobody_jump() -> None:
    """Everybody scores higher by two, and so do the levels: no firm has changed."""
    run = Run().take_all([*employer(), *employer(OTHER), *(clock(on(JANUARY + k, 1)) for k in range(1, 6))])
    run.chain.use(shifted(run.chain.scorer.model, 2.0))
    run.take([contribution(OTHER, month=JANUARY + 4, due=20_000.0, paid=20_000.0), clock(on(JANUARY + 8, 1))], 100)
    assert run.alerts == []
    probabilities = [p for _, _, p, _ in run.scores]
    assert min(probabilities[-1]) > 3 * max(probabilities[3])


def test_a_planted_jump_within_a_level_is_told_once() -> None:
    months = [clock(on(JANUARY + k, 1)) for k in range(1, 6)]
    events = [*employer(), owes(SIREN, on(JANUARY, 9), STRONG), *months]
    jump = [owes(SIREN, on(JANUARY + 5, 10 + k), 90_000_000.0 + k, sequence=f"{k}") for k in range(3)]
    run = Run().take_all([*events, *jump])
    assert story(run) == [(SIREN, "2018-01-09", "raised", "strong"), (SIREN, "2018-06-10", "jump", "strong")]


def sequence_of(runs: Sequence[Run]) -> list[list[str]]:
    return [[alert.id for alert in run.alerts] for run in runs]


def test_ids_do_not_depend_on_offsets() -> None:
    events = [*employer(), owes(SIREN, on(JANUARY), STRONG)]
    first, second = Run().take(events, 0), Run().take(events, 5_000)
    assert sequence_of([first]) == sequence_of([second]) != [[]]
