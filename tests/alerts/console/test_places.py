import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.console.places import START, read, written
from alerts.routing import QUEUES
from detectors.errors import UnusableInput

ids = st.builds(lambda ms, number: f"{ms}-{number}", st.integers(0, 2**63), st.integers(0, 2**63))


@given(st.dictionaries(st.sampled_from(QUEUES), ids), st.sets(st.sampled_from(QUEUES)))
def test_back_and_forth(places: dict[str, str], others: set[str]) -> None:
    queues = tuple({*places, *others})
    assert read(written(places), queues) == dict.fromkeys(queues, START) | places
    assert read(written(places), tuple(others)) == {queue: places.get(queue, START) for queue in others}


@pytest.mark.parametrize("text", ["x", "21@", "21@1-2,", "21@1-2,71", "21@-1-2", "21@1-2\n", "21@" + "1" * 30 + "-0"])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(UnusableInput):
        read(text, ("21",))
