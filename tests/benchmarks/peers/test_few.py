"""The reduced work one by one: what it comes to in columns, row by row and alert by alert."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.peers import columns, few, reduced
from benchmarks.peers.columns import Columns, VectorJudge
from tests.benchmarks.peers.test_columns import REFERENCE, SENT, found, some

THRESHOLD = 0.5


@given(st.lists(st.integers(1, 2 * reduced.FEW), min_size=1, max_size=8), st.integers(0, 10))
def test_rows_and_alerts_are_those_of_columns(sizes: list[int], back: int) -> None:
    """Whole batches of any size, some events of each delivered before."""
    one, many = (Columns(), VectorJudge()), (Columns(), VectorJudge())
    start = 0
    for size in sizes:
        batch = some(slice(max(0, start - back), start + size))
        changed, alerts = few.step(*one, THRESHOLD, batch)
        by_columns, alerts_by_columns = columns.step(*many, THRESHOLD, batch)
        assert sorted(changed.tolist()) == sorted(by_columns.tolist())
        assert {alert[:2] for alert in alerts} == {alert[:2] for alert in alerts_by_columns}
        for name in columns.FIRM.names or ():
            np.testing.assert_allclose(one[0].firms[name], many[0].firms[name], rtol=1e-12)
        start += size


@pytest.mark.parametrize("size", [1, 3, reduced.FEW, reduced.FEW + 1])
def test_states_are_the_reference_s_in_batches_of_any_size(size: int) -> None:
    firms, judge, alerts = Columns(), VectorJudge(), []
    for start in range(0, len(SENT), size):
        alerts += reduced.step(firms, judge, THRESHOLD, some(slice(start, start + size)))[1]
    assert found(firms) == REFERENCE
    assert len(alerts) > 10


def test_only_what_was_delivered_before_changes_nothing() -> None:
    firms, judge = Columns(), VectorJudge()
    batch = some(slice(5))
    few.step(firms, judge, THRESHOLD, batch)
    before = firms.firms.copy()
    changed, alerts = few.step(firms, judge, THRESHOLD, batch)
    assert (len(changed), alerts) == (0, [])
    assert firms.firms.tobytes() == before.tobytes()
