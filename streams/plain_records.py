"""Records as they are read from Kafka's bytes, without a second object around each, and as many as there are at once.

aiokafka copies every record into one that also says its topic and partition, which those who ask a partition's batch
know, and passes them on one by one. Made for each record, that costs more than reading the record does.

Written against aiokafka 0.14.0; tests/streams/test_plain_records.py fails when a newer one changes what is relied on.
"""

import math
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import READ_UNCOMMITTED, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException

from streams.headers import Records

NOWHERE = -2
"""An offset that no record has, and none is fetched from."""
_getall = FetchResult.getall


def as_read(value: bytes | None) -> bytes | None:
    """A consumer whose `value_deserializer` this is has plain records, once they are installed."""
    return value


class Plain(PartitionRecords):  # type: ignore[misc]  # aiokafka has no types here
    """What aiokafka takes a partition's records out of; of other consumers as it was."""

    _check_crcs: bool
    _isolation_level: int
    _records: Any
    _value_deserializer: Any
    next_fetch_offset: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.as_read = (
            self._value_deserializer is as_read
            and self._isolation_level == READ_UNCOMMITTED
            and isinstance(self._records, Records)
        )
        if self.as_read:
            # It and this would keep each other, and so a whole answer, until Python looks for cycles.
            self._records_iterator = None
        self._rest: list[Any] = []
        """What was read of the bytes and not taken."""
        self._read_to = self.next_fetch_offset

    def __next__(self) -> Any:
        if not self.as_read:
            return super().__next__()
        found, _ = self.take(1)
        if not found:
            raise StopIteration
        return found[0]

    def take(self, most: float) -> tuple[list[Any], bool]:
        """Up to so many records, and whether those were all. Raises CorruptRecordException.

        `next_fetch_offset` is then where the next record is to be fetched, or taken here.
        """
        found, self._rest = self._rest, []
        try:
            while len(found) < most and self._records.has_next():
                found += self._next_batch()
        except BaseException:
            # What came before is lost here: by this aiokafka sees that it is to fetch anew.
            self.next_fetch_offset = NOWHERE
            raise
        if len(found) > most:
            found, self._rest = found[: int(most)], found[int(most) :]
        self.next_fetch_offset = self._rest[0].offset if self._rest else self._read_to
        return found, not (self._rest or self._records.has_next())

    def _next_batch(self) -> list[Any]:
        batch = self._records.next_quick()
        if self._check_crcs and not batch.validate_crc():
            raise CorruptRecordException(f"Invalid CRC - {self._tp}")
        # Behind its last record, which may have been compacted away.
        asked, self._read_to = self._read_to, batch.next_offset
        if batch.is_control_batch:
            return []
        records: list[Any] = self._records.records_of(batch)
        if records and records[0].offset < asked:
            # A batch is sent whole, also where records before the one that was asked for are in it.
            return [record for record in records if record.offset >= asked]
        return records

    def _consumer_record(self, tp: Any, record: Any) -> Any:
        return record if self._value_deserializer is as_read else super()._consumer_record(tp, record)


def getall(result: Any, max_records: int | None = None) -> list[Any]:
    """For aiokafka's `FetchResult.getall`: of other consumers as it was."""
    records = result._partition_records
    if not (isinstance(records, Plain) and records.as_read):
        return list(_getall(result, max_records))
    if not result.check_assignment(result._topic_partition):
        return []
    found, were_all = records.take(math.inf if max_records is None else max_records)
    result._update_position()
    if were_all:
        result._partition_records = None
    return found


def install() -> None:
    """Let consumers of this process have such records."""
    fetcher.PartitionRecords = Plain
    # Not a class of our own: a consumer may hold results of aiokafka's, and would take them for errors.
    FetchResult.getall = getall
