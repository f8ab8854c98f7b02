import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from detectors.features import names
from detectors.labels import Cohort, Examples
from detectors.models import MEMBERS
from streams import examples as wire
from streams.examples import BLOCK_ROWS, blocks, decode, examples_of

MONTH = 2018 * 12
WIDTH = len(names())
PORTFOLIO = np.random.default_rng(9).integers(0, 99, (WIDTH, 256))


def made(size: int, seed: int = 0) -> Examples:
    random = np.random.default_rng(seed)
    codes = random.integers(0, 256, (size, WIDTH)).astype(np.uint8)
    members = random.normal(size=(size, len(MEMBERS))).astype(np.float32)
    cohort = Cohort(MONTH, np.arange(size, dtype=np.uint32), codes, members, random.normal(size=size))
    return Examples(cohort, random.random(size) < 0.1)


@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 5), st.just(len(MEMBERS))),
        elements=st.floats(width=32, allow_infinity=False),
    ),
    st.data(),
)
def test_numbers_come_back_exactly(
    members: np.ndarray[tuple[int, int], np.dtype[np.float32]], data: st.DataObject
) -> None:
    size = len(members)
    codes = data.draw(arrays.arrays(np.uint8, (size, WIDTH)))
    numbers = data.draw(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=size, max_size=size))
    sirens = np.array(data.draw(st.lists(st.integers(0, 999_999_999), min_size=size, max_size=size)), np.uint32)
    cohort = Cohort(MONTH, sirens, codes, members, np.array(numbers))
    labels = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)), bool)
    (block,) = [decode(b) for b in blocks(3, MONTH, Examples(cohort, labels), PORTFOLIO)]
    back = examples_of(block)
    assert (block.partition, block.last, block.names) == (3, True, names())
    assert back.cohort.month == MONTH
    assert back.cohort.sirens.tolist() == sirens.tolist()
    assert back.cohort.codes.tobytes() == codes.tobytes()
    assert back.cohort.codes.dtype == np.uint8
    assert back.cohort.members.tobytes() == members.tobytes()
    assert back.cohort.members.dtype == np.float32
    assert block.portfolio is not None
    assert np.array_equal(block.portfolio.open(), PORTFOLIO)
    assert back.cohort.logits.tolist() == numbers
    assert back.labels.tolist() == labels.tolist()


@pytest.mark.parametrize("size", [1, BLOCK_ROWS, BLOCK_ROWS + 1, 2 * BLOCK_ROWS + 1])
def test_a_cohort_travels_in_blocks_the_last_one_marked(size: int) -> None:
    whole = made(size)
    cut = [decode(b) for b in blocks(0, MONTH, whole, PORTFOLIO)]
    assert [block.sirens.shape[0] for block in cut] == [BLOCK_ROWS] * ((size - 1) // BLOCK_ROWS) + [
        (size - 1) % BLOCK_ROWS + 1
    ]
    assert [block.last for block in cut] == [False] * (len(cut) - 1) + [True]
    # What the portfolio is like is told once, with the last one.
    assert [block.portfolio is not None for block in cut] == [block.last for block in cut]
    for name in ("sirens", "codes", "members", "logits"):
        together = np.concatenate([getattr(examples_of(b).cohort, name) for b in cut])
        assert together.tobytes() == getattr(whole.cohort, name).tobytes()
    assert np.concatenate([examples_of(b).labels for b in cut]).tolist() == whole.labels.tolist()


def test_nobody_to_answer_for_is_told_too() -> None:
    (block,) = [decode(b) for b in blocks(2, MONTH, None, PORTFOLIO)]
    assert (block.partition, block.cohort, block.last, block.sirens.shape) == (2, "2018-01", True, (0,))
    assert len(examples_of(block).cohort) == len(examples_of(block).labels) == 0
    assert block.portfolio is not None
    (without,) = [decode(b) for b in blocks(2, MONTH, None, None)]
    assert without.portfolio is None


@pytest.mark.parametrize("data", [b"", b"null", b"{}", b'{"partition": 1}', b"\xff"])
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        wire.decode(data)


def test_a_block_of_another_format_is_refused() -> None:
    (block,) = [decode(b) for b in blocks(0, MONTH, made(3), PORTFOLIO)]
    other = msgspec.msgpack.encode(msgspec.structs.replace(block, format=1))
    with pytest.raises(msgspec.DecodeError, match="format 1, this version of Vigie reads format 2"):
        decode(other)


def test_without_a_firm_the_others_are_as_they_were() -> None:
    first, last = blocks(2, MONTH, made(BLOCK_ROWS + 3), PORTFOLIO)
    assert wire.without(last, 5) is last
    assert wire.without(last, 123_456_789) is last
    left, whole = decode(wire.without(first, 5)), decode(first)
    stays = whole.sirens.open() != 5
    assert stays.sum() == BLOCK_ROWS - 1
    for name in ("sirens", "labels", "codes", "members", "logits"):
        assert getattr(left, name).open().tobytes() == getattr(whole, name).open()[stays].tobytes()
    assert examples_of(left).cohort.month == MONTH
    alone = wire.without(next(blocks(2, MONTH, made(1), PORTFOLIO)), 0)
    assert (decode(alone).sirens.shape, decode(alone).last) == ((0,), True)
    assert decode(alone).portfolio == decode(last).portfolio
    with pytest.raises(msgspec.DecodeError):
        wire.without(b"no block", 5)
