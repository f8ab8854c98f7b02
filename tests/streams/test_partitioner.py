import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2

from streams.partitioner import partitions_of, partitions_of_keys

SIRENS = st.lists(st.integers(0, 999_999_999), max_size=50)
COUNTS = st.integers(1, 200)


def expected(siren: int, partitions: int) -> int:
    return (murmur2(b"%09d" % siren) & 0x7FFFFFFF) % partitions


@given(SIRENS, COUNTS)
def test_a_column_of_sirens_goes_where_any_client_sends_each(sirens: list[int], partitions: int) -> None:
    found = partitions_of(np.array(sirens, np.uint32), partitions)
    assert found.tolist() == [expected(siren, partitions) for siren in sirens]


def test_no_firm_at_all() -> None:
    """A batch of which every record was refused."""
    assert partitions_of(np.zeros(0, np.uint32), 8).shape == (0,)


@given(SIRENS, COUNTS)
def test_so_do_their_keys(sirens: list[int], partitions: int) -> None:
    keys = [b"%09d" % siren for siren in sirens]
    assert partitions_of_keys(keys, partitions) == [expected(siren, partitions) for siren in sirens]


@given(st.lists(st.binary(min_size=9, max_size=9), min_size=1, max_size=20), COUNTS)
def test_bytes_that_are_no_digits_too(keys: list[bytes], partitions: int) -> None:
    assert partitions_of_keys(keys, partitions) == [(murmur2(key) & 0x7FFFFFFF) % partitions for key in keys]


def test_keys_of_another_length_are_refused() -> None:
    # 8 + 10 bytes: as many as two keys have together.
    with pytest.raises(ValueError, match="9 bytes"):
        partitions_of_keys([b"12345678", b"1234567890"], 8)
