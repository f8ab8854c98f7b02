"""Rows of any type come back from their squeezed bytes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.squeeze import spread, squeeze

TYPES = (
    np.dtype([("a", "<i8"), ("b", "u1"), ("c", "<f8", 3)]),
    np.dtype([("a", "u1")]),
    np.dtype([("a", "<i8", 70), ("b", "S3")]),
)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(TYPES),
    st.lists(st.integers(0, 4), min_size=1, max_size=8),
    st.floats(0, 1),
    st.integers(0, 10**6),
    st.binary(max_size=5),
)
def test_rows_come_back(dtype: np.dtype[np.void], held: list[int], share: float, seed: int, before: bytes) -> None:
    rng, counts = np.random.default_rng(seed), np.array(held)
    blank = np.frombuffer(rng.bytes(dtype.itemsize), dtype)[0]
    rows = np.array([blank] * sum(held), dtype)
    raw = rows.view(np.uint8).reshape(len(rows), dtype.itemsize) if len(rows) else np.zeros((0, 1), np.uint8)
    noise = rng.random(raw.shape) < share
    raw[noise] = rng.integers(0, 256, noise.sum())
    pieces = squeeze(rows, blank, counts)
    assert len(pieces) == len(held)
    values = [before + piece + b"rest" for piece in pieces]
    again, ends = spread(values, np.full(len(held), len(before)), blank, counts)
    assert again.tobytes() == rows.tobytes()
    assert [value[end:] for value, end in zip(values, ends.tolist(), strict=True)] == [b"rest"] * len(held)


def test_what_is_blank_costs_a_bitmap() -> None:
    dtype = TYPES[2]
    blank = np.zeros(1, dtype)[0]
    (piece,) = squeeze(np.zeros(10, dtype), blank, np.array([10]))
    assert len(piece) == 10 * 9
