"""The benchmark of pauses, on a model that has learned nothing."""

import asyncio
import time

from benchmarks.stalls import longest_pause, measured
from detectors import models


def test_every_piece_of_work_is_measured() -> None:
    rows = asyncio.run(measured(models.encode(models.prior()), repeats=2))
    assert [len(seconds) for _, seconds in rows] == [2] * 4
    assert all(value > 0 for _, seconds in rows for value in seconds)


def test_what_blocks_the_loop_is_seen() -> None:
    async def block() -> None:
        time.sleep(0.05)

    assert asyncio.run(longest_pause(block)) >= 0.05
