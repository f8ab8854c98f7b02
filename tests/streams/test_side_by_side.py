from typing import Any

import pytest

from streams.cluster import Cluster, ClusterUnreachable
from streams.side_by_side import side_by_side
from tests.acceptance.harness import Site
from tests.alerts.server import free_port


def value(record: Any) -> int:
    return int(record.value)


def test_partitions_are_merged_and_each_keeps_its_order(site: Site) -> None:
    written = {0: [1, 5, 4, 9], 1: [2, 3, 10], 3: [6, 7, 8]}
    with site.producer() as producer:
        for partition, numbers in written.items():
            for number in numbers:
                producer.send("vigie.alerts", b"%d" % number, partition=partition)
    with side_by_side(site.cluster, "vigie.alerts") as topic:
        assert (topic.partitions, topic.count) == (4, 10)
        assert list(topic.merged(value, float)) == [1, 2, 3, 5, 4, 6, 7, 8, 9, 10]
    with side_by_side(site.cluster, "vigie.no-such-topic") as topic:
        assert (topic.partitions, topic.count, list(topic.merged(value, float))) == (0, 0, [])


def test_a_broker_that_is_not_there() -> None:
    nowhere = Cluster(kafka=f"127.0.0.1:{free_port()}", kafka_timeout_s=0.2)
    with pytest.raises(ClusterUnreachable, match="VIGIE_KAFKA"), side_by_side(nowhere, "vigie.alerts"):
        pass
