"""Records as they are read from Kafka's bytes, without a second object around each.

aiokafka copies every record into one that also says its topic and partition, which those who ask a partition's batch
know. Made for each record, it costs more than reading the record does.

Written against aiokafka 0.14.0; tests/streams/test_plain_records.py fails when a newer one changes what is relied on.
"""

from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import PartitionRecords


class Plain(PartitionRecords):  # type: ignore[misc]  # aiokafka has no types here
    """What aiokafka takes a partition's records out of. Of consumers that decode keys or values, as it was."""

    _key_deserializer: Any
    _value_deserializer: Any

    def _consumer_record(self, tp: Any, record: Any) -> Any:
        if self._key_deserializer or self._value_deserializer:
            return super()._consumer_record(tp, record)
        return record


def install() -> None:
    """From now on consumers of this process give such records."""
    fetcher.PartitionRecords = Plain
