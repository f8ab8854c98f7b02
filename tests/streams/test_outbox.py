import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from deploy.embedded import KafkaServer
from streams.cluster import Cluster, ClusterUnreachable
from streams.errors import SendFailed
from streams.outbox import BATCH_BYTES, LONGEST_STOP_SECONDS, WORTH_BATCHES, Keyed, Outbox, Outgoing
from tests.acceptance.harness import Site
from tests.acceptance.processes import frozen

Records = list[tuple[bytes, bytes | None]]


@asynccontextmanager
async def outbox(site: Site, seconds: float = 30) -> AsyncIterator[Outbox]:
    box = Outbox(site.cluster, seconds)
    await box.start()
    try:
        yield box
    finally:
        await box.stop()


def sent_in_batches(site: Site, records: Records) -> Records:
    """What stands in partition 1 of the changelog after one call."""

    async def send() -> None:
        async with outbox(site) as box:
            await box.settled("vigie-firms-changelog", await box.send_batches("vigie-firms-changelog", 1, records))

    asyncio.run(send())
    found = site.records("vigie-firms-changelog")
    assert {record.partition for record in found} <= {1}
    return [(record.key, record.value) for record in found]


@pytest.mark.parametrize(
    "sizes",
    [
        [],
        [10] * 5000,
        [BATCH_BYTES + 1],
        [10, 3 * BATCH_BYTES, 10],
        [3 * BATCH_BYTES, 2 * BATCH_BYTES, 10, 10, 4 * BATCH_BYTES],
        [BATCH_BYTES // 3] * 10,
        [12 * 1024 * 1024, 1],
    ],
)
def test_batches_keep_their_order_whatever_their_records_sizes(site: Site, sizes: list[int]) -> None:
    records: Records = [(b"%05d" % i, b"%05d" % i + b"x" * size) for i, size in enumerate(sizes)]
    records.append((b"gone", None))
    assert sent_in_batches(site, records) == records


def test_batches_are_spread_over_the_partitions_that_there_are(site: Site) -> None:
    topic = "vigie.alerts"

    async def send() -> None:
        async with outbox(site) as box:
            for number in range(6):
                records: list[Keyed] = [(None, b"%d" % number), (b"key", b"more")]
                await box.settled(topic, await box.spread_batches(topic, number, records))
            assert await box.spread_batches(topic, 1, []) == []

    asyncio.run(send())
    found = [(record.partition, record.value) for record in site.records(topic)]
    assert sorted(found) == sorted((n % site.partitions, value) for n in range(6) for value in (b"%d" % n, b"more"))


def test_a_whole_batch_is_one_in_the_log(site: Site) -> None:
    records: Records = [(b"%d" % i, b"x") for i in range(1000)]

    async def send() -> int:
        async with outbox(site) as box:
            return len(await box.send_batches("vigie-firms-changelog", 0, records))

    assert asyncio.run(send()) == 1


def test_records_go_where_they_are_sent_with_all_they_have(site: Site) -> None:
    outgoing = [
        Outgoing(b"%09d" % n, b"%d" % n, [("sent_ms", b"5")], 1_500_000_000_000 + n, None if n % 2 else 3)
        for n in range(200)
    ]

    async def send() -> int:
        async with outbox(site) as box:
            await box.send("vigie.alerts", outgoing)
            return await box.partitions("vigie.alerts")

    assert asyncio.run(send()) == site.partitions
    found = site.records("vigie.alerts")
    assert sorted((r.key, r.value, r.timestamp) for r in found) == sorted(
        (o.key, o.value, o.timestamp_ms) for o in outgoing
    )
    for record in found:
        assert list(record.headers) == [("sent_ms", b"5")]
        assert int(record.key) % 2 or record.partition == 3
    for partition in range(site.partitions):
        values = [int(record.value) for record in found if record.partition == partition]
        assert values == sorted(values)


def test_records_by_siren_go_where_their_keys_say_in_order(site: Site) -> None:
    few, many = WORTH_BATCHES - 1, 300
    outgoing = [Outgoing(b"%09d" % (n % 40), b"%d" % n, [("sent_ms", b"5")]) for n in range(2 * few + many)]

    async def send() -> None:
        async with outbox(site) as box:
            await box.send_by_siren("vigie.alerts", [])
            for records in (outgoing[:few], outgoing[few:-few], outgoing[-few:]):
                await box.send_by_siren("vigie.alerts", records)
            # The same keys by the producer's own partitioner.
            await box.send("vigie.events", outgoing)

    asyncio.run(send())
    found = site.records("vigie.alerts")
    usual = [(r.partition, r.key, r.value) for r in site.records("vigie.events")]
    assert [(r.partition, r.key, r.value) for r in found] == usual
    assert all(list(record.headers) == [("sent_ms", b"5")] for record in found)


def test_a_record_that_kafka_does_not_take(site: Site) -> None:
    async def send(*values: bytes, topic: str = "vigie.events") -> None:
        async with outbox(site, seconds=2) as box:
            await box.send(topic, [Outgoing(None, value, partition=0) for value in values])

    with pytest.raises(SendFailed, match=r"vigie\.events: MessageSizeTooLargeError"):
        asyncio.run(send(b"x", b"x" * 2_000_000))
    with pytest.raises(SendFailed, match=r"vigie\.events: MessageSizeTooLargeError"):
        asyncio.run(send(b"x" * 20_000_000))
    with pytest.raises(SendFailed, match=r"never-created.*Nothing is lost"):
        asyncio.run(send(b"x", topic="never-created"))


def test_no_broker() -> None:
    async def start() -> None:
        await Outbox(Cluster(kafka="127.0.0.1:1"), 1).start()

    with pytest.raises(ClusterUnreachable, match=r"127\.0\.0\.1:1"):
        asyncio.run(start())


def test_a_write_waits_so_long_and_no_longer(site: Site, kafka: KafkaServer) -> None:
    """The producer alone would wait for ever, and with it a worker that nobody restarts."""

    async def send() -> None:
        async with outbox(site, seconds=1) as box:
            # What is heard of a topic first takes longer.
            for topic in ("vigie.events", "vigie-firms-changelog"):
                await box.send(topic, [Outgoing(b"x", b"x", partition=0)])
            with frozen(kafka.pid):
                with pytest.raises(SendFailed, match=r"vigie\.events.* 1 s.*--write-timeout-seconds.*Nothing is lost"):
                    await box.send("vigie.events", [Outgoing(None, b"y", partition=0)])
                waiting = await box.send_batches("vigie-firms-changelog", 0, [(b"x", b"x")])
                with pytest.raises(SendFailed, match="--write-timeout-seconds"):
                    await box.settled("vigie-firms-changelog", waiting)
                # Whoever else waits for them goes on waiting.
                assert not any(future.done() for future in waiting)
                began = time.monotonic()
                await box.stop()
                assert time.monotonic() - began < LONGEST_STOP_SECONDS + 5

    asyncio.run(send())


def test_a_write_outlasts_a_broker_that_comes_back(site: Site, kafka: KafkaServer) -> None:
    """More records than the producer holds, over more than one of its requests' times."""
    values = [b"%d" % n for n in range(3_000)]

    async def send() -> None:
        async with outbox(site, seconds=20) as box:
            with frozen(kafka.pid):
                records = [Outgoing(None, value + b"x" * 1_000, partition=0) for value in values]
                sending = asyncio.create_task(box.send("vigie.events", records))
                await asyncio.wait([sending], timeout=12)
                assert not sending.done()
            await sending

    asyncio.run(send())
    assert [record.value.rstrip(b"x") for record in site.records("vigie.events")] == values


def test_no_more_waits_than_the_producer_has_room_for(site: Site, kafka: KafkaServer) -> None:
    async def send() -> None:
        async with outbox(site, seconds=1) as box:
            records = [(b"x", b"x" * BATCH_BYTES)] * 3
            with frozen(kafka.pid), pytest.raises(SendFailed, match="--write-timeout-seconds"):
                await box.send_batches("vigie-firms-changelog", 0, records)

    asyncio.run(send())
