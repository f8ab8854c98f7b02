import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import turns as module
from detectors.turns import turns


def worked(rows: list[int], days: list[int] | None = None) -> list[tuple[list[int], list[bool]]]:
    known = np.array(days if days is not None else [1] * len(rows), np.int32)
    return [(turn.at.tolist(), turn.new_day.tolist()) for turn in turns(np.array(rows, np.intp), known)]


def test_every_firms_first_event_then_every_firms_second() -> None:
    assert [at for at, _ in worked([3, 1, 3, 2, 3, 1])] == [[1, 3, 0], [5, 2], [4]]
    assert worked([]) == []


def test_a_firms_events_of_one_day_are_told_from_those_of_the_next() -> None:
    found = dict(
        pair for at, new in worked([3, 1, 3, 1, 3, 3], [5, 5, 5, 6, 7, 7]) for pair in zip(at, new, strict=True)
    )
    assert found == {0: True, 2: False, 4: True, 5: False, 1: True, 3: True}


@given(st.lists(st.integers(0, 6), max_size=60), st.integers(1, 5))
def test_each_event_once_after_the_firms_earlier_ones(rows: list[int], together: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "TOGETHER", together)
        found = [at for at, _ in worked(rows)]
    assert sorted(position for at in found for position in at) == list(range(len(rows)))
    assert all(len(at) <= together for at in found)
    for firm in set(rows):
        assert [p for at in found for p in at if rows[p] == firm] == [p for p, row in enumerate(rows) if row == firm]
    assert all(len({rows[p] for p in at}) == len(at) for at in found)


def test_a_firm_of_more_events_than_16_bits_count() -> None:
    assert [at for at, _ in worked([4] * 70_000)] == [[position] for position in range(70_000)]
