"""Numbers come back from their squeezed bytes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.squeeze import MOST_KINDS, Numbers, Squeezer, pieces_of, readable


def pieces(squeezer: Squeezer, numbers: Numbers, counts: list[int]) -> list[bytes]:
    return pieces_of([squeezer.squeeze(numbers, np.array(counts))])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(1, 14), min_size=1, max_size=MOST_KINDS),
    st.lists(st.integers(0, 4), min_size=1, max_size=8),
    st.floats(0, 1),
    st.integers(0, 10**6),
    st.binary(max_size=5),
)
def test_numbers_come_back(kinds: list[int], held: list[int], share: float, seed: int, before: bytes) -> None:
    rng, shape = np.random.default_rng(seed), (sum(kinds), sum(held))
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
    assert again.tolist() == numbers.tolist()
    assert [whole[a:b] for a, b in zip(ends.tolist(), stops.tolist(), strict=True)] == [b"rest"] * len(held)


def test_a_piece_depends_on_its_own_group_alone() -> None:
    numbers = np.random.default_rng(1).integers(0, 1 << 20, (5, 6), np.uint64)
    squeezer = Squeezer([2, 3])
    together = pieces(squeezer, numbers, [1, 0, 3, 2])
    assert together == [
        *pieces(squeezer, numbers[:, :1], [1]), b"", *pieces(squeezer, numbers[:, 1:4], [3]),
        *pieces(squeezer, numbers[:, 4:], [2]),
    ]  # fmt: skip


def test_zeros_cost_a_bit_each() -> None:
    (piece,) = pieces(Squeezer([70, 2]), np.zeros((72, 10), np.uint64), [10])
    assert len(piece) == 2 + 10 * 9


def test_numbers_of_a_kind_cost_the_bits_of_the_largest() -> None:
    numbers = np.zeros((16, 1), np.uint64)
    numbers[:8, 0], numbers[8, 0] = range(1, 9), 2**64 - 1
    (piece,) = pieces(Squeezer([8, 8]), numbers, [1])
    assert len(piece) == 2 + 2 + 8 * 4 // 8 + 8
