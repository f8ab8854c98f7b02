"""What the months in an alert cost: time on the way from a decision to its JSON, and bytes.

    python -m benchmarks.past

A simulated world through the chain, in batches of a size, and each alert made with its months and without, in turn.
Prints a Markdown table.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

from alerts.alert import Origin, encode
from benchmarks.files import FAR
from detectors.batch import batch_of
from detectors.chain import Chain
from detectors.events import AnyEvent
from detectors.models import prior
from detectors.past import Past, pasts
from detectors.telling import Decision
from detectors.view import View
from streams import ingest
from streams.alerting import alert_of
from streams.report import Report
from streams.simulate import World, simulate

RAISED_AT = datetime(2026, 1, 1, tzinfo=UTC)
SIZES = (10, 100, 2000)
EMPTY = Past(0, [], [], [], [], [], [], [], None, None)
ORIGIN = Origin("vigie.events", 0, 0)


def main() -> None:
    """Simulate, run, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.past", description=__doc__)
    parser.add_argument("--firms", type=int, default=300)
    parser.add_argument("--months", type=int, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        simulate(Path(folder), World(firms=options.firms, months=options.months), 1)
        events = list(ingest.events([Path(folder)], Report(), today=FAR))
    print("| events a batch | alerts | detectors µs | JSON µs | of all before, µs | bytes before | bytes after |")
    print("|---|---|---|---|---|---|---|")
    for size in SIZES:
        spent, decisions = _run(events, size)
        before = _made([replace(one, past=EMPTY) for one in decisions])
        after = _made(decisions)
        n = len(decisions)
        print(
            f"| {size} | {n} | {spent / n * 1e6:.1f} | {(after[0] - before[0]) / n * 1e6:.1f} "
            f"| {before[0] / n * 1e6:.1f} | {before[1] / n:.0f} | {after[1] / n:.0f} |"
        )


def _run(events: list[AnyEvent], size: int) -> tuple[float, list[Decision]]:
    """CPU seconds that the months took in the chain, and its decisions."""
    spent = 0.0

    def timed(view: View) -> list[Past]:
        nonlocal spent
        began = time.thread_time()
        found = pasts(view)
        spent += time.thread_time() - began
        return found

    chain, decisions = Chain(prior()), list[Decision]()
    with patch("detectors.telling.pasts", timed):
        for start in range(0, len(events), size):
            for outcome in chain.step(batch_of(events[start : start + size])):
                decisions += outcome.decisions
    return spent, decisions


def _made(decisions: list[Decision]) -> tuple[float, int]:
    """CPU seconds for all, the quickest of five runs, and bytes."""
    model, best, size = prior(), float("inf"), 0
    for _ in range(5):
        began = time.thread_time()
        size = sum(len(encode(alert_of(one, model, ORIGIN, RAISED_AT, "fr"))) for one in decisions)
        best = min(best, time.thread_time() - began)
    return best, size


if __name__ == "__main__":
    main()
