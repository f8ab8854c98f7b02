"""The hash index against a dictionary."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.index import KeyIndex

# Few low bits differ, so that places are fought over; 0 is a key like any other.
keys = st.integers(0, 50) | st.integers(0, 2**64 - 1) | st.sampled_from([2**63, 2**64 - 1, 0])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(keys, max_size=40), max_size=8))
def test_the_index_is_a_dictionary(columns: list[list[int]]) -> None:
    index, expected = KeyIndex(capacity=2), dict[int, int]()
    for column in columns:
        fresh = [key for key in dict.fromkeys(column) if key not in expected]
        rows = np.arange(len(expected), len(expected) + len(fresh))
        index.add(np.array(fresh, np.uint64), rows)
        expected |= dict(zip(fresh, rows.tolist(), strict=True))
        asked = [*expected, *column, 123_456_789]
        assert index.find(np.array(asked, np.uint64)).tolist() == [expected.get(key, -1) for key in asked]
    assert len(index) == len(expected)


def test_it_grows_to_hundreds_of_thousands() -> None:
    index = KeyIndex()
    sirens = np.random.default_rng(1).permutation(10**6)[:300_000].astype(np.uint64)
    for part in np.array_split(np.arange(len(sirens)), 7):
        index.add(sirens[part], part)
    assert np.array_equal(index.find(sirens), np.arange(len(sirens)))
    assert (index.find(sirens + np.uint64(10**6)) == -1).all()


def test_nothing_is_found_in_an_empty_index() -> None:
    assert KeyIndex().find(np.zeros(3, np.uint64)).tolist() == [-1, -1, -1]
    assert KeyIndex().find(np.zeros(0, np.uint64)).shape == (0,)
