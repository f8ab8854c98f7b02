"""How fast `vigie alerts rebuild` fills an empty Redis from Kafka, and goes over one that is whole.

    python -m benchmarks.rebuild

The alerts are those of a simulated world, over and over under other ids. CPU is that of this process: Kafka's and
Redis' own come on top. Prints a Markdown table.
"""

import argparse
import sys
import tempfile
import time
from contextlib import redirect_stdout
from itertools import cycle, islice
from pathlib import Path

import msgspec
from kafka import KafkaProducer
from prometheus_client import CollectorRegistry

from alerts.alert import decode, encode
from alerts.connect import connect
from alerts.metrics import AlertMetrics
from alerts.routing import QUEUES
from deploy.embedded import start_kafka, start_valkey
from streams import admin, topics
from streams.cluster import Cluster
from streams.rebuild import Tally, Wanted, rebuild
from vigie.__main__ import main as vigie

HEADER = "| Redis | alerts | MB | s | alerts a second | CPU s |"


def alerts(folder: Path, count: int) -> list[tuple[bytes, bytes]]:
    """So many alerts in JSON, each with its firm's SIREN."""
    for command in (
        ["simulate", str(folder / "files"), "--firms", "1000", "--months", "36", "--seed", "1"],
        ["replay", str(folder / "files"), "--alerts", str(folder / "alerts.ndjson"), "--frozen"],
    ):
        with redirect_stdout(sys.stderr):
            status = vigie(command)
        if status:
            raise SystemExit(status)
    first = [decode(line) for line in (folder / "alerts.ndjson").read_bytes().splitlines()]
    return [
        (alert.siren.encode(), encode(msgspec.structs.replace(alert, id=f"{number:024x}")))
        for number, alert in enumerate(islice(cycle(first), count))
    ]


def main() -> None:
    """Simulate, fill Kafka, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rebuild", description=__doc__)
    parser.add_argument("--alerts", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, start_kafka() as kafka, start_valkey() as valkey:
        found = alerts(Path(name), options.alerts)
        cluster = Cluster(kafka=kafka.bootstrap)
        with admin.connect(cluster) as connection:
            connection.create(topics.table(topics.TopicOptions()), alter=False)
        producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all", linger_ms=50)
        for siren, value in found:
            producer.send(topics.ALERTS, value, key=siren)
        producer.flush()
        producer.close()
        size = sum(len(value) for _, value in found) / 1e6
        print(HEADER, "|---|---|---|---|---|---|", sep="\n")
        for redis in ("empty", "whole"):
            tally = Tally()
            began, cpu = time.monotonic(), time.process_time()
            with connect(valkey.url, 5) as client:
                metrics = AlertMetrics(CollectorRegistry())
                rebuild(cluster, client, Wanted(QUEUES), tally, where="", metrics=metrics, clock=time.time)
            seconds, cpu = time.monotonic() - began, time.process_time() - cpu
            rate = tally.read / seconds
            print(f"| {redis} | {tally.read} | {size:.0f} | {seconds:.1f} | {rate:.0f} | {cpu:.1f} |")


if __name__ == "__main__":
    main()
