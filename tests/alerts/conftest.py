"""A clean database on the session's server."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis

from alerts.connect import connect
from tests.alerts.publishing import Bench

DATABASE = "/11"


@pytest.fixture
def redis_url(valkey: Any) -> str:
    """The address of a database of these tests' own, empty."""
    url = urlsplit(valkey.url)._replace(path=DATABASE).geturl()
    with connect(url, 5) as client:
        client.flushdb()
    return url


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with connect(redis_url, 5) as client:
        yield client


@pytest.fixture
def bench(redis_url: str) -> Bench:
    return Bench(redis_url)
