"""Answers of brokers, taken up once they are whole.

A broker sends what it read of each partition apart, straight from its files. aiokafka's reader wakes at each piece,
finds the answer too short and waits again, which for a fetch of few records costs more than to read them. Here pieces
are kept until the answer has all of them, unless it is large; and where it can, the system is told not to wake anybody
before (SO_RCVLOWAT, socket(7); the end of a connection wakes all the same).

Written against aiokafka 0.14.0; tests/streams/test_whole_answers.py fails when a newer one changes what is relied on.
"""

import socket
import struct
from contextlib import suppress
from typing import Any

from aiokafka import conn
from aiokafka.conn import AIOKafkaProtocol

MOST_BYTES = 256 * 1024
"""What the loop reads at once: an answer of more is passed on piece by piece, as to copy it would cost more."""
_LENGTH = struct.Struct(">i")
"""What each answer begins with: how many bytes follow."""


class Whole(AIOKafkaProtocol):  # type: ignore[misc]  # aiokafka has no types here
    """Gives aiokafka's reader one or several answers at a time, and no part of a small one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pieces: list[bytes] = []
        self._held = 0
        self._wanted = _LENGTH.size
        """So many bytes are to be there before the next look at them."""
        self._passing = 0
        """So many bytes of a large answer are still to come."""
        self._socket: Any = None
        """None where more may have been read from it than was given to us: TLS."""
        self._least = 1

    def connection_made(self, transport: Any) -> None:
        """As asyncio's."""
        super().connection_made(transport)
        if transport.get_extra_info("sslcontext") is None:
            self._socket = transport.get_extra_info("socket")

    def data_received(self, data: bytes) -> None:
        """As asyncio's, but for the beginning of an answer that is not there to its end."""
        if self._passing:
            large, data = data[: self._passing], data[self._passing :]
            self._passing -= len(large)
            super().data_received(large)
        if data:
            self._pieces.append(data)
            self._held += len(data)
        if self._held >= self._wanted:
            self._give()
        missing = self._wanted - self._held if self._held >= _LENGTH.size else 1
        self._wake_after(min(MOST_BYTES, self._passing or missing))

    def _give(self) -> None:
        held = b"".join(self._pieces)
        end, self._wanted = _whole(held)
        if self._wanted > MOST_BYTES:
            self._passing = end + self._wanted - len(held)
            end, self._wanted = len(held), _LENGTH.size
        rest = held[end:]
        self._pieces, self._held = [rest], len(rest)
        if end:
            super().data_received(held[:end])

    def _wake_after(self, least: int) -> None:
        """Have the system wake nobody for fewer bytes, or the connection's end."""
        if self._socket is not None and least != self._least:
            self._least = least
            # It only saves time.
            with suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, least)


def _whole(data: bytes) -> tuple[int, int]:
    """Where the last whole answer ends, and how long what follows is to be, its length among it."""
    end = 0
    while len(data) - end >= _LENGTH.size:
        (length,) = _LENGTH.unpack_from(data, end)
        if length < 0:
            # No Kafka's: the reader is to say so.
            return len(data), _LENGTH.size
        if end + _LENGTH.size + length > len(data):
            return end, _LENGTH.size + length
        end += _LENGTH.size + length
    return end, _LENGTH.size


def install() -> None:
    """Let all of aiokafka's connections of this process have whole answers. May be called again."""
    conn.AIOKafkaProtocol = Whole
