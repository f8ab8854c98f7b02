"""How long a worker's event loop stands still at a model swap.

    python -m benchmarks.stalls --model model.bin       # of `vigie replay --model-out`

Prints a Markdown table of many swaps. Making ready is decoding a record of vigie.models and making its tables; while a
thread does it, the loop goes on, and the longest time between two of its turns is told.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np

from detectors import models
from detectors.chain import Chain
from detectors.models import Scorer
from streams.models_topic import made_ready

PARTITIONS = 8


async def longest_pause(work: Callable[[], Awaitable[object]]) -> float:
    """Seconds that the loop did not turn for, at most, while `work` is done."""
    task = asyncio.ensure_future(work())
    longest, before = 0.0, time.perf_counter()
    while not task.done():
        await asyncio.sleep(0)
        now = time.perf_counter()
        longest, before = max(longest, now - before), now
    return longest


def swap(chains: list[Chain], ready: Scorer) -> float:
    """Seconds that it takes to score all these partitions with another model."""
    began = time.perf_counter()
    for chain in chains:
        chain.scorer = ready
    return time.perf_counter() - began


async def measured(record: bytes, repeats: int) -> list[tuple[str, list[float]]]:
    """What was done, and the seconds of each time."""

    async def here() -> None:
        made_ready(record)

    chains = [Chain(models.prior()) for _ in range(PARTITIONS)]
    ready = made_ready(record)
    return [
        (f"swap of {PARTITIONS} partitions", [swap(chains, ready) for _ in range(repeats)]),
        ("idle loop", [await longest_pause(lambda: asyncio.sleep(0.02)) for _ in range(repeats)]),
        ("making ready in a thread", [await longest_pause(_in_thread(record)) for _ in range(repeats)]),
        ("making ready on the loop", [await longest_pause(here) for _ in range(repeats)]),
    ]


def _in_thread(record: bytes) -> Callable[[], Awaitable[object]]:
    return lambda: asyncio.to_thread(made_ready, record)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=100)
    given = parser.parse_args()
    record = given.model.read_bytes()
    print("| pause of the event loop | median ms | p90 ms | longest ms |", "|---|---|---|---|", sep="\n")
    for name, seconds in asyncio.run(measured(record, given.repeats)):
        values = " | ".join(f"{1000 * value:.3f}" for value in np.percentile(seconds, (50, 90, 100)))
        print(f"| {name} | {values} |")


if __name__ == "__main__":
    main()
