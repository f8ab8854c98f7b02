"""A clean Kafka and Redis with the topics' real names, for the parts that know no others."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded import KafkaServer, ValkeyServer
from tests.acceptance.harness import Site


@pytest.fixture
def site(kafka: KafkaServer, valkey: ValkeyServer, tmp_path: Path) -> Iterator[Site]:
    with Site(kafka.bootstrap, valkey.url, tmp_path) as site:
        yield site
