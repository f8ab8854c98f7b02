"""Is a Kafka broker ready: one Metadata request, in the protocol's own bytes, so that no client is needed.

Request (version 4), all big-endian: size int32, api key int16 (3), api version int16, correlation id int32, client id
(int16 length, bytes), topics int32 (0: none), allow auto topic creation int8. The answer: size int32, correlation id
int32, throttle time int32, brokers int32 (their number), and what does not matter here.
"""

import socket
import struct

_TIMEOUT_SECONDS = 2.0
_CLIENT = b"vigie"
_BODY = struct.pack(">hhih", 3, 4, 1, len(_CLIENT)) + _CLIENT + struct.pack(">ib", 0, 0)
_REQUEST = struct.pack(">i", len(_BODY)) + _BODY
_ANSWER = struct.Struct(">iiii")


def has_broker(host: str, port: int) -> bool:
    """Whether the API answers and counts a registered broker. Raises OSError while nobody answers."""
    with socket.create_connection((host, port), _TIMEOUT_SECONDS) as connection:
        connection.sendall(_REQUEST)
        with connection.makefile("rb") as answer:
            start = answer.read(_ANSWER.size)
    if len(start) < _ANSWER.size:
        return False
    _, _, _, brokers = _ANSWER.unpack(start)
    return bool(brokers > 0)
