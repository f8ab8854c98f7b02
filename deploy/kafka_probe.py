"""Is a Kafka broker ready: one Metadata request, in the protocol's own bytes, so that no client is needed.

Request (version 4), all big-endian: size int32, api key int16 (3), api version int16, correlation id int32, client id
(int16 length, bytes), topics int32 (0: none), allow auto topic creation int8. The answer: size int32, correlation id
int32, throttle time int32, brokers int32 (their number), for each of them node id int32, host (int16 length, bytes),
port int32 and rack (likewise, length -1: none), and what does not matter here.
"""

import socket
import struct
from collections.abc import Iterator
from typing import BinaryIO

_TIMEOUT_SECONDS = 2.0
_CLIENT = b"vigie"
_BODY = struct.pack(">hhih", 3, 4, 1, len(_CLIENT)) + _CLIENT + struct.pack(">ib", 0, 0)
_REQUEST = struct.pack(">i", len(_BODY)) + _BODY
_START = struct.Struct(">iiii")
_NODE, _LENGTH, _PORT = struct.Struct(">i"), struct.Struct(">h"), struct.Struct(">i")


def has_broker(host: str, port: int) -> bool:
    """Whether the API answers and counts its own broker among those registered. Raises OSError while nobody answers."""
    return port in registered(host, port)


def registered(host: str, port: int) -> list[int]:
    """The ports of the brokers that this one counts as registered. Raises OSError while nobody answers."""
    with socket.create_connection((host, port), _TIMEOUT_SECONDS) as connection:
        connection.sendall(_REQUEST)
        with connection.makefile("rb") as answer:
            try:
                return list(_ports(answer))
            except struct.error:
                # It ended within its answer.
                return []


def _ports(answer: BinaryIO) -> Iterator[int]:
    *_, brokers = _START.unpack(answer.read(_START.size))
    for _ in range(brokers):
        answer.read(_NODE.size)
        _skip(answer)
        (port,) = _PORT.unpack(answer.read(_PORT.size))
        yield port
        _skip(answer)


def _skip(answer: BinaryIO) -> None:
    (length,) = _LENGTH.unpack(answer.read(_LENGTH.size))
    answer.read(max(0, length))
