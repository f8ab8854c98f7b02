"""Numbers come back from their squeezed bytes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.squeeze import MOST_KINDS, Numbers, Plain, Squeezed, Squeezer, pieces_of, readable


def pieces(squeezer: Squeezer, numbers: Numbers, counts: list[int]) -> list[bytes]:
    """The pieces of numbers (rows, columns), which are given without the columns of zeros behind."""
    return pieces_of([Squeezed(squeezer, padded(squeezer, numbers), np.array(counts))])


def padded(squeezer: Squeezer, numbers: Numbers) -> Numbers:
    return np.pad(numbers, ((0, 0), (0, squeezer.columns - numbers.shape[1])))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(1, 14), min_size=1, max_size=MOST_KINDS),
    st.lists(st.integers(0, 4), min_size=1, max_size=8),
    st.floats(0, 1),
    st.integers(0, 10**6),
    st.binary(max_size=5),
)
def test_numbers_come_back(kinds: list[int], held: list[int], share: float, seed: int, before: bytes) -> None:
    rng, shape = np.random.default_rng(seed), (sum(held), sum(kinds))
    numbers = rng.integers(0, 2**64, shape, np.uint64)
    numbers >>= rng.integers(0, 64, shape, np.uint64)
    numbers[rng.random(shape) < 0.1] = 2**64 - 1
    numbers[rng.random(shape) < share] = 0
    squeezer = Squeezer(kinds)
    found = pieces(squeezer, numbers, held)
    assert [bool(piece) for piece in found] == [bool(count) for count in held]
    values = [before + piece + b"rest" for piece in found]
    whole, stops = b"".join(values), np.cumsum([len(value) for value in values])
    again, ends = squeezer.spread(readable(values), np.append(0, stops[:-1]) + len(before), np.array(held))
    assert again.tolist() == padded(squeezer, numbers).tolist()
    assert [whole[a:b] for a, b in zip(ends.tolist(), stops.tolist(), strict=True)] == [b"rest"] * len(held)


def test_a_piece_depends_on_its_own_group_alone() -> None:
    numbers = np.random.default_rng(1).integers(0, 1 << 20, (6, 5), np.uint64)
    squeezer = Squeezer([2, 3])
    together = pieces(squeezer, numbers, [1, 0, 3, 2])
    assert together == [
        *pieces(squeezer, numbers[:1], [1]), b"", *pieces(squeezer, numbers[1:4], [3]),
        *pieces(squeezer, numbers[4:], [2]),
    ]  # fmt: skip


def test_zeros_cost_a_bit_each() -> None:
    (piece,) = pieces(Squeezer([70, 2]), np.zeros((10, 72), np.uint64), [10])
    assert len(piece) == 2 + 10 * 9


def test_numbers_of_a_kind_cost_the_bits_of_the_largest() -> None:
    numbers = np.zeros((1, 16), np.uint64)
    numbers[0, :8], numbers[0, 8] = range(1, 9), 2**64 - 1
    (piece,) = pieces(Squeezer([8, 8]), numbers, [1])
    assert len(piece) == 2 + 2 + 8 * 4 // 8 + 8


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=5), st.integers(0, 10**6))
def test_a_piece_is_its_parts_one_after_the_other(held: list[tuple[int, int, int]], seed: int) -> None:
    rng, squeezers = np.random.default_rng(seed), [Squeezer([1, 2]), Squeezer([9]), Squeezer([1] * MOST_KINDS)]
    parts: list[Plain | Squeezed] = [Plain(np.arange(len(held), dtype=np.uint8), np.ones(len(held), np.int64))]
    for squeezer, counts in zip(squeezers, np.array(held).T, strict=True):
        numbers = np.zeros((counts.sum(), squeezer.columns), np.uint64)
        numbers[:, 0] = rng.integers(0, 2**64, len(numbers), np.uint64)
        parts.append(Squeezed(squeezer, numbers, counts))
    of_parts = zip(*(pieces_of([part]) for part in parts[1:]), strict=True)
    assert pieces_of(parts) == [bytes([i]) + b"".join(some) for i, some in enumerate(of_parts)]
