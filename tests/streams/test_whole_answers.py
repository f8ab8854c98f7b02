import asyncio
import inspect
import socket
import ssl
import struct
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import uvloop
from aiokafka import conn
from aiokafka.conn import AIOKafkaConnection, AIOKafkaProtocol
from hypothesis import given
from hypothesis import strategies as st

from streams import whole_answers
from streams.whole_answers import MOST_BYTES, Whole
from tests.certificates import made_certificate

PAUSE_SECONDS = 0.02
LOOPS = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
Run = Callable[[Coroutine[Any, Any, Any]], Any]


def test_aiokafka_is_the_one_that_this_was_written_against() -> None:
    assert metadata.version("aiokafka") == "0.14.0"
    connected = inspect.getsource(AIOKafkaConnection.connect)
    assert "protocol = AIOKafkaProtocol(self._closed_fut, reader, loop=loop)" in connected
    read = inspect.getsource(AIOKafkaConnection._read)
    assert "await reader.readexactly(4)" in read
    assert 'struct.unpack(">i", resp)' in read
    assert "await reader.readexactly(size)" in read


def test_it_is_what_connections_of_the_process_use(monkeypatch: pytest.MonkeyPatch) -> None:
    # Put back at the end.
    monkeypatch.setattr(conn, "AIOKafkaProtocol", AIOKafkaProtocol)
    whole_answers.install()
    assert conn.AIOKafkaProtocol is Whole


def framed(answer: bytes) -> bytes:
    return struct.pack(">i", len(answer)) + answer


class Socket:
    """Notes how many bytes somebody is woken for."""

    least = 1

    def setsockopt(self, level: int, option: int, value: int) -> None:
        assert (level, option) == (socket.SOL_SOCKET, socket.SO_RCVLOWAT)
        self.least = value


@contextmanager
def protocol(of: Any = None, tls: Any = None) -> Iterator[tuple[Whole, asyncio.StreamReader]]:
    """Ours and the reader behind it, over a connection that is not there."""
    loop = asyncio.new_event_loop()
    try:
        reader = asyncio.StreamReader(loop=loop)
        whole = Whole(loop.create_future(), reader, loop=loop)
        told = {"socket": of, "sslcontext": tls}
        whole.connection_made(SimpleNamespace(get_extra_info=told.get, pause_reading=lambda: None))
        yield whole, reader
    finally:
        loop.close()


@given(
    st.lists(st.binary(max_size=40) | st.integers(MOST_BYTES - 8, 2 * MOST_BYTES).map(bytes), max_size=6),
    st.lists(st.integers(0, 200) | st.integers(0, 8 * MOST_BYTES)),
)
def test_the_reader_has_whole_answers_alone_however_their_bytes_come(answers: list[bytes], cuts: list[int]) -> None:
    sent = b"".join(map(framed, answers))
    ends = [0]
    for answer in answers:
        ends.append(ends[-1] + len(framed(answer)))
    of = Socket()
    with protocol(of) as (whole, reader):
        for start, end in pairwise(sorted({0, len(sent), *(cut for cut in cuts if cut < len(sent))})):
            whole.data_received(sent[start:end])
            had = max(place for place in ends if place <= end)
            missing = min((place for place in ends if place > end), default=end) - end
            large = missing + end - had > MOST_BYTES and end - had >= 4
            assert len(reader._buffer) == (end if large else had)  # type: ignore[attr-defined]  # asyncio's own
            # Once woken for so many, the answer is whole; for one more nobody might ever wake.
            assert of.least in ((1, min(missing, MOST_BYTES)) if end - had < 4 else (min(missing, MOST_BYTES),))
        assert bytes(reader._buffer) == sent  # type: ignore[attr-defined]


def test_what_is_no_length_is_the_reader_s_to_refuse() -> None:
    with protocol() as (whole, reader):
        whole.data_received(b"\xff\xff\xff\xff and more")
        assert bytes(reader._buffer) == b"\xff\xff\xff\xff and more"  # type: ignore[attr-defined]


def test_with_tls_the_system_does_not_wait_for_bytes_that_were_read_ahead() -> None:
    of = Socket()
    with protocol(of, tls=object()) as (whole, _):
        whole.data_received(framed(b"abc")[:5])
        assert of.least == 1


def test_a_system_that_cannot_wait_wakes_us_at_each_piece() -> None:
    class Refusing(Socket):
        def setsockopt(self, *_: int) -> None:
            raise OSError("no such option")

    with protocol(Refusing()) as (whole, reader):
        for byte in framed(b"abc"):
            whole.data_received(bytes([byte]))
        assert bytes(reader._buffer) == framed(b"abc")  # type: ignore[attr-defined]


class Noting(Whole):
    """Counts how often it is woken."""

    woken = 0

    def data_received(self, data: bytes) -> None:
        self.woken += 1
        super().data_received(data)


async def received(
    pieces: list[bytes], served: ssl.SSLContext | None = None, trusted: ssl.SSLContext | None = None
) -> tuple[list[bytes], int]:
    """The answers that a server gives in such pieces, a little apart, then ends; and how often we were woken."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(PAUSE_SECONDS)
        writer.close()

    loop = asyncio.get_running_loop()
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=served)
    reader = asyncio.StreamReader(loop=loop)
    ours = Noting(loop.create_future(), reader, loop=loop)
    transport, _ = await loop.create_connection(
        lambda: ours, "127.0.0.1", server.sockets[0].getsockname()[1], ssl=trusted
    )
    answers = []
    try:
        async with asyncio.timeout(20):
            while True:
                (length,) = struct.unpack(">i", await reader.readexactly(4))
                answers.append(await reader.readexactly(length))
    except asyncio.IncompleteReadError:
        return answers, ours.woken
    finally:
        transport.close()
        server.close()


def in_pieces(data: bytes, count: int) -> list[bytes]:
    size = -(-len(data) // count)
    return [data[start : start + size] for start in range(0, len(data), size)]


@LOOPS
def test_an_answer_in_pieces_wakes_us_for_its_beginning_and_its_end(run: Run) -> None:
    answers = [bytes(30_000), b"", b"x" * 3_000_000]
    sent = b"".join(map(framed, answers))
    found, woken = run(received([sent[:1_000], *in_pieces(sent[1_000:30_000], 10), sent[30_000:]]))
    assert found == answers
    if sys.platform == "linux":
        # The first piece, the answer's end, and reads of a quarter of a million bytes each.
        assert woken <= 3 + 3_000_000 // 200_000


@LOOPS
def test_a_connection_that_ends_midway_is_told_at_once(run: Run) -> None:
    assert run(received([framed(b"abc"), framed(bytes(1_000))[:500]])) == ([b"abc"], 2)


@LOOPS
def test_answers_come_whole_through_tls(run: Run, tmp_path: Path) -> None:
    made = made_certificate(tmp_path)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(made.served)
    answers = [bytes(40_000), b"end"]
    pieces = in_pieces(b"".join(map(framed, answers)), 8)
    found, _ = run(received(pieces, served, ssl.create_default_context(cafile=str(made.authority))))
    assert found == answers
