"""`make bench`: every figure of this machine in one table, then how well the model detects in another, on stdout."""

import argparse
import platform
import sys
import tempfile
from pathlib import Path

from benchmarks import country, detection, files, live
from benchmarks.measure import Result, measured, table
from deploy.embedded import start_kafka, start_valkey
from streams.partners import KINDS
from streams.simulate import World, simulate

MIB = 1 << 20


def main() -> None:
    """Simulate a world, measure, print."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--firms", type=int, default=3_000)
    parser.add_argument("--months", type=int, default=48)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sent", type=int, default=300_000, help="events of the row that only sends")
    parser.add_argument("--file-mib", type=int, default=32, help="size of the files that reading is measured on")
    parser.add_argument("--large-mib", type=int, default=400, help="size of the largest one, for the memory it takes")
    parser.add_argument(
        "--detection-firms", type=int, default=4_000, help="firms of the world that scores are judged on"
    )
    parser.add_argument("--detection-months", type=int, default=72, help="months of that world")
    parser.add_argument(
        "--country", action="store_true", help=f"replay alone, of {country.SIZES} firms over {country.MONTHS} months"
    )
    parser.add_argument("--replay-firms", type=int, nargs="*", help="replay alone, of these numbers of firms")
    parser.add_argument("--frozen", action="store_true", help="of these replays, only those that do not learn")
    options = parser.parse_args()
    if options.country or options.replay_firms:
        sizes = options.replay_firms or country.SIZES
        print(country.table(country.runs(sizes, country.MONTHS, learning=not options.frozen)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        summary = simulate(folder, World(firms=options.firms, months=options.months), options.seed)
        print(
            f"Python {platform.python_version()}, {options.firms} firms, {options.months} months: {summary.rows} rows\n"
        )
        results = []
        results += _reading(folder, options.file_mib, options.large_mib)
        results.append(_done(measured("read to structs", "events", files.make_structs, folder)))
        results.append(_done(measured("ingest to NDJSON", "events", files.write_lines, folder)))
        replays = country.runs((options.firms // 4, options.firms), options.months, learning=True)
        with start_kafka() as kafka, start_valkey() as valkey:
            live.create_topics(kafka.bootstrap)
            events = live.prebuilt(folder, options.sent)
            results.append(_done(measured("send to Kafka", "events", live.send, events, kafka.bootstrap)))
            results.append(_done(measured("ingest to Kafka", "events", live.ingest_all, folder, kafka.bootstrap)))
            results.append(_done(live.catch_up("worker, all roles, launch included", kafka.bootstrap, valkey.url)))
    print(table(results), country.table(replays), sep="\n\n", end="\n\n")
    world = World(firms=options.detection_firms, months=options.detection_months)
    detection.run(world, [options.seed], references=True, bootstrap=200)


def _reading(folder: Path, file_mib: int, large_mib: int) -> list[Result]:
    """Each kind's file, repeated until it is large enough to measure; then debits of several sizes."""
    with tempfile.TemporaryDirectory() as name:
        path, results = Path(name) / "repeated.csv", list[Result]()
        for kind in KINDS:
            files.repeat(folder / f"{kind}.csv", path, file_mib * MIB)
            results.append(_done(measured(f"read {kind}", "rows", files.read_rows, path)))
        for mib in (large_mib // 20, large_mib):
            files.repeat(folder / "debit.csv", path, mib * MIB)
            results.append(_done(measured(f"read debit, {mib} MiB", "rows", files.read_rows, path)))
            results.append(_done(measured(f"read and sort debit, {mib} MiB", "rows", files.sort_rows, path)))
    return results


def _done(result: Result) -> Result:
    print(".", end="", file=sys.stderr, flush=True)
    return result


if __name__ == "__main__":
    main()
