"""The one way to an aiokafka producer here: idempotent, confirmed by every replica in sync."""

import asyncio
import math
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams import aio
from streams.cluster import Cluster, ClusterUnreachable

LARGEST_REQUEST_BYTES = 16 * 1024 * 1024


async def connected(
    cluster: Cluster, client_id: str, *, batch_bytes: int, request_timeout_s: float, compression: str | None = None
) -> Any:
    """A producer that is connected, in the running loop; `stop` it. Raises ClusterUnreachable or ClusterError.

    It sends a batch again for ever: how long that may take is for the caller to say.
    """
    producer = AIOKafkaProducer(
        **aio.client(cluster),
        client_id=client_id,
        # A record that was sent twice after a lost answer would be a doubled alert, or an order undone.
        enable_idempotence=True,
        acks="all",
        linger_ms=0,
        max_batch_size=batch_bytes,
        max_request_size=LARGEST_REQUEST_BYTES,
        request_timeout_ms=int(request_timeout_s * 1000),
        compression_type=compression,
    )
    # It would give up a batch whose partition has had no leader for the time of a request, and with it the numbers that
    # idempotence goes by: Kafka would refuse all that follows.
    producer._message_accumulator._batch_ttl = math.inf
    try:
        # By itself it asks for its producer id for ever.
        async with asyncio.timeout(cluster.kafka_timeout_s):
            await producer.start()
    except KafkaError as error:
        await producer.stop()
        raise aio.told(cluster, error) from error
    except TimeoutError as error:
        await producer.stop()
        raise ClusterUnreachable(
            f"the brokers at {cluster.kafka} gave no producer id within {cluster.kafka_timeout_s:g} s. Look at their "
            "health, or give --kafka-timeout-s (VIGIE_KAFKA_TIMEOUT_S) more"
        ) from error
    return producer
