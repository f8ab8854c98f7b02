import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2

from streams.partitioner import partitions_of


@given(st.lists(st.integers(0, 999_999_999), max_size=50), st.integers(1, 200))
def test_sirens_lie_where_any_client_puts_them(sirens: list[int], partitions: int) -> None:
    """The client's own hash is held against Java's in test_send."""
    found = partitions_of(np.array(sirens, np.uint32), partitions)
    assert found.tolist() == [(murmur2(b"%09d" % siren) & 0x7FFFFFFF) % partitions for siren in sirens]
    assert found.dtype == np.int64


def test_no_firm_at_all() -> None:
    """A batch of which every record was refused."""
    assert partitions_of(np.zeros(0, np.uint32), 8).shape == (0,)
