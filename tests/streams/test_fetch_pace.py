import asyncio
import inspect
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import metadata
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.protocol.fetch import FetchRequest, FetchRequest_v11
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from deploy.embedded import KafkaServer
from streams import fetch_pace
from streams.fetch_pace import FetchPace

PARTITIONS = 4


def test_aiokafka_is_the_one_that_this_was_written_against() -> None:
    assert metadata.version("aiokafka") == "0.14.0"
    assert [*inspect.signature(Fetcher._get_actions_per_node).parameters] == ["self", "assignment"]
    routine = "".join(inspect.getsource(Fetcher._fetch_requests_routine).split())
    assert (
        "(fetch_requests,reset_requests,timeout,invalid_metadata,resume_futures,)=self._get_actions_per_node(assignment)"
    ) in routine
    assert "self._proc_fetch_request(assignment,node_id,request)" in routine
    assert [*inspect.signature(Fetcher._proc_fetch_request).parameters] == ["self", "assignment", "node_id", "request"]
    fetched = "".join(inspect.getsource(Fetcher.fetched_records).split())
    assert "waiter=self._create_fetch_waiter()" in fetched
    request = request_of({0: 7})
    request._max_wait_ms, request._min_bytes = 123, 4_567
    assert request.build(FetchRequest_v11).encode()[4:12] == struct.pack(">ii", 123, 4_567)


def test_a_loop_that_small_batches_keep_busy_is_left_free_half_the_time_within_limits() -> None:
    paces = [fetch_pace._pace(cpu_ms / 1000) * 1000 for cpu_ms in (0, 1, 4, 6, 50)]
    assert paces == pytest.approx([3, 3, 8, 12, 15])


def test_the_cpu_of_a_request_is_that_of_the_last_ones_together(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = 10.0
    monkeypatch.setattr(time, "thread_time", lambda: cpu)
    load, told = fetch_pace._Load(), []
    for n in range(2 * fetch_pace.MEASURED_REQUESTS):
        cpu += 0.001 if n < fetch_pace.MEASURED_REQUESTS else 0.005
        told.append(load.cpu_of_a_request())
    last = fetch_pace.MEASURED_REQUESTS - 1
    assert told[:last] == [0.0] * last, "not known yet"
    assert told[last:-1] == pytest.approx([0.001] * fetch_pace.MEASURED_REQUESTS)
    assert told[-1] == pytest.approx(0.005)


def request_of(offsets: dict[int, int]) -> FetchRequest:
    return FetchRequest(100, 1, 1_000, 0, [("topic", [(number, offset, 1_000) for number, offset in offsets.items()])])


class Broker:
    """What aiokafka would request next, and how long the pace lets it wait: 100 ms where it answers at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._now = 100.0
        self._requests: list[tuple[int, FetchRequest]] = []
        monkeypatch.setattr(time, "monotonic", lambda: self._now)
        monkeypatch.setattr(time, "thread_time", lambda: 0.0)
        self.pace = FetchPace(
            SimpleNamespace(
                _get_actions_per_node=lambda _assignment: (self._requests, {}, 0.2, False, []), _proc_fetch_request=None
            )
        )

    def waits(self, milliseconds: float, offsets: dict[int, int], broker: int = 1) -> int:
        """In milliseconds, so long after the last."""
        self._now += milliseconds / 1000
        request = request_of(offsets)
        self._requests = [(broker, request)]
        self.pace._paced(None)
        assert request._min_bytes == (1 if request._max_wait_ms == 100 else fetch_pace.MUCH_BYTES)
        return request._max_wait_ms


def test_who_has_just_answered_waits_until_that_was_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker(monkeypatch)
    assert broker.waits(0, {0: 0, 1: 0}) == 100
    assert broker.waits(6, {0: 0, 1: 1}) == 100, "a record now and then is answered as it comes"
    assert broker.waits(2, {0: 1, 1: 1}) == 3
    assert broker.waits(6, {0: 1, 1: 2}) == 3, "the wait has brought a record: there are more"
    assert broker.waits(6, {0: 1, 1: 2}) == 100, "the wait was for nothing"


def test_each_broker_has_a_pace_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker(monkeypatch)
    assert broker.waits(0, {0: 0}, broker=1) == 100
    assert broker.waits(1, {1: 0}, broker=2) == 100
    assert broker.waits(1, {0: 1}, broker=1) == 3


def test_nobody_waits_where_there_is_much(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker(monkeypatch)
    broker.waits(0, {0: 0})
    broker.pace.hurry()
    assert broker.waits(1, {0: 600}) == 100
    assert broker.waits(1, {0: 601}) == 3


@pytest.fixture
def topic(kafka: KafkaServer, topic_name: Callable[[str], str]) -> str:
    name = topic_name("pace")
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.create_topics([NewTopic(name, PARTITIONS, 1)])
    admin.wait_for_topics([name])
    admin.close()
    return name


@asynccontextmanager
async def paced(kafka: KafkaServer, topic: str) -> AsyncIterator[tuple[Any, FetchPace, list[list[Any]]]]:
    """A consumer, its pace, and the partitions of each request that it has made."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        requested: list[list[Any]] = []
        actions = consumer._fetcher._get_actions_per_node

        def noting(assignment: Any) -> Any:
            found = actions(assignment)
            requested.extend(request.topics[0][1] for _, request in found[0])
            return found

        consumer._fetcher._get_actions_per_node = noting
        pace = FetchPace(consumer._fetcher)
        consumer.assign([TopicPartition(topic, number) for number in range(PARTITIONS)])
        yield consumer, pace, requested
    finally:
        await consumer.stop()


def test_a_trickle_is_fetched_a_pace_apart_and_all_partitions_at_once(
    kafka: KafkaServer, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_pace, "PACE_SECONDS", 0.1)
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)

    async def run() -> None:
        async with paced(kafka, topic) as (consumer, _, requested):
            began, seen = time.monotonic(), 0
            for n in range(100):
                producer.send(topic, b"%d" % n, partition=n % PARTITIONS)
                await asyncio.sleep(0.005)
                seen += sum(map(len, (await consumer.getmany(timeout_ms=1)).values()))
            while seen < 100:
                seen += sum(map(len, (await consumer.getmany(timeout_ms=100)).values()))
            assert 2 <= len(requested) <= 2 + (time.monotonic() - began) / 0.1
            # Those of the first, whose positions are asked for one by one, aside.
            assert len(requested[-1]) == PARTITIONS

    asyncio.run(run())
    producer.close()


