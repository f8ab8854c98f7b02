import asyncio
import inspect
from collections.abc import Callable
from importlib import metadata

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer import consumer, fetcher
from aiokafka.errors import NotLeaderForPartitionError, UnknownTopicOrPartitionError

from deploy.embedded import KafkaServer
from streams import leaders


def test_aiokafka_is_the_one_that_this_was_written_against() -> None:
    assert metadata.version("aiokafka") == "0.14.0"
    assert "self._fetcher = Fetcher(" in inspect.getsource(consumer)
    asked = inspect.getsource(fetcher.Fetcher._update_fetch_positions)
    assert "self._proc_offset_request(node_id, topic_data)" in asked
    assert "force_metadata_update" not in asked, "aiokafka does it by itself now"
    assert NotLeaderForPartitionError.invalid_metadata


def test_a_broker_that_does_not_lead_makes_the_consumer_look_for_who_does(
    kafka: KafkaServer, topic_name: Callable[[str], str]
) -> None:
    """As one that is no leader does, a broker that does not know a topic says that what is known is of old."""

    async def run() -> bool:
        leaders.install()
        reader = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap)
        await reader.start()
        try:
            assert reader._client._md_update_fut is None
            with pytest.raises(UnknownTopicOrPartitionError):
                await reader._fetcher._proc_offset_request(1, {topic_name("nowhere"): [(0, -1)]})
            return reader._client._md_update_fut is not None
        finally:
            await reader.stop()

    assert asyncio.run(run())
