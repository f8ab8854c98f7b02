"""Answered examples on their way from the scorers to the trainer, as JSON.

A cohort of a partition travels as blocks, the last one marked. A partition that had nobody to answer for still sends
an empty last block: the trainer waits for every partition before it learns a month.
"""

from collections.abc import Iterator

import msgspec
import numpy as np

from detectors.features import names
from detectors.labels import Cohort, Examples
from detectors.months import month_text, parse_month

BLOCK_ROWS = 1_000


class ExampleBlock(msgspec.Struct, frozen=True):
    """Some answered firms of one partition's cohort; lists have one item a firm, `features` one number a feature."""

    partition: int
    cohort: str
    """The month at whose end they were scored, YYYY-MM."""
    last: bool
    """Whether this is the partition's last block of the cohort."""
    names: tuple[str, ...]
    sirens: list[int]
    labels: list[bool]
    logits: list[float]
    features: list[list[float]]


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(ExampleBlock)


def blocks(partition: int, month: int, examples: Examples | None) -> Iterator[bytes]:
    """The blocks of a partition's cohort of `month`, in order."""
    columns = names()
    if examples is None:
        yield _encoder.encode(ExampleBlock(partition, month_text(month), True, columns, [], [], [], []))
        return
    cohort, size = examples.cohort, len(examples.labels)
    for start in range(0, size, BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        yield _encoder.encode(
            ExampleBlock(
                partition,
                month_text(month),
                start + BLOCK_ROWS >= size,
                columns,
                cohort.sirens[rows].tolist(),
                examples.labels[rows].tolist(),
                cohort.logits[rows].tolist(),
                cohort.features[rows].tolist(),
            )
        )


def decode(data: bytes) -> ExampleBlock:
    """A block from its JSON. Raises msgspec.DecodeError on anything else."""
    return _decoder.decode(data)


def examples_of(block: ExampleBlock) -> Examples:
    """The block's rows, exactly as they were scored."""
    width = len(block.names)
    cohort = Cohort(
        parse_month(block.cohort),
        np.array(block.sirens, np.uint32),
        np.array(block.features, np.float32).reshape(-1, width),
        np.array(block.logits),
    )
    return Examples(cohort, np.array(block.labels, bool))
