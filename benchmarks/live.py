"""The live path on the embedded servers: sending, a worker that catches up, and its recovery."""

import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from kafka import KafkaConsumer, TopicPartition

from benchmarks.files import FAR
from benchmarks.measure import Result
from deploy.ports import free_ports
from detectors.events import AnyEvent
from streams import admin, ingest, topics
from streams.cluster import Cluster
from streams.report import Report
from streams.send import Sender
from streams.traces import Traces

BY_ITSELF = "benchmark.events"
"""Where events go that no worker should find."""
IDLE_SECONDS = 2
PARTITIONS = 4


def create_topics(bootstrap: str) -> None:
    """The topics, with few partitions, and one like that of the events for the sending by itself."""
    table = topics.table(topics.TopicOptions(partitions=PARTITIONS))
    (events,) = (topic for topic in table if topic.name == topics.EVENTS)
    with admin.connect(Cluster(kafka=bootstrap)) as connection:
        connection.create([*table, replace(events, name=BY_ITSELF)], alter=False)


def ingest_all(folder: Path, bootstrap: str, traces: Traces | None = None) -> int:
    """Events of a folder read and sent into Kafka, each confirmed."""
    with closing(Sender(Cluster(kafka=bootstrap), traces=traces)) as sender:
        count = sender.send_many(ingest.events([folder], Report(), today=FAR))
        sender.flush()
    return count


def prebuilt(folder: Path, count: int) -> list[AnyEvent]:
    """So many events of a folder, over and over where it has not enough."""
    return [*islice(cycle(list(ingest.events([folder], Report(), today=FAR))), count)]


def send(events: list[AnyEvent], bootstrap: str, traces: Traces | None = None) -> int:
    """Events that are there already into Kafka, with the headers of an ingestion, each confirmed."""
    now_ms = lambda: time.time_ns() // 1_000_000  # noqa: E731
    with closing(Sender(Cluster(kafka=bootstrap), None, now_ms, BY_ITSELF, traces)) as sender:
        count = sender.send_many(events)
        sender.flush()
    return count


def catch_up(name: str, bootstrap: str, redis_url: str, roles: str = "scorer,trainer,dispatcher") -> Result:
    """A worker from its launch until it has nothing left; the launch and the idle wait are in the time, not in the CPU
    of the work.
    """
    port = free_ports(1)[0]
    with tempfile.TemporaryDirectory() as data:
        environment = {**os.environ, "VIGIE_KAFKA": bootstrap, "VIGIE_REDIS": redis_url, "VIGIE_DATA": data}
        began = time.perf_counter()
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "vigie", "worker", "--roles", roles),
                *("--exit-when-idle", str(IDLE_SECONDS), "--metrics-port", str(port)),
            ],
            env=environment,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began - IDLE_SECONDS
    if process.returncode:
        raise RuntimeError(f"the worker ended with status {process.returncode}")
    cpu = usage.ru_utime + usage.ru_stime
    return Result(name, "events", events_in(bootstrap), seconds, cpu, usage.ru_maxrss / 1024)


def events_in(bootstrap: str) -> int:
    """Records of vigie.events."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap)
    partitions = [TopicPartition(topics.EVENTS, p) for p in consumer.partitions_for_topic(topics.EVENTS)]
    total = sum(consumer.end_offsets(partitions).values())
    consumer.close()
    return total
