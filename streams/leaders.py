"""Who leads a partition, asked anew when a broker says that it does not.

aiokafka looks up where a partition begins or ends from the broker that it takes for the leader. Where that one was
followed by another meanwhile it asks the same one again, ten times a second, until what it knows of the cluster is
five minutes old: so long, after a failover, nobody reads a partition of which nothing was committed yet.

Written against aiokafka 0.14.0; tests/streams/test_leaders.py fails when a newer one changes what is relied on.
"""

from typing import Any

from aiokafka.consumer import consumer
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.errors import KafkaError


class _Asking(Fetcher):  # type: ignore[misc]  # aiokafka has no types here
    async def _proc_offset_request(self, node_id: int, topic_data: Any) -> Any:
        try:
            return await super()._proc_offset_request(node_id, topic_data)
        except KafkaError as error:
            if error.invalid_metadata:
                self._client.force_metadata_update()
            raise


def install() -> None:
    """Have all consumers of this process ask. May be called again."""
    consumer.Fetcher = _Asking
