import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from detectors.features import names
from detectors.labels import Cohort, Examples
from streams import examples as wire
from streams.examples import BLOCK_ROWS, blocks, decode, examples_of

MONTH = 2018 * 12
WIDTH = len(names())


def made(size: int, seed: int = 0) -> Examples:
    random = np.random.default_rng(seed)
    features = random.normal(size=(size, WIDTH)).astype(np.float32)
    cohort = Cohort(MONTH, np.arange(size, dtype=np.uint32), features, random.normal(size=size))
    return Examples(cohort, random.random(size) < 0.1)


@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 5), st.just(WIDTH)),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
    ),
    st.data(),
)
def test_numbers_come_back_exactly(
    features: np.ndarray[tuple[int, int], np.dtype[np.float32]], data: st.DataObject
) -> None:
    size = len(features)
    numbers = data.draw(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=size, max_size=size))
    sirens = np.array(data.draw(st.lists(st.integers(0, 999_999_999), min_size=size, max_size=size)), np.uint32)
    cohort = Cohort(MONTH, sirens, features, np.array(numbers))
    labels = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)), bool)
    (block,) = [decode(b) for b in blocks(3, MONTH, Examples(cohort, labels))]
    back = examples_of(block)
    assert (block.partition, block.last, block.names) == (3, True, names())
    assert back.cohort.month == MONTH
    assert back.cohort.sirens.tolist() == sirens.tolist()
    assert back.cohort.features.tobytes() == features.tobytes()
    assert back.cohort.features.dtype == np.float32
    assert back.cohort.logits.tolist() == numbers
    assert back.labels.tolist() == labels.tolist()


@pytest.mark.parametrize("size", [1, BLOCK_ROWS, BLOCK_ROWS + 1, 2 * BLOCK_ROWS + 1])
def test_a_cohort_travels_in_blocks_the_last_one_marked(size: int) -> None:
    whole = made(size)
    cut = [decode(b) for b in blocks(0, MONTH, whole)]
    assert [len(block.sirens) for block in cut] == [BLOCK_ROWS] * ((size - 1) // BLOCK_ROWS) + [
        (size - 1) % BLOCK_ROWS + 1
    ]
    assert [block.last for block in cut] == [False] * (len(cut) - 1) + [True]
    assert np.concatenate([examples_of(b).cohort.features for b in cut]).tobytes() == whole.cohort.features.tobytes()
    assert np.concatenate([examples_of(b).labels for b in cut]).tolist() == whole.labels.tolist()


def test_nobody_to_answer_for_is_told_too() -> None:
    (block,) = [decode(b) for b in blocks(2, MONTH, None)]
    assert (block.partition, block.cohort, block.last, block.sirens) == (2, "2018-01", True, [])


@pytest.mark.parametrize("data", [b"", b"null", b"{}", b'{"partition": 1}', b"\xff"])
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        wire.decode(data)
