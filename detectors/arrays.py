"""Arrays on the wire: type, shape and bytes, so that numbers come back exactly."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray


class Array(msgspec.Struct, frozen=True, array_like=True):
    """An array as it is stored; little-endian."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes

    def open(self) -> NDArray[Any]:
        """The array. Raises ValueError where bytes and shape do not fit."""
        return np.frombuffer(self.data, np.dtype(self.dtype)).reshape(self.shape)


def stored(array: NDArray[Any], dtype: str) -> Array:
    """An array to be stored as that type."""
    return Array(dtype, array.shape, np.ascontiguousarray(array, dtype).tobytes())
