"""The demo: everything on this machine, on real servers, from simulated partner files to printed alerts.

    embedded Kafka and Valkey > simulate > worker and console (processes of their own) > ingest at a visible pace >
    alerts > summary

Every process is started under a supervisor that ends with this one, whatever its end.
"""

import os
import random
import shlex
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from kafka import TopicPartition

import vigie
from alerts import inbox
from alerts.connect import connect
from alerts.headline import headline
from alerts.inbox import Received
from alerts.options import AlertsOptions
from alerts.outage import waits
from alerts.rendering import render
from deploy.embedded import KafkaOptions, ValkeyOptions, start_kafka, start_valkey
from deploy.ports import free_ports
from deploy.process import Supervised
from detectors.errors import VigieError
from detectors.events import AnyEvent
from detectors.months import month_of, month_text
from detectors.options import option
from streams import admin, ingest, topics
from streams.cluster import Cluster
from streams.pace import paced
from streams.reading import reader, records
from streams.report import Report
from streams.send import Sender
from streams.simulate import World, simulate
from streams.status import Status, collect
from streams.wire import SENT_HEADER

Print = Callable[[str], None]
VIGIE = f"{shlex.quote(sys.executable)} -m vigie"
DRAIN_SECONDS = 60.0
WORKER_GRACE_SECONDS = 12.0
WATCH_BLOCK_MS = 200
WATCH_GRACE_SECONDS = 2.0
READY_SECONDS = 60.0
PERCENTILES = (50, 95, 99)


CLEARANCES = """\
[users.agent]
role = "agent"
departments = ["all"]

[users.agent-33]
role = "agent"
departments = ["33"]
"""
"""Who there is on the demo's web pages."""


@dataclass(frozen=True)
class DemoOptions:
    """How large and how fast the demo is."""

    firms: int = option(300, "Firms to simulate", unit="firms", env="VIGIE_DEMO_FIRMS")
    months: int = option(36, "Months to simulate", unit="months", env="VIGIE_DEMO_MONTHS")
    seed: int = option(1, "Seed of the simulated world", env="VIGIE_DEMO_SEED")
    rate: float = option(1_200.0, "Pace of the events", unit="events a second", env="VIGIE_DEMO_RATE")


class WorkerEnded(VigieError):
    """The demo's worker stopped by itself."""


