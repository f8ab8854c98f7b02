import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from detectors.arrays import Array, stored

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
