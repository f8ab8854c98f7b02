from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import redis
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from alerts.routing import totals_key
from deploy.embedded import KafkaServer
from streams.cluster import Cluster
from streams.reading import partitions_of, reader
from streams.status import Status
from streams.topics import ALERTS, APP_ID, DEAD_LETTERS, EVENTS, MODELS
from tests.member import member
from tests.vigie.commands.conftest import Vigie
from vigie.__main__ import main


def ask(vigie: Vigie, *arguments: str) -> Status:
    status, out, err = vigie("status", "--json", *arguments)
    assert (status, err) == (0, "")
    return msgspec.json.decode(out, type=Status)


@pytest.fixture
def scorer(kafka: KafkaServer, topics: None) -> Iterator[KafkaConsumer]:
    """A member of the scorer's group that has joined."""
    with member(kafka.bootstrap, EVENTS, APP_ID) as consumer:
        yield consumer


@pytest.mark.usefixtures("topics")
def test_without_a_scorer_it_is_not_ready_and_says_why(vigie: Vigie) -> None:
    status = ask(vigie)
    assert not status.ready
    assert status.kafka_reachable
    assert status.redis_reachable
    (problem,) = status.problems
    assert "no scorer is at work" in problem
    assert "vigie worker" in problem


def test_a_scorer_at_work_is_ready_and_its_lag_is_what_it_has_not_committed(
    vigie: Vigie, scorer: KafkaConsumer, producer: KafkaProducer
) -> None:
    before = ask(vigie)
    assert before.ready
    assert before.problems == []
    assert before.lag_events is not None
    for _ in range(5):
        producer.send(EVENTS, b"{}", partition=3)
    producer.flush()
    assert ask(vigie).lag_events == before.lag_events + 5
    done = scorer.end_offsets(list(scorer.assignment()))
    done[TopicPartition(EVENTS, 3)] -= 2
    scorer.commit({partition: OffsetAndMetadata(offset, "", -1) for partition, offset in done.items()})
    assert ask(vigie).lag_events == 2
    assert f"2 records of {EVENTS} wait; group Stable, 1 member(s)" in vigie("status")[1]


@pytest.mark.usefixtures("topics")
def test_the_model_in_force_is_the_last_record(vigie: Vigie, producer: KafkaProducer) -> None:
    as_of = datetime.now(UTC).date() - timedelta(days=45)
    for version in ("m1", "m2"):
        model = {"version": version, "as_of": as_of, "weights": "x" * 2_000_000}
        producer.send(MODELS, msgspec.json.encode(model), key=b"model").get(timeout=10)
    status = ask(vigie)
    assert (status.model_version, status.model_as_of) == ("m2", as_of)
    assert status.model_age_days in (45, 46)  # midnight may pass during the test
    producer.send(MODELS, b"not a model", key=b"model").get(timeout=10)
    status = ask(vigie)
    assert status.model_version is None
    assert any("is no model" in problem for problem in status.problems)
    producer.send(MODELS, msgspec.json.encode({"version": "m3", "as_of": as_of}), key=b"model").get(timeout=10)
    assert f"m3, as of {as_of}" in vigie("status")[1]
    producer.send(MODELS, msgspec.json.encode({"version": "scorecard", "as_of": None}), key=b"model").get(timeout=10)
    status = ask(vigie)
    assert (status.model_version, status.model_as_of, status.model_age_days) == ("scorecard", None, None)


@pytest.mark.usefixtures("topics")
def test_totals(vigie: Vigie, producer: KafkaProducer, redis_client: redis.Redis) -> None:
    dead = ask(vigie).dead_letters_total
    assert dead is not None
    producer.send(DEAD_LETTERS, b"{}").get(timeout=10)
    redis_client.hset(totals_key("21"), mapping={"strong:raised": 2, "moderate:raised": 1})
    redis_client.hset(totals_key("unknown"), mapping={"none:lowered": 4})
    status = ask(vigie)
    assert (status.alerts_total, status.dead_letters_total) == (7, dead + 1)


@pytest.mark.usefixtures("topics")
def test_redis_away_is_shown_and_its_password_is_not(
    kafka: KafkaServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VIGIE_REDIS", "redis://user:hunter2@127.0.0.1:1/0")
    assert main(["status", "--json", "--kafka", kafka.bootstrap]) == 0
    status = msgspec.json.decode(capsys.readouterr().out, type=Status)
    assert not status.ready
    assert not status.redis_reachable
    # Those in Kafka then, where other tests of this process may have written some.
    with reader(Cluster(kafka=kafka.bootstrap)) as consumer:
        places = partitions_of(consumer, ALERTS)
        held = sum(consumer.end_offsets(places).values()) - sum(consumer.beginning_offsets(places).values())
    assert status.alerts_total == held
    assert any("redis://127.0.0.1:1/0" in problem for problem in status.problems)
    assert "hunter2" not in str(status)


def test_kafka_away_is_shown(vigie: Vigie) -> None:
    status = ask(vigie, "--kafka", "127.0.0.1:1", "--kafka-timeout-s", "0.5")
    assert not status.ready
    assert not status.kafka_reachable
    assert status.redis_reachable
    assert status.lag_events is None


def test_nothing_reachable_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    away = ["--kafka", "127.0.0.1:1", "--kafka-timeout-s", "0.5", "--redis", "redis://127.0.0.1:1/0"]
    assert main(["status", *away]) == 1
    assert "not ready" in capsys.readouterr().out


def test_watching_looks_again_until_it_is_interrupted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("vigie.commands.status.sleep", pause)
    away = ["--kafka", "127.0.0.1:1", "--kafka-timeout-s", "0.1", "--redis", "redis://127.0.0.1:1/0"]
    assert main(["status", "--watch", "--every-seconds", "7", *away]) == 130
    out = capsys.readouterr().out
    assert out.count("not ready") == 2
    assert out.count("every 7 s; Ctrl-C ends") == 2
    assert pauses == [7.0, 7.0]
