"""Batches made of columns are those made of events, in every number and key."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.batch import Batch, batch_of
from detectors.events import AnyEvent, Firm, Headcount, PaymentDelay
from streams import ingest
from streams.batch_frames import batch_of_frames
from streams.partners import KINDS
from streams.report import Report
from streams.simulate import World, simulate
from tests.detectors import making
from tests.detectors.strategies import streams
from tests.streams.partner_events import EVENTS
from tests.streams.running_frames import frames_of


def assert_same(batch: Batch, expected: Batch) -> None:
    for name in expected.rows.dtype.names or ():
        assert batch.rows[name].tolist() == expected.rows[name].tolist(), name
    assert batch.keys.tolist() == expected.keys.tolist()
    assert batch.offsets is None
    told, wanted = batch.references, expected.references
    assert list(told.names) == list(wanted.names)
    for field in ("positions", "departments", "activities", "divisions"):
        found = getattr(told, field)
        assert found.dtype == getattr(wanted, field).dtype
        assert found.tolist() == getattr(wanted, field).tolist()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_type_as_partners_tell_it(kind: str) -> None:
    @settings(deadline=None)
    @given(st.lists(EVENTS[kind], min_size=1, max_size=6))
    def check(events: list[AnyEvent]) -> None:
        assert_same(batch_of_frames(frames_of(events)), batch_of(events))

    check()


@settings(deadline=None)
@given(streams().filter(bool))
def test_types_among_each_other(events: list[AnyEvent]) -> None:
    run = frames_of(events)
    batch = batch_of_frames(run)
    assert_same(batch, batch_of(events))
    assert batch.events.at(range(len(events))) == list(run.events())


@given(st.lists(st.floats(-1e12, 1e12) | st.integers(-(10**6), 10**6).map(lambda n: n / 200), min_size=1))
def test_amounts_are_rounded_as_python_rounds(amounts: list[float]) -> None:
    events = [making.debt(employee_share=amount, employer_share=-amount) for amount in amounts]
    assert_same(batch_of_frames(frames_of(events)), batch_of(events))


@given(st.lists(st.text(max_size=64), min_size=1, max_size=5))
def test_keys_of_any_text_and_length(accounts: list[str]) -> None:
    events = [making.debt(account=account) for account in accounts]
    assert_same(batch_of_frames(frames_of(events)), batch_of(events))


def test_dates_far_apart() -> None:
    events = [making.debt(period_start=date(1, 1, 1)), making.debt(period_end=date(9999, 12, 31))]
    assert_same(batch_of_frames(frames_of(events)), batch_of(events))


@pytest.mark.parametrize("department", [None, "2A", "974"])
@pytest.mark.parametrize("activity", [None, "", "62.01Z", "É2.01Z", "¹2.3", "123456789012345"])
@pytest.mark.parametrize("name", [None, "", "Étoile"])
def test_reference_data(department: str | None, activity: str | None, name: str | None) -> None:
    events: list[AnyEvent] = [
        making.clock(date(2018, 1, 1)),
        making.firm(name=name, department=department, activity=activity),
    ]
    assert_same(batch_of_frames(frames_of(events)), batch_of(events))


def test_events_of_a_simulated_world(tmp_path: Path) -> None:
    simulate(tmp_path, World(firms=60, months=18), 3)
    count, types = 0, set[type]()
    for run in ingest.frames([tmp_path], Report(), today=date(2026, 1, 1)):
        events = run.events()
        batch = batch_of_frames(run)
        assert_same(batch, batch_of(events))
        cited = [*range(0, len(events), 97), 0]
        assert batch.events.at(cited) == [events[position] for position in cited]
        count += len(events)
        types.update(map(type, events))
    assert count > 4_000
    assert types >= {PaymentDelay, Headcount, Firm}


def test_there_is_no_event_outside_the_run() -> None:
    batch = batch_of_frames(frames_of([making.debt(), making.headcount()]))
    with pytest.raises(KeyError):
        batch.events.at([2])
    assert batch.events.at([]) == []
