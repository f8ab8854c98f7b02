"""Rows that were refused, one JSON object a line, for the partner or for a second try."""

from collections.abc import Callable
from typing import IO

import msgspec

_encoder = msgspec.json.Encoder()


class Reject(msgspec.Struct, frozen=True):
    """A row that gave no event. `line` is that of the file, the header's being 1; `column` is None where no single
    one is at fault; `raw` is the row as it was read.
    """

    file: str
    line: int
    column: str | None
    reason: str
    raw: str


RejectSink = Callable[[Reject], None]


def writer(stream: IO[bytes]) -> RejectSink:
    """A sink that writes NDJSON."""

    def write(reject: Reject) -> None:
        stream.write(_encoder.encode(reject) + b"\n")

    return write


def ignore(_reject: Reject) -> None:
    """The sink for who needs the report's counts alone."""
