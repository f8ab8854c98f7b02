"""The reduced work on a partition's batch: in columns, or one by one where they are few."""

from collections.abc import Sequence

from benchmarks.peers import columns, few
from benchmarks.peers.columns import Alert, Columns, Judge, Rows

FEW = 16
"""Up to so many, one by one takes less time than columns."""


def step(
    firms: Columns,
    judge: Judge,
    threshold: float,
    keys: Sequence[bytes],
    values: Sequence[bytes],
    offsets: Sequence[int],
) -> tuple[Rows, list[Alert]]:
    """A batch of records: rows that changed, each once, and alerts. What the state has seen already is left out."""
    work = few.step if len(keys) <= FEW else columns.step
    return work(firms, judge, threshold, keys, values, offsets)
