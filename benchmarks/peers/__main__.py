"""Vigie beside textbook Faust, Quix Streams and Bytewax on the same work, on the embedded servers: `make peers`.

    make peers                                                # everything, some 15 minutes
    make peers ARGS="--write"                                 # and into docs/performance.md and its plot
    make peers ARGS="--only throughput --reps 1 --events 60000"

What it says on the way goes to stderr, the tables to stdout. Programs whose packages are not installed are left out:
`make environment-peers` installs them, `make peers` does by itself.
"""

import argparse
import importlib.util
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.peers import events, latency, recovery, report, scale, throughput
from benchmarks.peers.contenders import BYTEWAX, CONTENDERS, QUIX, RAW, RIVER, Contender
from benchmarks.peers.report import Measured
from benchmarks.peers.site import PARTITIONS, started
from benchmarks.peers.throughput import Runs, Topics

PARTS = ("throughput", "latency", "recovery", "scale")
SHORT_SHARE = 6
"""One event in so many is in the short topic."""
DOCUMENT = Path("docs/performance.md")
PLOT = Path("docs/performance.svg")
NEEDS = {QUIX.name: "quixstreams", BYTEWAX.name: "bytewax"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and perhaps write."""
    options = _parser().parse_args(arguments)
    chosen = [contender for contender in CONTENDERS if contender.name in options.programs]
    missing = {c.name: "not installed" for c in chosen if not _installed(c)}
    chosen = [contender for contender in chosen if contender.name not in missing]
    command = " ".join(["python -m benchmarks.peers", *(arguments if arguments is not None else sys.argv[1:])])
    of = Measured(
        command,
        f"{datetime.now(UTC):%Y-%m-%d}",
        report.conditions(options.events, options.firms, options.reps),
        left_out=missing,
    )
    with tempfile.TemporaryDirectory() as name, started(Path(name)) as site:
        pool = events.sent(options.events, options.firms, PARTITIONS)
        topics = Topics(site, pool, options.events // SHORT_SHARE)
        topics.fill()
        longer = pool
        if {"latency", "scale"} & {*options.only}:
            longer = events.sent(options.longer_events, options.firms, PARTITIONS)
        runs: Runs = {}
        if "throughput" in options.only:
            of.runs = runs = throughput.run(site, topics, chosen, options.reps, _say)
        if "latency" in options.only:
            alerting = [c for c in chosen if c not in (RAW, RIVER)]
            # Each has rates of its own: those of a share of what it can do.
            runs = runs or throughput.run(site, topics, alerting, 1, _say)
            ceilings = {c.name: throughput.medians(runs[c.name]).rate for c in alerting if c.name in runs}
            alerting = [c for c in alerting if c.name in runs]
            of.points = latency.run(site, longer, alerting, ceilings, options.seconds, _say)
        if "recovery" in options.only:
            of.recovered = recovery.run(site, pool, chosen, options.recovered_firms, _say)
        if "scale" in options.only:
            of.scaled = scale.run(site, longer, chosen, _say)
    print(report.markdown(of))
    if options.write:
        DOCUMENT.write_text(report.written(DOCUMENT.read_text(encoding="utf-8"), of), encoding="utf-8")
        if of.runs:
            PLOT.write_text(report.plotted(CONTENDERS, of.runs), encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [contender.name for contender in CONTENDERS]
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to measure")
    parser.add_argument("--programs", nargs="+", choices=names, default=names, help="programs to measure")
    parser.add_argument("--reps", type=int, default=3, help="repetitions of throughput")
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--firms", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each rate of latency is held")
    parser.add_argument("--recovered-firms", type=int, default=350_000)
    # Seconds of work for the quickest program, and no event twice for the whole worker, which knows it again.
    parser.add_argument("--longer-events", type=int, default=600_000, help="events of latency and scale")
    parser.add_argument("--write", action="store_true", help=f"the tables into {DOCUMENT}, the plot into {PLOT}")
    return parser


def _installed(contender: Contender) -> bool:
    return contender.name not in NEEDS or importlib.util.find_spec(NEEDS[contender.name]) is not None


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
