"""What a month's scores were like, on its way to the trainer."""

import msgspec
import numpy as np

from detectors.month_scores import MonthScores
from streams.examples import blocks, decode, scores_of

SCORES = MonthScores(
    ("", "75"), np.arange(512, dtype=np.int64).reshape(2, 256), np.ones((2, 256), np.int64), followed=40, openings=2
)


def test_the_last_block_carries_them_exactly() -> None:
    (data,) = blocks(0, 24_220, None, None, SCORES)
    found = scores_of(decode(data))
    assert found is not None
    assert (found.departments, found.followed, found.openings) == (SCORES.departments, 40, 2)
    assert (found.firms == SCORES.firms).all()
    assert (found.rises == SCORES.rises).all()


def test_a_block_without_them_can_be_read() -> None:
    (data,) = blocks(0, 24_220, None, None)
    fields = msgspec.msgpack.decode(data)
    del fields["scores"]
    assert scores_of(decode(msgspec.msgpack.encode(fields))) is None
