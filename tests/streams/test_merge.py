import resource
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.events import AnyEvent, DebtCommission, Firm, FirmEvent, Headcount
from streams.errors import StreamsError
from streams.event_columns import table_of
from streams.frames import ORDER, Frames
from streams.merge import Sorter

DAY = date(2018, 1, 30)
Ranked = tuple[FirmEvent, int]


def fact(number: int, days: int | None, rank: int = 0) -> FirmEvent:
    """The kinds of even ranks tell headcounts, those of odd ones decisions; what has no date is of a firm."""
    if days is None:
        return Firm(
            siren=f"{number:09d}", siret=None, known_at=None, name="É" * number, department=None, activity=None,
            active=None, legal_form=None,
        )  # fmt: skip
    day = DAY + timedelta(days)
    if rank % 2:
        return DebtCommission(
            siren=f"{number:09d}", siret=None, known_at=day, account=None, processed_on=day, stage=None, action=None
        )
    return Headcount(siren=f"{number:09d}", siret=None, known_at=day, account=None, month=day, headcount=number)


def added(sorter: Sorter, facts: Iterable[Ranked]) -> None:
    """Add events, those that come together of a type and rank together."""
    for (event, rank), group in groupby(facts, lambda one: (type(one[0]), one[1])):
        sorter.add(rank, event, table_of(event, [one for one, _ in group]))


def events_of(runs: Iterable[Frames]) -> list[AnyEvent]:
    return [event for run in runs for event in run.events()]


facts = st.lists(
    st.one_of(
        st.tuples(st.none(), st.sampled_from([0, 1])),
        st.tuples(st.sampled_from([0, 1, 2, 3, 30, 31, 400]), st.integers(2, 5)),
    ),
    max_size=40,
).map(lambda keys: [(fact(number, days, rank), rank) for number, (days, rank) in enumerate(keys)])


@given(facts, st.integers(1, 50))
@settings(deadline=None)
def test_runs_of_any_size_give_the_order_of_one_stable_sort(arrived: list[Ranked], run: int) -> None:
    with Sorter(run) as sorter:
        added(sorter, arrived)
        runs = list(sorter.merged())
    wanted = sorted(arrived, key=lambda entry: (entry[0].known_at or date.min, entry[1]))
    assert events_of(runs) == [event for event, _ in wanted]


@given(facts, st.integers(1, 50))
@settings(deadline=None)
def test_a_run_is_of_one_month_and_has_each_place_once(arrived: list[Ranked], run: int) -> None:
    with Sorter(run) as sorter:
        added(sorter, arrived)
        runs = list(sorter.merged())
    for one in runs:
        assert {(event.known_at or date.min).replace(day=1) for event in one.events()} == {_month(one)}
        assert sorted(place for table in one.tables.values() for place in table[ORDER]) == list(range(len(one)))
        assert all(table[ORDER].is_sorted() for table in one.tables.values())


def test_a_small_month_is_one_run_and_a_large_one_comes_in_several() -> None:
    with Sorter(10) as sorter:
        added(sorter, [(fact(number, 2 + number % 5), 2) for number in range(10)])
        added(sorter, [(fact(number, 40 + number % 5), 2) for number in range(20)])
        runs = list(sorter.merged())
    assert [len(run) for run in runs[:1]] == [10]
    assert max(len(run) for run in runs) <= 10
    assert sum(len(run) for run in runs) == 30


@pytest.mark.parametrize("days", [None, 2, 3])
def test_a_day_of_more_events_than_memory_holds_comes_in_several_runs(days: int | None) -> None:
    with Sorter(10) as sorter:
        for number in range(100):
            added(sorter, [(fact(number, days), 0)])
        runs = list(sorter.merged())
    assert max(len(run) for run in runs) <= 20
    assert events_of(runs) == [fact(number, days) for number in range(100)]


def test_more_runs_than_a_process_may_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    runs = 500
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, runs - 100), hard))
    try:
        with Sorter(1) as sorter:
            for number in range(runs):
                added(sorter, [(fact(number, runs - number), 0)])
            assert events_of(sorter.merged()) == [fact(number, runs - number) for number in reversed(range(runs))]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_nothing_added_is_nothing() -> None:
    with Sorter(1) as sorter:
        sorter.add(0, Headcount, table_of(Headcount, []))
        assert list(sorter.merged()) == []


@pytest.mark.parametrize("then", [lambda sorter: added(sorter, [(fact(1, 1), 0)]), lambda sorter: [*sorter.merged()]])
def test_a_disk_that_is_full_is_told(monkeypatch: pytest.MonkeyPatch, then: Callable[[Sorter], object]) -> None:
    """When the next events come or, if there are none, when all are asked for."""
    monkeypatch.setattr("streams.merge.tempfile.TemporaryFile", lambda prefix: open("/dev/full", "wb"))  # noqa: SIM115, PTH123  the sorter closes it
    with Sorter(1) as sorter:
        added(sorter, [(fact(1, 1), 0)])
        with pytest.raises(StreamsError, match=r"TMPDIR"):
            then(sorter)


def test_a_temporary_file_that_was_cut_short_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sorter(1) as sorter:
        added(sorter, [(fact(1, 1), 0)])
        monkeypatch.setattr("streams.merge.os.pread", lambda *_: b"")
        with pytest.raises(StreamsError, match="cut short"):
            list(sorter.merged())


def _month(run: Frames) -> date:
    return (run.events()[0].known_at or date.min).replace(day=1)