def test_who_waits_has_records_before_the_routine_looks_for_something_to_request(
    kafka: KafkaServer, topic: str
) -> None:
    """It would find nothing, and be woken once more when they were taken."""
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)

    async def run() -> None:
        async with paced(kafka, topic) as (consumer, pace, _):
            looks, actions = 0, pace._actions

            def counting(assignment: Any) -> Any:
                nonlocal looks
                looks += 1
                return actions(assignment)

            pace._actions = counting
            fetches = 20
            for n in range(1 + fetches):
                waiting = asyncio.create_task(consumer.getmany(timeout_ms=30_000))
                await asyncio.sleep(0.02)
                producer.send(topic, b"%d" % n, partition=n % PARTITIONS)
                assert await waiting
                if not n:
                    # Positions are known from here on.
                    looks = 0
            # One a fetch, and those of a wait that was for nothing (aiokafka's own every 200 ms aside).
            assert looks <= 1.25 * fetches

    asyncio.run(run())
    producer.close()


def test_a_broker_waits_with_little_and_not_with_much(
    kafka: KafkaServer, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_pace, "PACE_SECONDS", 3600.0)
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)

    def send(size: int = 1) -> None:
        producer.send(topic, bytes(size), partition=0).get(30)

    async def run() -> None:
        async with paced(kafka, topic) as (consumer, pace, _):
            send()
            assert await consumer.getmany(timeout_ms=30_000)
            pace.hurry()
            send()
            assert await consumer.getmany(timeout_ms=30_000)
            send()
            assert not await consumer.getmany(timeout_ms=500)
            send(fetch_pace.MUCH_BYTES)
            assert sum(map(len, (await consumer.getmany(timeout_ms=30_000)).values())) == 2

    asyncio.run(run())
    producer.close()
