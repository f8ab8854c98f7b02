"""Sending while the broker is away: it may take longer, and nothing else changes."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from deploy.embedded import KafkaOptions, KafkaServer, start_kafka
from detectors.events import AnyEvent, Clock
from streams.cluster import Cluster
from streams.errors import SendFailed
from streams.send import Sender, SendOptions
from tests.acceptance.processes import freeze
from tests.streams.test_send import PARTITIONS, create, decoded, headcount, records

SMALL = SendOptions(send_batch_bytes=2_000, send_unconfirmed=500)


@pytest.fixture(scope="module")
def server(kafka_options: KafkaOptions) -> Iterator[KafkaServer]:
    with start_kafka(kafka_options) as server:
        yield server


@pytest.fixture
def broker(server: KafkaServer) -> KafkaServer:
    """A broker that the test may take away: it is there again for the next one."""
    server.start_again()
    return server


@pytest.fixture
def topic(broker: KafkaServer, topic_name: Callable[[str], str]) -> str:
    return create(broker, topic_name("outage"))


def events(first: int, count: int, day: date = date(2018, 3, 1)) -> list[AnyEvent]:
    """Headcounts of fifty firms, with a clock now and then; no two of them alike."""
    return [
        Clock(known_at=day - timedelta(n)) if n % 500 == 499 else headcount(f"{n % 50:09d}", day, n)
        for n in range(first, first + count)
    ]


Logs = dict[int, list[AnyEvent]]


def found(broker: KafkaServer, topic: str) -> Logs:
    """The events of each partition, in order."""
    logs: Logs = {partition: [] for partition in range(PARTITIONS)}
    for record in records(broker, topic):
        logs[record.partition].append(decoded(record))
    return logs


def expected(sender: Sender, sent: list[AnyEvent]) -> Logs:
    """Each once, in the order sent."""
    return {
        partition: [e for e in sent if isinstance(e, Clock) or sender.partition_of(e.siren.encode()) == partition]
        for partition in range(PARTITIONS)
    }


def first_times(logs: Logs) -> Logs:
    """Without what stood there before."""
    return {partition: list(dict.fromkeys(log)) for partition, log in logs.items()}


def sent_through_restarts(broker: KafkaServer, topic: str, sender: Sender, day: date) -> list[AnyEvent]:
    """The events that were sent while the broker was twice killed and started again."""

    def restart() -> None:
        for _ in range(2):
            time.sleep(0.4)
            broker.kill()
            broker.start_again()

    restarting = threading.Thread(target=restart)
    restarting.start()
    sent: list[AnyEvent] = []
    while restarting.is_alive():
        more = events(len(sent), 1_000, day)
        sent += more
        sender.send_many(more)
        time.sleep(0.02)
    restarting.join()
    sender.flush()
    sender.close()
    return sent


def test_a_broker_killed_and_started_again(broker: KafkaServer, topic: str) -> None:
    sender = Sender(Cluster(kafka=broker.bootstrap), SMALL, None, topic)
    sent = sent_through_restarts(broker, topic, sender, datetime.now(UTC).date())
    assert found(broker, topic) == expected(sender, sent)


def test_events_of_past_years_through_restarts(broker: KafkaServer, topic: str) -> None:
    """A restarted broker forgets the producers of old records, and so may take a batch twice: the same one at once."""
    sender = Sender(Cluster(kafka=broker.bootstrap), SMALL, None, topic)
    sent = sent_through_restarts(broker, topic, sender, date(2018, 3, 1))
    logs = found(broker, topic)
    assert first_times(logs) == expected(sender, sent)
    a_batch = SMALL.send_batch_bytes // 100
    assert sum(map(len, logs.values())) <= sender.confirmed + 2 * PARTITIONS * a_batch


def test_while_nothing_is_confirmed_no_more_is_taken(broker: KafkaServer, topic: str) -> None:
    sender = Sender(Cluster(kafka=broker.bootstrap), SMALL, None, topic)
    sent = events(0, 5_000)
    taken: list[AnyEvent] = []

    def noted() -> Iterator[AnyEvent]:
        for event in sent:
            taken.append(event)
            yield event

    broker.pause()
    sending = threading.Thread(target=sender.send_many, args=[noted()])
    sending.start()
    sending.join(3)
    assert sending.is_alive()
    # What is under way, and the chunk that waits to be.
    assert 500 <= len(taken) <= 1_000
    assert sender.confirmed == 0
    broker.kill()
    broker.start_again()
    sending.join(60)
    sender.flush()
    sender.close()
    assert first_times(found(broker, topic)) == expected(sender, sent)


def test_a_broker_that_stays_away_is_told_and_left(broker: KafkaServer, topic: str) -> None:
    options = SendOptions(send_timeout_s=1.0, send_unconfirmed=100)
    sender = Sender(Cluster(kafka=broker.bootstrap), options, None, topic)
    sender.send_many(events(0, 50))
    sender.flush()
    broker.kill()
    with pytest.raises(SendFailed, match=f"for topic {topic}, partition [0-2]: .*VIGIE_SEND_TIMEOUT_S.* 50 records"):
        sender.send_many(events(50, 1_000))
    with pytest.raises(SendFailed):
        sender.flush()
    began = time.monotonic()
    sender.close()
    assert time.monotonic() - began < 5
    assert not [thread for thread in threading.enumerate() if thread.name == f"send-{topic}"]
    broker.start_again()
    assert found(broker, topic) == expected(sender, events(0, 50))


def test_leaving_without_a_flush_does_not_wait(broker: KafkaServer, topic: str) -> None:
    sender = Sender(Cluster(kafka=broker.bootstrap), SMALL, None, topic)
    freeze(broker.pid)  # it keeps its connections and says nothing
    sender.send_many(events(0, 100))
    time.sleep(0.2)
    began = time.monotonic()
    sender.close()
    sender.close()
    assert time.monotonic() - began < 5
    broker.kill()
