"""Rows of any type come back from their squeezed bytes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.rings import MONTHS
from detectors.squeeze import Squeezer

PLAIN = np.dtype([("a", "<i8"), ("b", "u1"), ("c", "<f8", 3)])
TINY = np.dtype([("a", "u1")])
WIDE = np.dtype([("a", "<i8", 70), ("b", "S3")])
SERIES = np.dtype([("a", "u1"), ("due", "<i8", MONTHS), ("b", "S3"), ("paid", "<i8", MONTHS), ("heads", "<i8", MONTHS)])
TYPES = (PLAIN, TINY, WIDE, SERIES)


def squeezer(blank: np.void) -> Squeezer:
    if blank.dtype != SERIES:
        return Squeezer(blank)
    return Squeezer(blank, alike=(("paid", "due"),), steady=("heads",))


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
    pieces = squeezer(blank).squeeze(rows, counts)
    assert len(pieces) == len(held)
    values = [before + piece + b"rest" for piece in pieces]
    whole, stops = b"".join(values), np.cumsum([len(value) for value in values])
    starts = np.append(0, stops[:-1]) + len(before)
    again, ends = squeezer(blank).spread(np.frombuffer(whole, np.uint8), starts, counts)
    assert again.tobytes() == rows.tobytes()
    assert [whole[a:b] for a, b in zip(ends.tolist(), stops.tolist(), strict=True)] == [b"rest"] * len(held)


def test_what_is_blank_costs_a_bitmap() -> None:
    (piece,) = Squeezer(np.zeros(1, WIDE)[0]).squeeze(np.zeros(10, WIDE), np.array([10]))
    assert len(piece) == 10 * 9


def test_a_number_costs_the_bytes_that_it_has() -> None:
    rows = np.zeros(1, PLAIN)
    rows["a"] = 0x1234
    (piece,) = Squeezer(np.zeros(1, PLAIN)[0]).squeeze(rows, np.array([1]))
    assert len(piece) == 1 + 1 + 2


def test_what_is_as_expected_costs_nothing_more() -> None:
    """Paid as it was due, and heads that stay: the second series is free, the third costs its first month."""
    rows, one = np.zeros(1, SERIES), np.array([1])
    rows["due"] = np.arange(1, MONTHS + 1) << 8
    (unpaid,) = squeezer(np.zeros(1, SERIES)[0]).squeeze(rows, one)
    rows["paid"] = rows["due"]
    (paid,) = squeezer(np.zeros(1, SERIES)[0]).squeeze(rows, one)
    rows["heads"] = 200
    (steady,) = squeezer(np.zeros(1, SERIES)[0]).squeeze(rows, one)
    assert len(paid) <= len(unpaid) - MONTHS
    assert len(paid) < len(steady) <= len(paid) + 2
