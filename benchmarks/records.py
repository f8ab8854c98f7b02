"""How long firms' state records are, and how long they take to be packed and put back.

    python -m benchmarks.records --firms 3000 --months 48 --seed 1

The firms of a simulated world at the end of a replay. Prints a Markdown table of bytes, and microseconds of CPU a firm,
the least of several rounds.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.month_end import replayed
from detectors import models
from detectors.firm_record import firm_records, put_back
from detectors.panel import Panel
from streams.simulate import World, simulate

ROUNDS = 15


def least(work: Callable[[], object], firms: int) -> float:
    """Microseconds of CPU a firm."""
    seconds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds) / firms * 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--firms", type=int, default=3_000)
    parser.add_argument("--months", type=int, default=48)
    parser.add_argument("--failures", type=float, default=World.failures)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=1_000, help="firms packed and put back together")
    given = parser.parse_args()
    with TemporaryDirectory() as name:
        world = World(firms=given.firms, months=given.months, failures=given.failures)
        simulate(Path(name), world, given.seed)
        panel = replayed(Path(name), models.prior()).panel
    rows = np.arange(len(panel))
    lengths = np.array([len(value) for _, value in firm_records(panel, rows)])
    debts, accounts = (np.bincount(of.firms[: len(of)], minlength=len(panel)) for of in (panel.debts, panel.accounts))
    print("| firms | number | median bytes | mean |\n|---|---|---|---|")
    for label, some in (
        ("all", debts >= 0),
        ("one account, at most four debts", (accounts == 1) & (debts <= 4)),
        ("no debt", debts == 0),
        ("five debts", debts == 5),
    ):
        print(f"| {label} | {some.sum()} | {np.median(lengths[some]):.0f} | {lengths[some].mean():.0f} |")
    few = np.random.default_rng(given.seed).permutation(rows)[: given.at_once]
    values = [value for _, value in firm_records(panel, few)]
    packing = least(lambda: list(firm_records(panel, few)), len(few))
    loading = least(lambda: put_back(Panel(), values), len(few))
    print(f"\n{len(few)} firms at once: packed in {packing:.1f} us a firm, put back in {loading:.1f}")


if __name__ == "__main__":
    main()
