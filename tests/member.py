"""A member of a consumer group that has joined it, for tests of what must not happen, or is seen, beside one."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from kafka import KafkaConsumer

PATIENCE_SECONDS = 60.0


@contextmanager
def member(bootstrap: str, topic: str, group: str) -> Iterator[KafkaConsumer]:
    """A consumer that has partitions of `topic`, closed at the end."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    try:
        # kafka-python 3.0.12 joins with what it knows: a leader that has not heard of the topic yet gives nobody
        # anything, and at times looks no more.
        assert consumer.partitions_for_topic(topic)
        consumer.subscribe([topic])
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not consumer.assignment():
            assert time.monotonic() < deadline, "the group did not settle"
            consumer.poll(timeout_ms=100)
        yield consumer
    finally:
        consumer.close()
