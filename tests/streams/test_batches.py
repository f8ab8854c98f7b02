"""What is relied on in Faust, and what the overrides promise, on a real broker."""

import asyncio
import inspect
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import faust
import pytest
from faust.tables import TableManager
from faust.transport.drivers import aiokafka as driver
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from mode import threads
from prometheus_client import CollectorRegistry

from deploy.embedded import KafkaServer
from streams import batches
from streams.app_state import ready
from streams.apps import Work, by_partition
from streams.batches import BatchApp, BatchConsumer, RecordsSchema
from streams.cluster import Cluster
from streams.options import WorkerOptions
from streams.scorer import Clocks
from streams.tables import Tables
from streams.worker import Worker, WorkerSettings

PINNED = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0"}
RELIED_ON: dict[type, dict[str, str]] = {
    driver.AIOKafkaConsumerThread: {
        "_create_worker_consumer": "self, transport",
        "seek_to_beginning": "self, *partitions",
        "getmany": "self, active_partitions, timeout",
        "_fetch_records": "self, consumer, active_partitions, timeout, max_records",
        "on_start": "self",
        "_gather_remaining_tasks": "self",
        "call_thread": "self, fun, *args, **kwargs",
        "_serve": "self",
        "set_shutdown": "self",
    },
    threads.WorkerThread: {"start": "self", "stop": "self"},
    driver.Consumer: {
        "_new_consumer_thread": "self",
        "_drain_messages": "self, fetcher",
        "_filter_tps_with_pending_acks": "self, topics",
        "_new_offset": "self, tp",
        "_commit_offsets": "self, offsets, start_new_transaction",
        "_getmany": "self, active_partitions, timeout",
        "_wait_next_records": "self, timeout",
        "_is_changelog_tp": "self, tp",
        "commit": "self, topics, start_new_transaction",
        "seek_wait": "self, partitions",
        "seek_to_committed": "self",
        "perform_seek": "self",
        "on_partitions_revoked": "self, revoked",
        "wait_empty": "self",
        "on_buffer_full": "self, tp",
    },
    faust.Schema: {
        "loads_key": "self, app, message, *, loads, serializer",
        "loads_value": "self, app, message, *, loads, serializer",
    },
    faust.App: {
        "_new_transport": "self",
        "_new_producer_transport": "self",
        "_crash": "self, reason",
        "on_rebalance_start": "self",
        "on_rebalance_end": "self",
    },
    faust.Table: {
        "apply_changelog_batch": "self, batch",
        "on_rebalance": "self, assigned, revoked, newly_assigned, generation_id",
    },
    TableManager: {"on_start": "self", "_update_channels": "self"},
}
PARTITIONS = 2
BATCH = 10
PATIENCE_SECONDS = 30
Handler = Callable[[Any, Sequence[Any]], Awaitable[None]]


def test_faust_is_the_one_that_this_was_written_against() -> None:
    """After an upgrade: read what changed in each of these, then say the new version here."""
    assert {name: metadata.version(name) for name in PINNED} == PINNED


@pytest.mark.parametrize(
    ("owner", "name", "expected"),
    [(owner, name, expected) for owner, methods in RELIED_ON.items() for name, expected in methods.items()],
    ids=lambda value: value if isinstance(value, str) and "," not in value and value != "self" else "",
)
def test_each_method_relied_on_is_there(owner: type, name: str, expected: str) -> None:
    parameters = inspect.signature(getattr(owner, name)).parameters.values()
    text = str(inspect.Signature([p.replace(annotation=p.empty, default=p.empty) for p in parameters]))
    assert text == f"({expected})"


def test_each_override_is_listed() -> None:
    """An override of something that Faust no longer has would do nothing at all."""
    for ours in (batches._InLoopConsumer, BatchConsumer, RecordsSchema, BatchApp, Tables):
        (base,) = ours.__bases__
        overrides = {name for name, value in vars(ours).items() if inspect.isfunction(value) and name in dir(base)}
        assert overrides - {"__init__"} <= RELIED_ON[base].keys()
        new = {name for name, value in vars(ours).items() if inspect.isfunction(value)} - overrides
        assert new <= {
            "_delivered",
            "_deliver",
            "_offered",
            "_messages",
            "_messages_of",
            "_message",
            "_settle",
            "has_begun",
            "position_of",
        }, "neither an override nor a helper that is known here"


@pytest.mark.parametrize("attribute", ["flow_active", "suspend_flow", "_read_offset", "_committed_offset", "_acked"])
def test_each_attribute_relied_on_is_there(attribute: str) -> None:
    assert attribute in inspect.get_annotations(faust.transport.consumer.Consumer)


