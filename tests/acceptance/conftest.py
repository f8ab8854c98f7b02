"""One small world for all tests here: its files, its events as lines, and what replay makes of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded import KafkaServer, ValkeyServer
from tests.acceptance.harness import Site
from tests.acceptance.world import World, make_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def site(kafka: KafkaServer, valkey: ValkeyServer, tmp_path: Path) -> Iterator[Site]:
    with Site(kafka.bootstrap, valkey.url, tmp_path) as site:
        yield site
