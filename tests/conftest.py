"""Real servers for the tests: one Kafka and one Valkey a process of the run, on free ports, their data gone with it.

`make test` runs the tests in several processes at once (pytest-xdist). Each has servers of its own, so that no test
meets another's topics, groups or keys; what is a session's is therefore a process's.
"""

import gc
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, settings
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient

import vigie  # noqa: F401 - before numpy: it says how many threads linear algebra may have
from deploy.embedded import KafkaOptions, KafkaServer, ValkeyServer, start_kafka, start_valkey, user_cache
from streams.kafka_client import ClosingSelector
from tests.alerts.server import CHOSEN

# Others share the cores: how long an example takes, or its making, says nothing.
settings.register_profile("vigie", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("vigie")

_SERVERS = {"kafka", "valkey"}


def pytest_configure(config: pytest.Config) -> None:
    """Leave to others what is theirs: warnings are errors, but not those within the clients pinned in pyproject."""
    # kafka-python 3.0.12 reads its message schemas in a way that Python 3.11 and 3.12 call deprecated.
    config.addinivalue_line("filterwarnings", "ignore:(read|open)_text is deprecated:DeprecationWarning")
    # Nor does it close all its sockets: see streams.kafka_client. Tests have clients of their own.
    for kind in (KafkaConsumer, KafkaProducer, KafkaAdminClient):
        kind.DEFAULT_CONFIG["selector"] = ClosingSelector


def pytest_collection_finish() -> None:
    """What importing made is never garbage: kept from the collector, `nothing_left_open` costs a few milliseconds."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def nothing_left_open() -> Iterator[None]:
    """What a module's tests left open is an error of that module, not of whoever next has garbage collected."""
    yield
    gc.collect()


@pytest.hookimpl(optionalhook=True)  # of a plugin that `-p no:xdist` leaves out
def pytest_xdist_auto_num_workers() -> int:
    """Processes of `-n auto`: one more than cores, for the tests of whole systems mostly wait."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a server, so that `-m "not embedded"` runs without any."""
    for item in items:
        if _SERVERS & set(getattr(item, "fixturenames", ())):
            item.add_marker("embedded")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the figures of tests that have some, whichever process they ran in."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "figures" and report.when == "call":
                terminalreporter.write_line(str(value))


@pytest.fixture(scope="session")
def kafka_options() -> KafkaOptions:
    """How brokers are started here: the user's cache and mirror hold for the tests as well."""
    cache = os.environ.get("VIGIE_CACHE")
    mirror = os.environ.get("VIGIE_MAVEN_URL")
    folder = Path(cache) if cache else user_cache(os.environ)
    return KafkaOptions(cache=folder, maven_url=mirror) if mirror else KafkaOptions(cache=folder)


@pytest.fixture(scope="session")
def kafka(kafka_options: KafkaOptions) -> Iterator[KafkaServer]:
    """This process's broker; `.bootstrap` is its host:port. Topics stay: ask `topic_name` for names."""
    with start_kafka(kafka_options) as server:
        yield server


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    """This process's Redis-protocol server; `.url` is its redis:// address."""
    with start_valkey(executable=Path(CHOSEN) if CHOSEN else None) as server:
        yield server


@pytest.fixture
def redis_client(valkey: ValkeyServer) -> Iterator[redis.Redis]:
    """A client of this process's server, emptied before each test; replies are bytes."""
    with redis.Redis.from_url(valkey.url, decode_responses=False) as client:
        client.flushall()
        yield client


@pytest.fixture(scope="session")
def topic_name() -> Callable[[str], str]:
    """Names of topics (or groups) that nothing else in this run uses, from a name that says what for."""
    numbers = itertools.count(1)
    return lambda purpose: f"test-{purpose}-{next(numbers)}"
