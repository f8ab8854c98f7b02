"""Rows that were refused, one JSON object a line, for the partner or for a second try."""

from collections.abc import Callable
from typing import IO

import msgspec

from streams.errors import Unwritable

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
    """A sink that writes NDJSON; it raises Unwritable."""

    def write(reject: Reject) -> None:
        try:
            stream.write(_encoder.encode(reject) + b"\n")
        except OSError as error:
            raise Unwritable("the file of rejected rows", error) from error

    return write


def ignore(_reject: Reject) -> None:
    """The sink for who needs the report's counts alone."""
