from itertools import groupby

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from detectors.arrays import Array, begins, distinct, side_by_side, stored, with_room

shapes = arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4)


@given(st.sampled_from(["|u1", "<u4", "<i8", "<f4", "<f8", "|b1"]), shapes, st.data())
def test_numbers_come_back_exactly(dtype: str, shape: tuple[int, ...], data: st.DataObject) -> None:
    array: NDArray[np.generic] = data.draw(arrays.arrays(np.dtype(dtype), shape))
    wire = msgspec.msgpack.encode(stored(array, dtype))
    back = msgspec.msgpack.decode(wire, type=Array).open()
    assert (back.dtype, back.shape) == (np.dtype(dtype), shape)
    assert back.tobytes() == array.tobytes()


def test_the_layout_in_memory_does_not_show() -> None:
    array = np.arange(6.0).reshape(2, 3)
    assert stored(np.asfortranarray(array), "<f8") == stored(array, "<f8")
    assert stored(array.T, "<f8").open().tolist() == array.T.tolist()


@pytest.mark.parametrize("shape", [(2, 3), (5,), (-2,)])
def test_bytes_that_do_not_fit_their_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"reshape|buffer"):
        Array("<f8", shape, bytes(33)).open()


def test_room_is_made_ahead_more_of_zeros_and_only_where_it_is_needed() -> None:
    array = np.array([1, 2, 3], np.int32)
    assert with_room(array, 3) is array
    assert with_room(array, 4, -1).tolist() == [1, 2, 3, -1, -1, -1]
    assert with_room(array, 4).tolist() == [1, 2, 3, *[0] * 9]
    assert with_room(array, 15).tolist() == [1, 2, 3, *[0] * 12]
    assert with_room(np.ones((1, 2)), 2, 7).tolist() == [[1, 1], [7, 7]]


@given(st.lists(st.integers(0, 9)))
def test_each_number_is_told_once(numbers: list[int]) -> None:
    found = distinct(np.array(numbers, np.int32))
    assert found.tolist() == sorted(set(numbers))
    assert found.dtype == np.int32


def test_fields_side_by_side_are_one() -> None:
    dtype = np.dtype([("first", "u1"), ("owed", "<i8", 2), ("paid", "<i8", 2), ("day", "<i4"), ("until", "<i4")])
    rows = np.zeros(3, dtype)
    rows["owed"], rows["paid"] = np.arange(6).reshape(3, 2), np.arange(6, 12).reshape(3, 2)
    rows["day"], rows["until"] = [1, 2, 3], [4, 5, 6]
    found = rows.view(side_by_side(dtype, amounts=("owed", "paid"), days=("day", "until")))
    assert (found["amounts"] == np.stack([rows["owed"], rows["paid"]], axis=1)).all()
    assert found["days"].tolist() == [[1, 4], [2, 5], [3, 6]]


@pytest.mark.parametrize("names", [("a", "c"), ("b", "a"), ("c", "d")])
def test_fields_that_do_not_follow_each_other_are_not_one(names: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="one after the other"):
        side_by_side(np.dtype([("a", "<i4"), ("b", "<i4"), ("c", "<i4"), ("d", "<u4")]), together=names)


@given(st.lists(st.integers(0, 2)))
def test_runs_begin_with_the_first_number_and_wherever_it_changes(numbers: list[int]) -> None:
    lengths = [len(list(run)) for _, run in groupby(numbers)]
    assert begins(np.array(numbers, np.int32)).tolist() == [i == 0 for length in lengths for i in range(length)]
