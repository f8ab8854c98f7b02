"""One Chromium and one console for all tests of this folder; each begins with an empty database."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from playwright.sync_api import Browser

from alerts.connect import connect
from benchmarks.chromium import MISSING, chromium, executable
from deploy.embedded import ValkeyServer
from tests.alerts.console import site
from tests.alerts.publishing import Bench
from tests.browser.people import Agents

DATABASE = "/12"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    program = executable(os.environ)
    if program is None:
        pytest.skip(MISSING)
    with chromium(program) as browser:
        yield browser


@pytest.fixture(scope="package")
def redis_url(valkey: ValkeyServer) -> str:
    """The address of a database of these tests' own."""
    return urlsplit(valkey.url)._replace(path=DATABASE).geturl()


@pytest.fixture(scope="package")
def home(redis_url: str) -> Iterator[str]:
    """Where the console is."""
    with connect(redis_url, 5) as client, site.listening(site.settings(client)) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with connect(redis_url, 5) as client:
        client.flushdb()
        yield client


@pytest.fixture
def bench(redis_url: str) -> Bench:
    return Bench(redis_url)


@pytest.fixture
def agents(browser: Browser, home: str, client: redis.Redis) -> Iterator[Agents]:
    """People at their browsers. At the end none has met an error, a blocked file, or a word from another site."""
    with ExitStack() as stack:
        agents = Agents(browser, home, stack)
        yield agents
        assert agents.troubles == []


@pytest.fixture
def figures(record_property: Any) -> Any:
    """Tells a figure, which the run shows at its end."""
    return lambda text: record_property("figures", text)
