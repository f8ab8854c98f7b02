"""Brokers of a cluster killed, stopped, frozen and too few, under load: nothing lost, nothing doubled."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.embedded import KafkaOptions
from tests.acceptance.world import World
from tests.faults.brokers import Brokers, brokers
from tests.faults.schedule import CLUSTER_KINDS, LONG, SEED, STORMS, schedule
from tests.faults.stage import Stage
from tests.faults.test_storm import figures, judge, weather

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def cluster(kafka_options: KafkaOptions) -> Iterator[Brokers]:
    with brokers(kafka_options) as cluster:
        yield cluster


@pytest.mark.parametrize("seed", range(SEED, SEED + STORMS) if LONG else [SEED])
def test_brokers_go_and_come_back(
    cluster: Brokers, world: World, tmp_path: Path, seed: int, record_property: Callable[[str, object], None]
) -> None:
    faults = schedule(seed, len(CLUSTER_KINDS), CLUSTER_KINDS) if LONG else schedule(seed, 1, ["leader killed"])
    with Stage(cluster, tmp_path) as stage:
        weather(stage, world, faults)
        judge(stage, world)
        for line in figures(stage, seed):
            record_property("figures", line)
