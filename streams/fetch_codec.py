"""Requests for records and their answers as bytes, in the version that any broker since Kafka 2.3 speaks.

aiokafka takes each field of each partition through objects that know its type. Of a fetch with few records, and there
are over a hundred a second, that costs more than to read the records. The same bytes, and the same values of them.

Written against aiokafka 0.14.0; tests/streams/test_fetch_codec.py fails when a newer one changes what is relied on.
"""

from io import BytesIO
from struct import Struct, error
from typing import Any, Self

from aiokafka.protocol.fetch import FetchRequest, FetchRequest_v11, FetchResponse_v11

# Kafka's protocol guide, Fetch API, version 11.
_REQUEST = Struct(">iiiibiii")
"""replica_id, max_wait_ms, min_bytes, max_bytes, isolation_level, session_id, session_epoch, number of topics."""
_ASKED = Struct(">iiqqi")
"""partition, current_leader_epoch, fetch_offset, log_start_offset, partition_max_bytes."""
_RESPONSE = Struct(">ihii")
"""throttle_time_ms, error_code, session_id, number of topics."""
_ANSWERED = Struct(">ihqqqi")
"""partition_index, error_code, high_watermark, last_stable_offset, log_start_offset, number of aborted."""
_ABORTED = Struct(">qq")
"""producer_id, first_offset."""
_RECORDS = Struct(">ii")
"""preferred_read_replica, length of the records."""
_INT, _SHORT = Struct(">i"), Struct(">h")


class Response(FetchResponse_v11):  # type: ignore[misc]  # aiokafka has no types here
    """An answer."""

    @classmethod
    def decode(cls, data: BytesIO | bytes) -> Self:
        """As aiokafka's. Raises ValueError where it is cut short."""
        if isinstance(data, bytes):
            data = BytesIO(data)
        try:
            with data.getbuffer() as view:
                return cls(*_fields(view, data.tell()))
        except error as cut:
            raise ValueError(f"a fetch response is cut short: {cut}") from cut


class Request(FetchRequest_v11):  # type: ignore[misc]  # aiokafka has no types here
    """A request, whole: without a session, and so of no forgotten topics."""

    RESPONSE_TYPE = Response

    def encode(self) -> bytes:
        """As aiokafka's."""
        fields = [self.__dict__[name] for name in self.SCHEMA.names]
        *numbers, topics, forgotten, rack = fields
        if forgotten:
            return super().encode()
        parts = [_REQUEST.pack(*numbers, len(topics))]
        for topic, partitions in topics:
            parts += (_text(topic), _INT.pack(len(partitions)))
            parts += [_ASKED.pack(*partition) for partition in partitions]
        return b"".join([*parts, _INT.pack(0), _text(rack)])


def install() -> None:
    """Let all of aiokafka's consumers of this process speak it. May be called again."""
    FetchRequest._CLASSES = (*FetchRequest._CLASSES[:-1], Request)


def _text(text: str) -> bytes:
    encoded = text.encode()
    return _SHORT.pack(len(encoded)) + encoded


def _fields(view: memoryview, at: int) -> tuple[Any, ...]:
    throttled, failed, session, number = _RESPONSE.unpack_from(view, at)
    at += _RESPONSE.size
    topics = []
    for _ in range(number):
        (length,) = _SHORT.unpack_from(view, at)
        at += _SHORT.size
        name = str(_cut(view, at, length), "utf-8")
        at += length
        (count,) = _INT.unpack_from(view, at)
        at += _INT.size
        partitions = []
        for _ in range(count):
            partition, at = _partition(view, at)
            partitions.append(partition)
        topics.append((name, partitions))
    return throttled, failed, session, topics


def _partition(view: memoryview, at: int) -> tuple[tuple[Any, ...], int]:
    """A partition's fields, and where the next begins."""
    *numbers, count = _ANSWERED.unpack_from(view, at)
    at += _ANSWERED.size
    aborted = None if count < 0 else [_ABORTED.unpack_from(view, at + i * _ABORTED.size) for i in range(count)]
    at += max(0, count) * _ABORTED.size
    preferred, length = _RECORDS.unpack_from(view, at)
    at += _RECORDS.size
    records = None if length < 0 else bytes(_cut(view, at, length))
    return (*numbers, aborted, preferred, records), at + max(0, length)


def _cut(view: memoryview, at: int, length: int) -> memoryview:
    found = view[at : at + length]
    if len(found) != length:
        raise ValueError(f"a fetch response is cut short: {len(found)} bytes where {length} are to be")
    return found
