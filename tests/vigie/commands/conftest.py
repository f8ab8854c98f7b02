"""A broker for the commands alone: they work on the topics' real names, which other tests use with other settings."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from deploy.embedded import KafkaOptions, KafkaServer, ValkeyServer, start_kafka
from vigie.__main__ import main

Vigie = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="package")
def own_kafka(kafka_options: KafkaOptions) -> Iterator[KafkaServer]:
    with start_kafka(kafka_options) as server:
        yield server


@pytest.fixture
def vigie(
    own_kafka: KafkaServer,
    valkey: ValkeyServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Vigie:
    """Runs a command line against the own broker: exit status, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("VIGIE_KAFKA", own_kafka.bootstrap)
        monkeypatch.setenv("VIGIE_REDIS", valkey.url)
        status = main(arguments)
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def topics(vigie: Vigie) -> None:
    """The topics are there, each as it should be."""
    status, _, err = vigie("topics", "create", "--alter")
    assert (status, err) == (0, "")


@pytest.fixture
def producer(own_kafka: KafkaServer) -> Iterator[Any]:
    # Not above: a conftest given on the command line is imported before the filters for this client's warnings are set.
    from kafka import KafkaProducer

    producer = KafkaProducer(bootstrap_servers=own_kafka.bootstrap, max_request_size=16 * 1024 * 1024)
    yield producer
    producer.close()


def lines(text: str) -> list[dict[str, object]]:
    """The objects of NDJSON."""
    return [msgspec.json.decode(line, type=dict[str, object]) for line in text.splitlines()]
