"""Commands on the servers of all tests, and on the topics' real names: who needs others there takes them away first."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from deploy.embedded import KafkaServer, ValkeyServer
from vigie.__main__ import main

Vigie = Callable[..., tuple[int, str, str]]


@pytest.fixture
def vigie(
    kafka: KafkaServer,
    valkey: ValkeyServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Vigie:
    """Runs a command line against them: exit status, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("VIGIE_KAFKA", kafka.bootstrap)
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
def producer(kafka: KafkaServer) -> Iterator[Any]:
    # Not above: a conftest given on the command line is imported before the filters for this client's warnings are set.
    from kafka import KafkaProducer

    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, max_request_size=16 * 1024 * 1024)
    yield producer
    producer.close()


def lines(text: str) -> list[dict[str, object]]:
    """The objects of NDJSON."""
    return [msgspec.json.decode(line, type=dict[str, object]) for line in text.splitlines()]
