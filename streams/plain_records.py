"""Records as they are read from Kafka's bytes, without a second object around each.

aiokafka copies every record into one that also says its topic and partition, which those who ask a partition's batch
know. Made for each record, it costs more than reading the record does.

Written against aiokafka 0.14.0; tests/streams/test_plain_records.py fails when a newer one changes what is relied on.
"""

from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import PartitionRecords


def as_read(value: bytes | None) -> bytes | None:
    """A consumer whose `value_deserializer` this is has plain records, once they are installed."""
    return value


class Plain(PartitionRecords):  # type: ignore[misc]  # aiokafka has no types here
    """What aiokafka takes a partition's records out of; of other consumers as it was."""

    _value_deserializer: Any

    def _consumer_record(self, tp: Any, record: Any) -> Any:
        return record if self._value_deserializer is as_read else super()._consumer_record(tp, record)


def install() -> None:
    """Let consumers of this process have such records."""
    fetcher.PartitionRecords = Plain
