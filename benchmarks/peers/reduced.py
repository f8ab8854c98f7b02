"""The reduced work on a partition's batch: in columns, or one by one where they are few."""

from benchmarks.peers import columns, few
from benchmarks.peers.columns import Alert, Batch, Columns, Judge, Rows

FEW = 16
"""Up to so many, one by one takes less time than columns."""


def step(firms: Columns, judge: Judge, threshold: float, batch: Batch) -> tuple[Rows, list[Alert]]:
    """A batch of records: rows that changed, each once, and alerts. What the state has seen already is left out."""
    work = few.step if len(batch.keys) <= FEW else columns.step
    return work(firms, judge, threshold, batch)
