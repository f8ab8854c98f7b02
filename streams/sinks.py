"""Where events go: a protocol, and the sink that writes them as lines. The other one, Kafka, is `send`."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Protocol

import msgspec

from detectors.events import AnyEvent
from streams import ndjson, wire
from streams.errors import Unwritable
from streams.frames import Frames
from streams.topics import EVENTS

_encoder = msgspec.json.Encoder()


class EventSink(Protocol):
    """Takes events in order; what `send` has taken is safe only once `flush` has come back."""

    def send(self, event: AnyEvent) -> None:
        """Take one event."""

    def send_many(self, events: Iterable[AnyEvent]) -> int:
        """Take all events, in order; how many. Faster than one by one, for events that need no waiting for."""

    def flush(self) -> None:
        """Wait until all that was taken is where it belongs. Raises a VigieError if something is not."""

    def close(self) -> None:
        """Let go of the connection or the file, after a flush or an error."""


class LineSink:
    """NDJSON: {"topic", "key", "value"} a line; `key` null is a clock, to be written to every partition."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def send(self, event: AnyEvent) -> None:
        """Write a line. Raises Unwritable; BrokenPipeError where the reader has gone."""
        key, value, _, _ = wire.record(event)
        line = {"topic": EVENTS, "key": None if key is None else key.decode(), "value": msgspec.Raw(value)}
        with _told():
            self._stream.write(_encoder.encode(line) + b"\n")

    def send_many(self, events: Iterable[AnyEvent]) -> int:
        """Write a line for each. Raises as `send`."""
        count = 0
        for event in events:
            self.send(event)
            count += 1
        return count

    def write(self, run: Frames) -> None:
        """Write a line an event, as `send` does, without making the events. Raises as `send`."""
        with _told():
            self._stream.write(ndjson.lines(run))

    def flush(self) -> None:
        """Hand all lines to the system. Raises as `send`."""
        with _told():
            self._stream.flush()

    def close(self) -> None:
        """Nothing: the stream belongs to who opened it."""


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Unwritable("the events", error) from error
