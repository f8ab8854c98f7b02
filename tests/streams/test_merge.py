from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.events import Firm, FirmEvent, Headcount
from streams.errors import StreamsError
from streams.merge import Sorter

DAY = date(2018, 1, 1)


def fact(number: int, days: int | None) -> FirmEvent:
    if days is None:
        return Firm(
            siren=f"{number:09d}", siret=None, known_at=None, name="É" * number, department=None, activity=None,
            active=None, legal_form=None,
        )  # fmt: skip
    day = DAY + timedelta(days)
    return Headcount(siren=f"{number:09d}", siret=None, known_at=day, account=None, month=day, headcount=number)


@given(
    st.lists(st.tuples(st.none() | st.integers(0, 5), st.integers(0, 2)), max_size=40),
    st.integers(1, 50),
)
@settings(deadline=None)
def test_runs_of_any_size_give_the_order_of_one_stable_sort(keys: list[tuple[int | None, int]], run: int) -> None:
    arrived = [(fact(number, days), rank) for number, (days, rank) in enumerate(keys)]
    with Sorter(run) as sorter:
        for event, rank in arrived:
            sorter.add(rank, event)
        merged = list(sorter.merged())
    wanted = sorted(arrived, key=lambda entry: (entry[0].known_at or date.min, entry[1]))
    assert merged == [event for event, _ in wanted]


def test_more_runs_than_a_process_may_open_files() -> None:
    with Sorter(1) as sorter:
        for number in range(3000):
            sorter.add(0, fact(number, 3000 - number))
        assert [event.siren for event in sorter.merged()] == [f"{number:09d}" for number in reversed(range(3000))]


def test_runs_longer_than_what_is_read_at_once() -> None:
    events = [fact(number % 256, None) for number in range(3000)]
    with Sorter(1000) as sorter:
        for event in events:
            sorter.add(0, event)
        assert list(sorter.merged()) == events


def test_a_disk_that_is_full_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.merge.tempfile.TemporaryFile", lambda prefix: open("/dev/full", "wb"))  # noqa: SIM115, PTH123  the sorter closes it
    with Sorter(1) as sorter, pytest.raises(StreamsError, match=r"TMPDIR"):
        sorter.add(0, fact(1, 1))
