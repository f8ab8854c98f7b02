"""Answered examples and a month's portfolio on their way from the scorers to the trainer, as MessagePack.

At each month end a partition sends the cohort that is answered then, as blocks, the last one marked; with that one goes
what its share of the portfolio is like. A partition that had nobody to answer for still sends a last block: the trainer
waits for every partition before it learns a month.
"""

from collections.abc import Iterator

import msgspec
import numpy as np

from detectors.arrays import Array, stored
from detectors.features import names
from detectors.labels import Cohort, Examples
from detectors.models import MEMBERS
from detectors.month_scores import MonthScores
from detectors.months import month_text, parse_month
from detectors.portfolio import Counts

BLOCK_ROWS = 1_000
FORMAT = 2


class StoredScores(msgspec.Struct, frozen=True):
    """`month_scores.MonthScores` as they travel."""

    departments: tuple[str, ...]
    firms: Array
    rises: Array
    followed: int
    openings: int


class ExampleBlock(msgspec.Struct, frozen=True):
    """Some answered firms of one partition's cohort; arrays have one row a firm, as `labels.Examples` says."""

    format: int
    partition: int
    cohort: str
    """The month at whose end they were scored, YYYY-MM."""
    last: bool
    """Whether this is the partition's last block of the cohort."""
    names: tuple[str, ...]
    sirens: Array
    labels: Array
    codes: Array
    members: Array
    logits: Array
    portfolio: Array | None
    """How many firms had each code of each feature at the end of the month that answers; with the last block."""
    scores: StoredScores | None = None
    """What the scores given then were like; with the last block."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(ExampleBlock)


def blocks(
    partition: int, month: int, examples: Examples | None, portfolio: Counts | None, scores: MonthScores | None = None
) -> Iterator[bytes]:
    """The blocks of a partition's cohort of `month`, in order."""
    answered = examples or _nobody(month)
    size = len(answered.labels)
    for start in range(0, max(size, 1), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        cohort, last = answered.cohort.rows(rows), start + BLOCK_ROWS >= size
        yield _encoder.encode(
            ExampleBlock(
                FORMAT,
                partition,
                month_text(month),
                last,
                names(),
                stored(cohort.sirens, "<u4"),
                stored(answered.labels[rows], "|b1"),
                stored(cohort.codes, "|u1"),
                stored(cohort.members, "<f4"),
                stored(cohort.logits, "<f8"),
                stored(portfolio, "<u4") if last and portfolio is not None else None,
                _stored_scores(scores) if last and scores is not None else None,
            )
        )


def decode(data: bytes) -> ExampleBlock:
    """A block from its bytes. Raises msgspec.DecodeError on anything else, a block of another format included."""
    block = _decoder.decode(data)
    if block.format != FORMAT:
        raise msgspec.ValidationError(f"it has format {block.format}, this version of Vigie reads format {FORMAT}")
    return block


def without(data: bytes, siren: int) -> bytes:
    """A block's bytes without a firm; the very same where that is not in it. Raises as `decode` does.

    What the block says of the whole portfolio, in counts, stays.
    """
    block = decode(data)
    stays = block.sirens.open() != siren
    if stays.all():
        return data
    of_rows = {name: getattr(block, name) for name in ("sirens", "labels", "codes", "members", "logits")}
    kept = {name: stored(array.open()[stays], array.dtype) for name, array in of_rows.items()}
    return _encoder.encode(msgspec.structs.replace(block, **kept))


def examples_of(block: ExampleBlock) -> Examples:
    """The block's rows, exactly as they were scored. Raises ValueError where they do not fit together."""
    size = block.sirens.shape
    fitting = (size, size, (*size, len(block.names)), (*size, len(MEMBERS)), size)
    if tuple(a.shape for a in (block.sirens, block.labels, block.codes, block.members, block.logits)) != fitting:
        raise ValueError("its arrays are of different firms")
    cohort = Cohort(
        parse_month(block.cohort),
        block.sirens.open(),
        block.codes.open(),
        block.members.open(),
        block.logits.open(),
    )
    return Examples(cohort, block.labels.open())


def scores_of(block: ExampleBlock) -> MonthScores | None:
    """What the partition's scores of the month were like; with its last block alone."""
    of = block.scores
    if of is None:
        return None
    firms, rises = (array.open().astype(np.int64) for array in (of.firms, of.rises))
    return MonthScores(of.departments, firms, rises, of.followed, of.openings)


def _stored_scores(scores: MonthScores) -> StoredScores:
    return StoredScores(
        scores.departments,
        stored(scores.firms, "<u4"),
        stored(scores.rises, "<u4"),
        scores.followed,
        scores.openings,
    )


def _nobody(month: int) -> Examples:
    cohort = Cohort(
        month,
        np.zeros(0, np.uint32),
        np.zeros((0, len(names())), np.uint8),
        np.zeros((0, len(MEMBERS)), np.float32),
        np.zeros(0),
    )
    return Examples(cohort, np.zeros(0, bool))
