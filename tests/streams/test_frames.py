from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.events import AnyEvent, Clock, Headcount
from tests.streams.running_frames import frames_of

DAY = date(2018, 1, 1)


def event(number: int, *, clock: bool) -> AnyEvent:
    if clock:
        return Clock(known_at=DAY)
    return Headcount(siren=f"{number:09d}", siret=None, known_at=DAY, account=None, month=DAY, headcount=1)


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(1, 40))
@settings(deadline=None)
def test_parts_are_the_same_events_in_the_same_order(clocks: list[bool], most: int) -> None:
    events = [event(number, clock=clock) for number, clock in enumerate(clocks)]
    run = frames_of(events)
    assert list(run.events()) == events
    assert len(run) == len(events)
    parts = list(run.parts(most))
    assert [one for part in parts for one in part.events()] == events
    assert all(0 < len(part) <= most for part in parts)
    assert all(table.height for part in parts for table in part.tables.values())
