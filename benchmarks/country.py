"""Replay at the size of a country: what an event costs, and what a firm takes, as firms grow in number."""

import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import files
from benchmarks.measure import Result, measured
from streams.simulate import World, simulate

SEED = 1
SIZES = (10_000, 100_000, 350_000)
"""A department, a region, all employers of a country with ten employees or more and their like."""
MONTHS = 96


@dataclass(frozen=True)
class Run:
    """A replay of so many firms over so many months."""

    firms: int
    months: int
    result: Result


def runs(sizes: Iterable[int], months: int, learning: bool) -> list[Run]:
    """Replay worlds of these sizes, one after the other: scores to Parquet, alerts to NDJSON, a process each.

    The files of a world (13 kB a firm at 96 months) go under TMPDIR and are removed before the next.
    """
    found = []
    for firms in sizes:
        with tempfile.TemporaryDirectory(prefix="vigie-country-") as name:
            folder = Path(name)
            simulate(folder / "files", World(firms=firms, months=months), SEED)
            for frozen in (True, False) if learning else (True,):
                work = f"{firms:,} firms, {'frozen' if frozen else 'learning'}"
                result = measured(work, "events", files.replay, folder / "files", frozen, folder)
                found.append(Run(firms, months, result))
                print(".", end="", file=sys.stderr, flush=True)
    return found


def table(found: list[Run]) -> str:
    """The runs as Markdown; memory a firm is the peak without what the process took before it began."""
    lines = [
        "| replay | events | seconds | events/s | firm-months/s | CPU s | CPU us/event | peak MiB | bytes/firm |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for run in found:
        r = run.result
        grown = (r.peak_mib - r.base_mib) * (1 << 20) / run.firms
        lines.append(
            f"| {r.name} | {r.count:,} | {r.seconds:,.0f} | {r.count / r.seconds:,.0f} "
            f"| {run.firms * run.months / r.seconds:,.0f} | {r.cpu_seconds:,.0f} "
            f"| {r.cpu_seconds / r.count * 1e6:.2f} | {r.peak_mib:,.0f} | {grown:,.0f} |"
        )
    return "\n".join(lines)
