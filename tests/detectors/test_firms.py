"""Firms at hand and firms that are records: what is known of one does not depend on where it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import firm_record
from detectors.archive import Archive
from detectors.batch import batch_of
from detectors.chain import Chain, Live
from detectors.events import AnyEvent
from detectors.firms import Firms
from detectors.models import prior
from detectors.panel import Panel
from tests.detectors.applying import facts
from tests.detectors.making import JANUARY, headcount
from tests.detectors.running import EAGER, Run
from tests.detectors.strategies import streams
from tests.detectors.test_upgrades import OLDER, records_of

A, B, C = 732829320, 552100554, 7


def sirens(*numbers: int) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    return np.array(numbers, np.uint32)


def heads(firms: Firms, siren: int, hundredths: int, offset: int = 0) -> None:
    """A firm that has so many employees, and has seen this event."""
    row = firms.rows_of(sirens(siren))
    firms.panel.firms["heads_of_firm"][row] = hundredths
    firms.panel.firms["heads_month"][row] = JANUARY
    firms.panel.firms["offset"][row] = offset


def written(firms: Firms) -> dict[bytes, bytes]:
    return dict(firms.records(firms.panel, np.arange(len(firms.panel))))


def test_a_firm_that_was_let_go_of_comes_back_as_it_was_and_others_stay_away() -> None:
    firms = Firms(Archive())
    for siren, number in ((A, 1_000), (B, 2_000), (C, 3_000)):
        heads(firms, siren, number)
    assert len(firms) == 3
    before = written(firms)
    firms.let_go(most=3)
    assert len(firms.panel) == 3
    firms.let_go(most=2)
    assert (len(firms), len(firms.panel)) == (3, 0)
    rows = firms.rows_of(sirens(B, A, B))
    assert firms.panel.firms["heads_of_firm"][rows].tolist() == [2_000, 1_000, 2_000]
    assert (len(firms), len(firms.panel)) == (3, 2)
    assert written(firms) == {key: before[key] for key in (b"%09d" % A, b"%09d" % B)}


def test_a_firm_nobody_knows_is_made_and_counted_once() -> None:
    firms = Firms(Archive())
    firms.rows_of(sirens(A, A, B))
    assert (len(firms), firms.sirens().tolist()) == (2, sorted((A, B)))
    written(firms)
    firms.let_go(0)
    firms.rows_of(sirens(A, C))
    assert (len(firms), firms.sirens().tolist()) == (3, sorted((A, B, C)))
    written(firms)
    assert len(firms) == 3


def test_aside_they_change_nothing_until_they_are_written() -> None:
    firms = Firms(Archive())
    for siren in (A, B):
        heads(firms, siren, 1_000)
    written(firms)
    firms.let_go(0)
    aside = firms.aside(sirens(A, B))
    assert len(firms.panel) == 0
    aside.firms["heads_of_firm"][: len(aside)] = 5_000
    assert firms.aside(sirens(A)).firms["heads_of_firm"][0] == 1_000
    assert len(list(firms.records(aside, aside.rows_of(sirens(A))))) == 1
    assert [firms.aside(sirens(siren)).firms["heads_of_firm"][0] for siren in (A, B)] == [5_000, 1_000]
    assert len(firms) == 2


def test_without_an_archive_all_stay_at_hand() -> None:
    firms = Firms()
    firms.rows_of(sirens(A, B))
    written(firms)
    firms.let_go(0)
    assert (len(firms), len(firms.panel), firms.sirens().tolist()) == (2, 2, sorted((A, B)))


@pytest.mark.parametrize("at_once", [True, False])
def test_of_recovered_records_the_newest_counts_whatever_their_order(at_once: bool) -> None:
    records = list[tuple[int, bytes]]()
    for offset, number in ((5, 1_000), (9, 2_000), (7, 3_000), (9, 4_000)):
        firms = Firms(Archive())
        heads(firms, A, number, offset)
        records += [(int(key), value) for key, value in written(firms).items()]
    firms = Firms(Archive())
    for some in [records] if at_once else [[record] for record in records]:
        firms.take_back(sirens(*(siren for siren, _ in some)), [value for _, value in some])
    # Of equal ones the last.
    assert firms.panel.firms["heads_of_firm"][firms.rows_of(sirens(A))].tolist() == [4_000]
    assert len(firms) == 1


@pytest.mark.parametrize(("mine", "theirs", "expected"), [(5, 9, 2_000), (9, 5, 1_000)])
def test_a_partition_that_was_anothers_for_a_while_goes_on_from_the_newer_of_both(
    mine: int, theirs: int, expected: int
) -> None:
    """A worker that was cut off keeps what it has at hand, and reads what was written meanwhile."""
    firms, other = Firms(Archive()), Firms(Archive())
    heads(firms, A, 1_000, mine)
    heads(other, A, 2_000, theirs)
    heads(other, B, 3_000, theirs)
    records = written(other)
    firms.take_back(sirens(*map(int, records)), list(records.values()))
    assert firms.panel.firms["heads_of_firm"][firms.rows_of(sirens(A, B))].tolist() == [expected, 3_000]
    written(firms)
    firms.let_go(0)
    assert firms.panel.firms["heads_of_firm"][firms.rows_of(sirens(A, B))].tolist() == [expected, 3_000]
    assert len(firms) == 2


@OLDER
def test_records_of_an_older_format_are_written_anew(format: int) -> None:
    old = [(int(key), value) for key, value in records_of(format) if key.isdigit() and value is not None]
    firms = Firms(Archive())
    firms.take_back(sirens(*(siren for siren, _ in old)), [value for _, value in old])
    panel = Panel()
    firm_record.put_back(panel, [value for _, value in old])
    firms.rows_of(firms.sirens())
    assert facts(firms.panel) == facts(panel)
    assert firms.archive is not None
    assert {value[0] for value in firms.archive.at(range(len(firms)))} == {firm_record.FORMAT}


@settings(max_examples=12, deadline=None)
@given(streams(), st.sets(st.integers(0, 60)))
def test_letting_go_at_any_moments_changes_nothing_of_what_comes_out(events: list[AnyEvent], moments: set[int]) -> None:
    whole = Run().take_all(events)
    run = Run(Chain(prior(), EAGER, Live(2)))
    for n, event in enumerate(events):
        for outcome in run.chain.step(batch_of([event], np.array([n]))):
            run.note(outcome, n)
            if outcome.kept is not None:
                list(run.chain.firms.records(outcome.panel, outcome.changed))
        if n in moments:
            written(run.chain.firms)
            run.chain.firms.let_go(0)
    assert run.seen() == whole.seen()


def test_nothing_taken_back_is_nothing() -> None:
    firms = Firms(Archive())
    firms.take_back(sirens(), [])
    assert (len(firms), firms.sirens().tolist()) == (0, [])


def test_an_event_makes_a_firm_that_an_archive_does_not_know() -> None:
    run = Run(Chain(prior(), EAGER, Live(2)))
    run.take([headcount()], 0)
    assert len(run.chain.firms) == 1
