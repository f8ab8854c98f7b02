"""Whether state was read from its changelog to the end."""

import asyncio
from collections.abc import Mapping

from streams.cluster import Cluster
from streams.errors import StreamsError


async def require_whole(cluster: Cluster, topic: str, read_to: Mapping[int, int], partition: int) -> None:
    """Ask the cluster anew, by a client that knows of no leader yet, where a partition's changelog ends.

    `read_to` has the offset behind the last record that was read of each. Raises StreamsError where there is more.
    """
    read = read_to.get(partition, 0)
    begin, end = await asyncio.to_thread(_ends, cluster, topic, partition)
    if end > max(begin, read):
        raise StreamsError(
            f"the state of partition {partition} was read from {topic} up to offset {read}, and goes on to {end}: a "
            "broker that no longer led told an old end, or another worker wrote there still. Start the worker again: "
            "nothing was done on what was read"
        )


def _ends(cluster: Cluster, topic: str, partition: int) -> tuple[int, int]:
    # A worker needs this client for nothing else that is sure to happen.
    from kafka import TopicPartition

    from streams.cutting import ends
    from streams.reading import reader

    with reader(cluster) as consumer:
        return ends(cluster, consumer, TopicPartition(topic, partition))
