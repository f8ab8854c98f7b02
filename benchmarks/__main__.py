"""`make bench`: every figure of this machine in one table, on stdout."""

import argparse
import platform
import sys
import tempfile
from pathlib import Path

from benchmarks import files, live
from benchmarks.measure import Result, measured, table
from deploy.embedded import start_kafka, start_valkey
from streams.partners import KINDS
from streams.simulate import World, simulate


def main() -> None:
    """Simulate a world, measure, print."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--firms", type=int, default=3_000)
    parser.add_argument("--months", type=int, default=48)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sent", type=int, default=300_000, help="events of the row that only sends")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        summary = simulate(folder, World(firms=options.firms, months=options.months), options.seed)
        print(
            f"Python {platform.python_version()}, {options.firms} firms, {options.months} months: {summary.rows} rows\n"
        )
        results = []
        for kind in KINDS:
            results.append(_done(measured(f"read {kind}", "rows", files.read_rows, folder / f"{kind}.csv")))
        results.append(_done(measured("ingest to NDJSON", "events", files.write_lines, folder)))
        results.append(_done(measured("replay, frozen", "events", files.replay, folder, True)))
        results.append(_done(measured("replay, learning", "events", files.replay, folder, False)))
        with start_kafka() as kafka, start_valkey() as valkey:
            live.create_topics(kafka.bootstrap)
            events = live.prebuilt(folder, options.sent)
            results.append(_done(measured("send to Kafka", "events", live.send, events, kafka.bootstrap)))
            results.append(_done(measured("ingest to Kafka", "events", live.ingest_all, folder, kafka.bootstrap)))
            results.append(_done(live.catch_up("worker, all roles, launch included", kafka.bootstrap, valkey.url)))
    print(table(results))


def _done(result: Result) -> Result:
    print(".", end="", file=sys.stderr, flush=True)
    return result


if __name__ == "__main__":
    main()
