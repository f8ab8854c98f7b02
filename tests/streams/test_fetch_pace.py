import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import metadata
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.fetcher import Fetcher
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
    # What is held back is what the routine waits for.
    assert "self._wait_consume_future=create_future()" in routine.split("self._get_actions_per_node")[0]
    assert "other_futs=[self._wait_consume_future,assignment.unassign_future]" in routine
    taken = inspect.getsource(Fetcher.fetched_records)
    assert taken.count("self._notify(self._wait_consume_future)") == 2


def test_a_loop_that_small_batches_keep_busy_is_left_free_half_the_time_within_limits() -> None:
    paces = [fetch_pace._pace(cpu_ms / 1000) * 1000 for cpu_ms in (0, 1, 4, 6, 50)]
    assert paces == pytest.approx([5, 5, 8, 12, 15])


def test_what_is_left_of_a_pace_is_never_shorter_than_the_loop_s_timers_can_tell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else the fetcher would ask again and again, without a pause, until the pace is over."""
    now, paces = 100.0, []
    monkeypatch.setattr(time, "monotonic", lambda: now)
    fetcher = SimpleNamespace(_get_actions_per_node=lambda _: (["request"], {}, 0.2, False, []), _notify=None)
    pace = FetchPace(fetcher)
    assert pace._paced(None)[0]
    for milliseconds in (0, 3, 4.4, 4.6):
        now = 100.0 + milliseconds / 1000
        requests, _, wait, *_ = pace._paced(None)
        paces.append((bool(requests), round(1000 * wait, 3)))
    assert paces == [(False, 5.0), (False, 2.0), (False, 0.6), (True, 200.0)]


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


def test_there_is_no_pause_where_there_is_much(kafka: KafkaServer, topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch_pace, "PACE_SECONDS", 3600.0)
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)

    def send() -> None:
        producer.send(topic, b"", partition=0).get(30)

    async def run() -> None:
        async with paced(kafka, topic) as (consumer, pace, _):
            send()
            assert await consumer.getmany(timeout_ms=30_000)
            pace.hurry()
            send()
            assert await consumer.getmany(timeout_ms=30_000)
            send()
            assert not await consumer.getmany(timeout_ms=500)

    asyncio.run(run())
    producer.close()
