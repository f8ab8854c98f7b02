"""Sorting more events than memory holds: sorted runs in a temporary file, merged."""

import heapq
import os
import struct
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import IO, NamedTuple

import msgspec

from detectors.events import FirmEvent
from streams.errors import StreamsError

_FRAME = struct.Struct(">IIQI")
_READ_BYTES = 1 << 16
_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[FirmEvent] = msgspec.msgpack.Decoder(FirmEvent)


class Key(NamedTuple):
    """What events are sorted by: the day (an ordinal, 0 for none), the rank of the kind, the order of arrival."""

    day: int
    rank: int
    arrival: int


Entry = tuple[Key, FirmEvent]


class Sorter:
    """Takes events in any order and gives them back sorted, holding about `run_events` of them at a time.

    Runs go to one unnamed temporary file, one after the other: [day, rank, arrival, length: big-endian], event in
    msgpack. It has no name, so that nothing is left behind even after a kill. Use it as a context manager.
    """

    def __init__(self, run_events: int) -> None:
        self._run_events = run_events
        self._run: list[Entry] = []
        self._arrivals = 0
        self._file: IO[bytes] | None = None
        self._ends: list[int] = []

    def __enter__(self) -> "Sorter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            with suppress(OSError):  # what could not be flushed to a full disk is not needed any more
                self._file.close()

    def add(self, rank: int, event: FirmEvent) -> None:
        """Take an event. Raises StreamsError if the temporary file cannot be written."""
        day = event.known_at.toordinal() if event.known_at is not None else 0
        self._run.append((Key(day, rank, self._arrivals), event))
        self._arrivals += 1
        if len(self._run) >= self._run_events:
            self._spill()

    def merged(self) -> Iterator[FirmEvent]:
        """All events taken, by key."""
        self._run.sort(key=_key)
        starts = [0, *self._ends]
        spilled = [self._read(start, end) for start, end in zip(starts, self._ends, strict=False)]
        return (event for _, event in heapq.merge(*spilled, self._run, key=_key))

    def _spill(self) -> None:
        self._run.sort(key=_key)
        try:
            self._file = self._file or tempfile.TemporaryFile(prefix="vigie-sort-")  # noqa: SIM115  closed by __exit__
            for key, event in self._run:
                body = _encoder.encode(event)
                self._file.write(_FRAME.pack(*key, len(body)) + body)
            self._file.flush()
        except OSError as error:
            raise StreamsError(
                f"cannot write the temporary file that events are sorted in, in {tempfile.gettempdir()}: "
                f"{error.strerror}. Make room there, or name another folder with TMPDIR"
            ) from error
        self._ends.append(self._file.tell())
        self._run.clear()

    def _read(self, position: int, end: int) -> Iterator[Entry]:
        """A run, read by position: runs share one file descriptor, however many they are."""
        assert self._file is not None
        descriptor, rest = self._file.fileno(), b""
        while position < end:
            chunk = os.pread(descriptor, min(_READ_BYTES, end - position), position)
            if not chunk:
                raise StreamsError("the temporary file that events are sorted in was cut short. Run the command again")
            position += len(chunk)
            rest += chunk
            start = 0
            while (entry := _entry(rest, start)) is not None:
                start, found = entry
                yield found
            rest = rest[start:]


def _entry(buffer: bytes, start: int) -> tuple[int, Entry] | None:
    """The entry that begins at `start` and where it ends, None if the buffer does not hold all of it."""
    body = start + _FRAME.size
    if body > len(buffer):
        return None
    day, rank, arrival, length = _FRAME.unpack_from(buffer, start)
    if body + length > len(buffer):
        return None
    event = _decoder.decode(memoryview(buffer)[body : body + length])
    return body + length, (Key(day, rank, arrival), event)


def _key(entry: Entry) -> Key:
    return entry[0]
