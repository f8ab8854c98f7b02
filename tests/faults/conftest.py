"""A world, and servers of this folder's own, since they are killed here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded import KafkaOptions
from tests.acceptance.harness import Site
from tests.acceptance.world import World, make_world
from tests.faults.schedule import LONG
from tests.faults.stage import Grounds, grounds

collect_ignore = [] if LONG else ["test_clocks.py", "test_failover.py", "test_long_outages.py"]
"""Minutes of waiting are for `make soak`."""


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"), firms=200 if LONG else 65)


@pytest.fixture(scope="package")
def ground(kafka_options: KafkaOptions) -> Iterator[Grounds]:
    with grounds(kafka_options) as ground:
        yield ground


@pytest.fixture
def site(ground: Grounds, tmp_path: Path) -> Iterator[Site]:
    """A clean cluster on servers that may be killed: they are there again for the next test."""
    ground.start_again()
    with Site(ground.kafka.bootstrap, ground.valkey.url, tmp_path) as site:
        yield site
        ground.start_again()
