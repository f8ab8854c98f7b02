"""Sums that round alike whatever is summed beside them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.sums import in_order


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 200), st.integers(1, 40))
def test_a_column_sums_to_the_same_alone_and_among_others(seed: int, rows: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    parts = rng.normal(size=(rows, columns)) * 10.0 ** rng.integers(-8, 8, (rows, columns))
    together = in_order(parts)
    for column in range(columns):
        total = 0.0
        for value in parts[:, column].tolist():
            total += value
        assert together[column] == in_order(np.ascontiguousarray(parts[:, [column]]))[0] == total