@dataclass
class Bench:
    """A topic and a group of this test's own, and apps as a worker builds them."""

    kafka: str
    topic: str
    group: str
    folder: Path
    seen: list[tuple[int, int, int]] = field(default_factory=list)
    """Generation, partition and offset of each record that an agent was given."""

    def app(self, handle: Handler | None) -> BatchApp:
        """Without a handler, batches are noted in tasks of their partitions."""
        settings = WorkerSettings(
            cluster=Cluster(kafka=self.kafka),
            worker=WorkerOptions(batch_records=BATCH, commit_seconds=0.1, session_seconds=3),
            data=self.folder,
        )
        clocks = Clocks(time.time, time.monotonic)
        worker = Worker(settings, CollectorRegistry(), clocks, lambda: 0.5)
        app = worker._app(self.group)
        if handle is None:
            work = Work(lambda partition, records: self._note(app, partition, records), nothing)
            worker._agent(app, "scorer", self.topic, *by_partition(app, work, lambda: None))
            assert [*app.takers] == [self.topic]
            return app

        async def noting(message: Any, records: Sequence[Any]) -> None:
            self.seen += [(message.generation_id, message.partition, record.offset) for record in records]
            assert len(records) <= BATCH
            await handle(message, records)

        worker._agent(app, "scorer", self.topic, noting)
        assert not app.takers
        return app

    async def _note(self, app: BatchApp, partition: int, records: Sequence[Any]) -> None:
        self.seen += [(app.consumer_generation_id, partition, record.offset) for record in records]
        await asyncio.sleep(0.002)

    @asynccontextmanager
    async def running(self, handle: Handler | None) -> AsyncIterator[BatchApp]:
        app = self.app(handle)
        await app.start()
        try:
            await self.until(lambda: ready(app) or app.crashed)
            yield app
        finally:
            await stop(app)

    async def until(self, met: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not met():
            assert time.monotonic() < deadline, f"waited {PATIENCE_SECONDS} s; seen {self.seen}"
            await asyncio.sleep(0.02)

    def send(self, count: int, *partitions: int) -> None:
        producer = KafkaProducer(bootstrap_servers=self.kafka)
        for n in range(count):
            for partition in partitions or range(PARTITIONS):
                producer.send(self.topic, b"%d" % n, partition=partition)
        producer.flush()
        producer.close()

    def committed(self) -> dict[int, int]:
        admin = KafkaAdminClient(bootstrap_servers=self.kafka)
        offsets = admin.list_group_offsets({self.group: None})[self.group]
        admin.close()
        return {partition.partition: found.offset for partition, found in offsets.items()}


async def stop(app: BatchApp) -> None:
    try:
        await app.stop()
    except RuntimeError:
        # A crash has ended the thread that would commit; Faust then leaves its producer open.
        assert app.crashed
        await app.producer.stop()


@pytest.fixture
def bench(kafka: KafkaServer, topic_name: Callable[[str], str], tmp_path: Path) -> Bench:
    topic = topic_name("batches")
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.create_topics({topic: {"num_partitions": PARTITIONS, "replication_factor": 1}})
    admin.wait_for_topics([topic])
    admin.close()
    return Bench(kafka.bootstrap, topic, topic_name("group"), tmp_path)


async def done(message: Any, _: Sequence[Any]) -> None:
    message.done = True


async def nothing() -> None:
    """All is confirmed."""


def test_a_stop_waits_for_what_was_handed_on_and_commits_it(bench: Bench) -> None:
    """Faust takes a message for done once its agent asks for the next."""
    tasks: list[asyncio.Task[None]] = []

    async def later(message: Any) -> None:
        await asyncio.sleep(0.5)
        message.done = True

    async def hand_on(message: Any, _: Sequence[Any]) -> None:
        tasks.append(asyncio.create_task(later(message)))

    async def settle() -> None:
        await asyncio.gather(*tasks)

    async def run() -> None:
        bench.send(3)
        async with bench.running(hand_on) as app:
            app.settle = settle
            await bench.until(lambda: len(bench.seen) == 6)
            assert not all(task.done() for task in tasks)

    asyncio.run(run())
    assert bench.committed() == {0: 3, 1: 3}


def test_every_record_comes_once_in_order_and_is_committed(bench: Bench) -> None:
    async def run() -> None:
        bench.send(25)
        async with bench.running(done):
            await bench.until(lambda: len(bench.seen) == 50)
            await asyncio.to_thread(bench.send, 5)
            await bench.until(lambda: len(bench.seen) == 60)
            await bench.until(lambda: bench.committed() == {0: 30, 1: 30})

    asyncio.run(run())
    for partition in range(PARTITIONS):
        assert [offset for _, p, offset in bench.seen if p == partition] == list(range(30))


def test_an_agent_that_raises_stops_the_app_and_commits_nothing_past_its_batch(bench: Bench) -> None:
    async def fail_at_30(message: Any, records: Sequence[Any]) -> None:
        if any(record.offset == 30 for record in records):
            raise RuntimeError("at 30")
        message.done = True
        await asyncio.sleep(0.05)

    async def run() -> None:
        bench.send(100, 0)
        async with bench.running(fail_at_30) as app:
            await bench.until(lambda: app.crashed)
            assert str(app.crash_reason) == "at 30"
            await asyncio.sleep(0.5)
        assert bench.committed().get(0, 0) <= 30
        bench.seen.clear()
        async with bench.running(done):
            await bench.until(lambda: bench.committed() == {0: 100})
        assert bench.seen[0][2] <= 30
        assert {offset for _, _, offset in bench.seen} >= set(range(30, 100))

    asyncio.run(run())


def test_what_is_not_done_holds_back_what_follows_it(bench: Bench) -> None:
    messages: list[Any] = []

    async def keep(message: Any, _: Sequence[Any]) -> None:
        messages.append(message)

    async def run() -> None:
        bench.send(30, 0)
        async with bench.running(keep):
            await bench.until(lambda: len(bench.seen) == 30)
            by_offset = sorted(messages, key=lambda message: message.offset)
            for message in by_offset[1:]:
                message.done = True
            await asyncio.sleep(0.5)
            assert bench.committed() == {}
            by_offset[0].done = True
            await bench.until(lambda: bench.committed() == {0: 30})

    asyncio.run(run())


def test_offsets_wait_for_the_gate(bench: Bench) -> None:
    gate = asyncio.Event()

    async def wait() -> None:
        await gate.wait()

    async def run() -> None:
        bench.send(30)
        async with bench.running(done) as app:
            app.commit_gate = wait
            await bench.until(lambda: len(bench.seen) == 60)
            before = bench.committed()
            await asyncio.sleep(0.5)
            assert bench.committed() == before
            gate.set()
            await bench.until(lambda: bench.committed() == {0: 30, 1: 30})

    asyncio.run(run())


def test_a_gate_that_fails_stops_the_app_with_nothing_committed(bench: Bench) -> None:
    async def fail() -> None:
        raise RuntimeError("Kafka did not take it")

    async def run() -> None:
        app = bench.app(done)
        app.commit_gate = fail
        bench.send(30)
        await app.start()
        try:
            await bench.until(lambda: app.crashed)
            assert "Kafka did not take it" in repr(app.crash_reason)
        finally:
            await stop(app)

    asyncio.run(run())
    assert bench.committed() == {}


def test_a_rebalance_before_the_first_commit_loses_nothing(bench: Bench) -> None:
    """Nothing is marked done, so whoever has a partition at the end must have been given all of it again."""

    async def ignore(_message: Any, _records: Sequence[Any]) -> None:
        await asyncio.sleep(0)

    def latest(partition: int) -> list[int]:
        generations = [generation for generation, p, _ in bench.seen if p == partition]
        newest = max(generations, default=None)
        return [offset for generation, p, offset in bench.seen if (generation, p) == (newest, partition)]

    async def run() -> None:
        bench.send(20)
        async with bench.running(ignore):
            await bench.until(lambda: len(bench.seen) == 40)
            async with bench.running(ignore):
                await bench.until(
                    lambda: max(bench.seen)[0] > 1 and all(latest(p) == list(range(20)) for p in range(PARTITIONS))
                )
                await asyncio.to_thread(bench.send, 20)
            await bench.until(lambda: all(latest(p) == list(range(40)) for p in range(PARTITIONS)))

    asyncio.run(run())
    assert bench.committed() == {}


@pytest.mark.parametrize("handle", [done, None], ids=["by the agent", "by tasks"])
def test_records_that_arrive_while_members_come_and_go(bench: Bench, handle: Handler | None) -> None:
    async def run() -> None:
        async with bench.running(handle):
            for _ in range(2):
                sending = asyncio.create_task(asyncio.to_thread(trickle))
                async with bench.running(handle):
                    await asyncio.sleep(0.2)
                await sending
            await bench.until(lambda: bench.committed() == {0: 200, 1: 200})

    def trickle() -> None:
        producer = KafkaProducer(bootstrap_servers=bench.kafka)
        for n in range(200):
            producer.send(bench.topic, b"%d" % n, partition=n % PARTITIONS)
            time.sleep(0.01)
        producer.flush()
        producer.close()

    asyncio.run(run())
    assert {(partition, offset) for _, partition, offset in bench.seen} == {
        (partition, offset) for partition in range(PARTITIONS) for offset in range(200)
    }
    for of in {(generation, partition) for generation, partition, _ in bench.seen}:
        offsets = [offset for *owner, offset in bench.seen if tuple(owner) == of]
        assert offsets == sorted({*offsets}), "a member is given each record once and in order"


def test_what_comes_is_handed_on_in_order_and_committed_by_tasks_too(bench: Bench) -> None:
    async def run() -> None:
        bench.send(200)
        async with bench.running(None) as app:
            await bench.until(lambda: bench.committed() == {0: 200, 1: 200})
            assert not [thread for thread in threading.enumerate() if isinstance(thread, threads.WorkerThread)]
            assert not app.consumer.unacked, "Faust has nothing to wait for"

    asyncio.run(run())
    for partition in range(PARTITIONS):
        assert [offset for _, p, offset in bench.seen if p == partition] == list(range(200))
