"""A clean cluster for each test, workers as processes, and plain clients: nothing here sends or reads through Vigie.

Topics and groups have fixed names, so a `Site` takes away what an earlier one left, workers killed in it included.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import redis
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, MemberToRemove
from kafka.errors import KafkaError
from prometheus_client.parser import text_string_to_metric_families

from deploy.ports import free_ports
from streams.admin import create_topics
from streams.cluster import Cluster
from streams.status import patiently
from streams.topics import TopicOptions, table
from tests.processes import started

ROOT = Path(__file__).parents[2]
PARTITIONS = 4
GROUPS = ("vigie", "vigie-trainer", "vigie-dispatcher")
OTHERS = ("vigie-rewriting", "archive")
"""The group of an erasure that was cut short, and a foreign one in tests of that."""
PATIENCE_SECONDS = 180.0
"""Waited out in full by what hangs alone; a worker among others on busy cores may need a minute to start."""
POLL_SECONDS = 0.03
LARGEST_BYTES = 16 * 1024 * 1024


class Entry(NamedTuple):
    """An alert as it stands in Redis: its stream, its entry's id, its JSON."""

    stream: str
    id: str
    alert: dict[str, Any]


def until(met: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Return once `met` is; fails, saying what was waited for, when it takes longer than that."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, f"waited {seconds:g} s for {what}"
        time.sleep(POLL_SECONDS)


class WorkerProcess:
    """`python -m vigie worker`, its log in a file, its metrics on a port; `program` of the code in `folder`."""

    def __init__(
        self, arguments: Sequence[str], environment: dict[str, str], log: Path, program: str, folder: Path
    ) -> None:
        self._path = log
        self.port = free_ports(1)[0]
        command = [sys.executable, "-m", program, "worker", "--metrics-port", str(self.port), *arguments]
        with log.open("wb") as stream:
            self._process = started(command, stdout=stream, stderr=stream, env=environment, cwd=folder)

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self._path.read_text(errors="replace")

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    def ready(self, roles: int = 2) -> Self:
        """Wait until so many roles have joined and have their state; a frozen worker has two."""
        until(lambda: self.metric("vigie_ready") == roles, f"{roles} roles to be ready\n{self.log}")
        return self

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples with these labels; 0 while nothing answers. Fails where the worker ended."""
        assert self.running, f"the worker ended with status {self._process.returncode}\n{self.log}"
        try:
            text = self.scraped()
        except OSError:
            return 0.0
        samples = [s for family in text_string_to_metric_families(text) for s in family.samples if s.name == name]
        return sum(s.value for s in samples if labels.items() <= s.labels.items())

    def answer(self, path: str) -> tuple[int, str]:
        """The status and the body at /live, /ready or /health."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def scraped(self) -> str:
        """Its metrics, as Prometheus reads them."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            return str(answer.read().decode())

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> float:
        """SIGTERM; the seconds until it had ended, with status 0."""
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        assert self.wait() == 0, self.log
        return time.monotonic() - began

    def wait(self) -> int:
        """The exit status, once it ends by itself."""
        try:
            return self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the worker did not end within {PATIENCE_SECONDS:g} s\n{self.log}") from None


class Site:
    """Kafka and Redis as after an installation. A context manager: at its end no worker runs and no topic is left."""

    def __init__(
        self, kafka: str, redis_url: str, folder: Path, partitions: int = PARTITIONS, topics: TopicOptions | None = None
    ) -> None:
        """`topics` say more than the number of `partitions`, which they have as well."""
        options = topics or TopicOptions(partitions=partitions)
        self.kafka = kafka
        self.redis_url = redis_url
        self.folder = folder
        self.partitions = options.partitions
        self._topics = table(options)
        self._workers: list[WorkerProcess] = []

    def __enter__(self) -> Self:
        self._clean()
        create_topics(self.cluster, self._topics)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for worker in self._workers:
            if worker.running:
                worker.kill()
        self._clean()

    @property
    def cluster(self) -> Cluster:
        """The settings of this Kafka."""
        return Cluster(kafka=self.kafka)

    def worker(self, *arguments: str, **settings: str) -> WorkerProcess:
        """Start a worker; `settings` are its VIGIE_ variables, in small letters without the prefix."""
        return self.launch(arguments, settings)

    def launch(
        self, arguments: Sequence[str], settings: dict[str, str], *, program: str = "vigie", code: Path = ROOT
    ) -> WorkerProcess:
        """Start a worker that is another `program`, or of other code."""
        number = len(self._workers)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("VIGIE_")}
        own = {"kafka": self.kafka, "redis": self.redis_url, "data": str(self.folder / f"worker-{number}")} | settings
        environment |= {f"VIGIE_{name.upper()}": value for name, value in own.items()}
        worker = WorkerProcess(arguments, environment, self.folder / f"worker-{number}.log", program, code)
        self._workers.append(worker)
        return worker

    def send(self, lines: Iterable[dict[str, Any]]) -> None:
        """Send lines of `vigie ingest --to FILE` as any client would: clocks, which have no key, to every partition."""
        sent = []
        with self.producer() as producer:
            for line in lines:
                key, value = line["key"], json.dumps(line["value"]).encode()
                if key is None:
                    sent += [producer.send(line["topic"], value, partition=p) for p in range(self.partitions)]
                else:
                    sent.append(producer.send(line["topic"], value, key=key.encode()))
        for confirmed in sent:
            # A flush tells of none that failed.
            confirmed.get(timeout=0)

    @contextmanager
    def producer(self, **settings: Any) -> Iterator[KafkaProducer]:
        """A plain producer, with other settings of kafka-python where they are given; at the end all is sent."""
        usual = {"acks": "all", "linger_ms": 5, "max_request_size": LARGEST_BYTES}
        producer = KafkaProducer(bootstrap_servers=self.kafka, **(usual | settings))
        try:
            yield producer
            producer.flush()
        finally:
            producer.close()

    def entries(self) -> list[Entry]:
        """Every alert of every queue, queue by queue in their order."""
        with redis.Redis.from_url(self.redis_url, decode_responses=True) as client:
            streams = sorted(key for key in client.keys("vigie:alerts:*") if client.type(key) == "stream")
            return [
                Entry(stream, entry, json.loads(fields["alert"]))
                for stream in streams
                for entry, fields in client.xrange(stream)
            ]

    def ids(self) -> list[str]:
        """The alerts' ids, sorted; one that was doubled stands twice."""
        return sorted(entry.alert["id"] for entry in self.entries())

    def records(self, topic: str) -> list[Any]:
        """All records of a topic, partition by partition, as kafka-python gives them."""
        consumer = KafkaConsumer(
            bootstrap_servers=self.kafka,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=LARGEST_BYTES,
            max_poll_records=10_000,
        )
        try:
            found = []
            for partition in [TopicPartition(topic, p) for p in sorted(consumer.partitions_for_topic(topic) or ())]:
                consumer.assign([partition])
                consumer.seek_to_beginning(partition)
                end = consumer.end_offsets([partition])[partition]
                while consumer.position(partition) < end:
                    found += consumer.poll(timeout_ms=5000).get(partition, [])
            return found
        finally:
            consumer.close()

    def dead_letters(self) -> list[dict[str, Any]]:
        """The dead letters, as they lie in their topic."""
        return [json.loads(record.value) for record in self.records("vigie.dead-letters")]

    def behind(self, group: str, topic: str) -> int:
        """Records of a topic that a group has not committed."""
        committed, ends = self.committed(group, topic), self.ends(topic)
        return sum(end - committed.get(partition, 0) for partition, end in ends.items())

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """The offsets that a group has committed, by partition."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with self._admin() as admin:
                    offsets = admin.list_group_offsets({group: None})[group]
                break
            except KafkaError as error:
                # A broker that has just started has yet to read its groups in.
                if not error.retriable or time.monotonic() > deadline:
                    raise
                time.sleep(POLL_SECONDS)
        return {partition.partition: found.offset for partition, found in offsets.items() if partition.topic == topic}

    def ends(self, topic: str) -> dict[int, int]:
        """The offset behind the last record of each partition."""
        consumer = KafkaConsumer(bootstrap_servers=self.kafka)
        try:
            partitions = [TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic) or ()]
            return {partition.partition: end for partition, end in consumer.end_offsets(partitions).items()}
        finally:
            consumer.close()

    def forget_groups(self) -> None:
        """Take the consumer groups away, and with them what they have committed."""
        with self._admin() as admin:
            self._forget_groups(admin)

    def delete(self, topic: str) -> None:
        """Take a topic away."""
        with self._admin() as admin:
            admin.delete_topics([topic])
            until(lambda: topic not in admin.list_topics(), f"{topic} to go")

    def _clean(self) -> None:
        with redis.Redis.from_url(self.redis_url) as client:
            client.flushall()
        with self._admin() as admin:
            self._forget_groups(admin)
            names = {topic.name for topic in self._topics}
            there = names & set(admin.list_topics())
            if there:
                admin.delete_topics(sorted(there))
            until(lambda: not names & set(admin.list_topics()), "the topics of an earlier test to go")

    @staticmethod
    def _forget_groups(admin: KafkaAdminClient) -> None:
        # A broker that was started anew reads its groups before it tells of them.
        groups = patiently(admin.list_groups, PATIENCE_SECONDS)
        there = [group["group_id"] for group in groups if group["group_id"] in (*GROUPS, *OTHERS)]
        described = patiently(lambda: admin.describe_groups(there), PATIENCE_SECONDS) if there else {}
        for name, group in described.items():
            # A worker that was killed is a member until its session is over.
            members = [MemberToRemove(member_id=member["member_id"]) for member in group["members"]]
            if members:
                admin.remove_group_members(name, members)
            admin.delete_groups([name])

    @contextmanager
    def _admin(self) -> Iterator[KafkaAdminClient]:
        admin = KafkaAdminClient(bootstrap_servers=self.kafka)
        try:
            yield admin
        finally:
            admin.close()
