import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors.batch import Type, batch_of
from detectors.events import AnyEvent, Clock, Firm
from detectors.reach import Reach
from tests.detectors.strategies import streams

SOURCES = int(Type.FIRM)


@given(streams().filter(bool), st.integers(0, 5), st.sampled_from([0, 736_000, 900_000]))
def test_it_is_the_latest_day_of_each_source_so_far(events: list[AnyEvent], skipped: int, before: int) -> None:
    at = np.array([i for i, e in enumerate(events) if i >= skipped and not isinstance(e, Clock)], np.intp)
    batch = batch_of(events)
    reach = Reach(batch, at, np.full(SOURCES, before, np.int32))
    expected = np.full(SOURCES, before)
    for position in at.tolist():
        event = events[position]
        if not isinstance(event, Firm):
            source = batch.rows["type"][position]
            assert event.known_at is not None
            expected[source] = max(expected[source], event.known_at.toordinal())
        assert reach.after(np.array([position])).tolist() == [expected.tolist()]
    assert reach.end().tolist() == expected.tolist()
    assert reach.after(at[::-1]).tolist() == reach.after(at).tolist()[::-1]