class Demo:
    """One demo. `say` prints what an agent would see, `note` what happens around it."""

    def __init__(self, options: DemoOptions, alerts: AlertsOptions, cache: Path, say: Print, note: Print) -> None:
        """`cache` is where fetched files are kept for the next time."""
        self._options = options
        self._cache = cache
        self._alerts = alerts
        self._say = say
        self._note = note
        self._began = time.monotonic()
        self._received: list[Received] = []
        self._first_alert: float | None = None
        self._stack = ExitStack()
        self._worker = Supervised("worker", None)
        self._console = Supervised("console", None)
        self._closing = threading.Event()

    def __enter__(self) -> "Demo":
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._stack.close()

    def run(self) -> None:
        """Start everything, stream the world, print alerts and the summary; the servers stay until the exit."""
        self._start_servers()
        self._stack.callback(self._worker.close)
        self._stack.callback(self._worker.stop, WORKER_GRACE_SECONDS)
        self._stack.callback(self._console.close)
        self._stack.callback(self._console.stop, WORKER_GRACE_SECONDS)
        folder = self._simulate()
        self._start_console()
        self._start_worker()
        self._watch()
        sent = self._stream(folder)
        self._drain()
        self._summarise(sent)

    def _start_servers(self) -> None:
        self._note("starting Kafka and Valkey (fetched once, then cached)...")
        kafka = self._stack.enter_context(start_kafka(KafkaOptions(), default_cache=self._cache))
        valkey = self._stack.enter_context(start_valkey(ValkeyOptions(valkey_persistence="no")))
        self._cluster = Cluster(kafka=kafka.bootstrap)
        self._redis_url = valkey.url
        with admin.connect(self._cluster) as connection:
            connection.create(topics.table(topics.TopicOptions(partitions=4)), alter=False)
        self._note(f"Kafka {kafka.bootstrap}, Redis {valkey.url}: up after {self._elapsed():.1f} s")

    def _simulate(self) -> Path:
        # In the worker's own folder: its supervisor takes it away, however this process ends.
        folder = self._worker.folder / "world"
        folder.mkdir()
        summary = simulate(folder, World(firms=self._options.firms, months=self._options.months), self._options.seed)
        self._note(
            f"partner files of {self._options.firms} firms over {self._options.months} months: {summary.rows} rows, "
            f"{summary.corrupt} of them corrupt"
        )
        return folder

    def _start_console(self) -> None:
        """The web pages, on which everybody may choose who to be; they fill as alerts land."""
        port = free_ports(1)[0]
        clearances = self._console.folder / "clearances.toml"
        clearances.write_text(CLEARANCES, encoding="utf-8")
        arguments = ["--dev-login", "--clearances", str(clearances), "--console-port", str(port)]
        refused = self._console.start([sys.executable, "-m", "vigie", "console", *arguments], self._environment())
        if refused is not None:
            raise WorkerEnded(f"the console could not be started: {refused}")
        self._console_url = f"http://127.0.0.1:{port}"

    def _environment(self, **settings: str) -> dict[str, str]:
        return {
            **os.environ,
            # Programs run in folders of their own: they find this very Vigie, installed or not.
            "PYTHONPATH": os.pathsep.join([str(Path(vigie.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]),
            "VIGIE_REDIS": self._redis_url,
            "VIGIE_LANGUAGE": self._alerts.language,
            **settings,
        }

    def _start_worker(self) -> None:
        self._metrics_port = free_ports(1)[0]
        worker = self._worker
        environment = self._environment(
            VIGIE_KAFKA=self._cluster.kafka,
            VIGIE_METRICS_PORT=str(self._metrics_port),
            VIGIE_DATA=str(worker.folder),
        )
        refused = worker.start([sys.executable, "-m", "vigie", "worker"], environment)
        if refused is not None:
            raise WorkerEnded(f"the worker could not be started: {refused}")
        self._wait_for_worker()
        self._note(f"worker ready after {self._elapsed():.1f} s, its metrics on {self._metrics_url}")
        self._note(f"console on {self._console_url}: choose who you are, and see alerts land")

    def _wait_for_worker(self) -> None:
        """Until every role has its partitions: what is sent before would wait, and look slow."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            self._check_worker()
            roles = self._status().roles
            if roles and all(role.state == "Stable" and role.members for role in roles):
                return
            time.sleep(0.2)
        raise WorkerEnded(f"the worker was not ready after {READY_SECONDS:.0f} s; see {self._metrics_url}")

    def _status(self) -> Status:
        return collect(self._cluster, self._redis_url, self._alerts.redis_timeout_seconds, datetime.now(UTC).date())

    @property
    def _metrics_url(self) -> str:
        return f"http://127.0.0.1:{self._metrics_port}/metrics"

    def _watch(self) -> None:
        watching = threading.Thread(target=self._print_alerts, name="watch", daemon=True)
        watching.start()
        # Before Redis goes, or the reader would report an outage.
        self._stack.callback(watching.join, WATCH_GRACE_SECONDS)

    def _print_alerts(self) -> None:
        options = self._alerts
        pauses: Callable[[], Iterator[float]] = lambda: waits(  # noqa: E731  a def would only name it twice
            random.random, options.redis_first_wait_seconds, options.redis_longest_wait_seconds
        )
        with connect(self._redis_url, options.redis_timeout_seconds) as client:
            watching = inbox.watch(
                client,
                inbox.Filters(),
                where=self._redis_url,
                earlier=None,
                waits=pauses,
                sleep=time.sleep,
                block_ms=WATCH_BLOCK_MS,
                stopped=self._closing.is_set,
            )
            for received in watching:
                if self._first_alert is None:
                    self._first_alert = self._elapsed()
                self._received.append(received)
                self._show(received)

    def _show(self, received: Received) -> None:
        """Strong alerts and jumps whole, others in a line: an agent's desk would sort them so."""
        alert = received.alert
        if alert.kind == "jump" or (alert.kind, alert.tier) == ("raised", "strong"):
            self._say("\n".join(render(alert, self._alerts.language)))
        elif alert.kind == "raised":
            self._say(headline(alert, self._alerts.language))

    def _stream(self, folder: Path) -> int:
        report = Report()
        today = datetime.now(UTC).date()
        events = ingest.events([folder], report, today=today)
        sent, month = 0, 0
        with closing(Sender(self._cluster, None, _now_ms)) as sender:
            for event in paced(events, self._options.rate, time.monotonic, time.sleep):
                if not sent:
                    total = report.total()
                    self._note(f"{total.events} events, {total.rejects} rows rejected; sending them...")
                sender.send(event)
                sent += 1
                month = self._announce(event, month)
                if not sent % 1_000:
                    self._check_worker()
            sender.flush()
        return sent

    def _announce(self, event: AnyEvent, month: int) -> int:
        if event.known_at is None or month_of(event.known_at) <= month:
            return month
        month = month_of(event.known_at)
        if month % 6 == 0:
            self._note(f"-- {month_text(month)}, {len(self._received)} alerts so far --")
        return month

    def _drain(self) -> None:
        """Wait until every role has nothing left to read."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline:
            self._check_worker()
            status = self._status()
            if status.roles and not any(role.lag for role in status.roles) and self._all_shown(status.alerts_total):
                return
            time.sleep(0.5)
        self._note("the worker still has work to do; the summary tells what came so far")

    def _all_shown(self, total: int | None) -> bool:
        return total is not None and len(self._received) >= total

    def _check_worker(self) -> None:
        status = self._worker.status()
        if status is not None:
            log = self._worker.log.read_text(errors="replace").splitlines()[-15:]
            raise WorkerEnded("\n".join([f"the worker ended with status {status}; its last lines:", *log]))

    def _summarise(self, sent: int) -> None:
        kinds = Counter((r.alert.kind, r.alert.tier) for r in self._received)
        latencies = np.array(self._latencies_ms())
        lines = [
            "",
            f"{sent} events sent in {self._elapsed():.0f} s since the start, {len(self._received)} alerts:",
            *(f"  {n:5d}  {kind} ({tier})" for (kind, tier), n in sorted(kinds.items())),
        ]
        if self._first_alert is not None:
            lines.append(f"first alert {self._first_alert:.1f} s after the start")
        if len(latencies):
            values = ", ".join(f"p{p} {np.percentile(latencies, p):.0f} ms" for p in PERCENTILES)
            lines.append(f"event sent to alert in Redis: {values} ({len(latencies)} alerts)")
        lines += [
            f"metrics  {self._metrics_url}",
            f"alerts   VIGIE_REDIS={self._redis_url} {VIGIE} alerts list",
            f"console  {self._console_url}",
            f"status   VIGIE_KAFKA={self._cluster.kafka} VIGIE_REDIS={self._redis_url} {VIGIE} status",
        ]
        self._say("\n".join(lines))

    def _latencies_ms(self) -> list[float]:
        """From the sending of each alert's event to its entry in Redis; the entry's id begins with its time."""
        sent = self._sent_ms()
        places = [(r.alert.source.partition, r.alert.source.offset, int(r.entry.split("-")[0])) for r in self._received]
        return [landed - sent[partition, offset] for partition, offset, landed in places if (partition, offset) in sent]

    def _sent_ms(self) -> dict[tuple[int, int], int]:
        """When each event was sent, by partition and offset, read back from Kafka."""
        sent = {}
        with reader(self._cluster) as consumer:
            for number in sorted(consumer.partitions_for_topic(topics.EVENTS)):
                partition = TopicPartition(topics.EVENTS, number)
                end = consumer.end_offsets([partition])[partition]
                for record in records(consumer, self._cluster, partition, 0, end):
                    sent[number, record.offset] = int(dict(record.headers)[SENT_HEADER])
        return sent

    def _elapsed(self) -> float:
        return time.monotonic() - self._began


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
