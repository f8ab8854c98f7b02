"""One partner file to its events, counting what it gives and what it does not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import polars as pl

from detectors.errors import UnusableInput
from streams.ahead import ahead
from streams.blocks import Blocks, ByteReader
from streams.cells import Delimiter, header_line, split_header
from streams.lines import Line, Lines
from streams.partner_block import BlockRows, File, Refused, parse, split
from streams.partners import KINDS, Kind, recognise
from streams.partners.kind import shown_header
from streams.rejects import Reject, RejectSink
from streams.report import FileReport, Report
from streams.sources import UNREADABLE, Source

_THREADS = 2
"""Blocks worked on at a time, besides the one that is read: each costs memory, and polars has threads of its own."""


@dataclass(frozen=True)
class Intake:
    """How files are read: `kind` forces one for all, `latest` is the last day that an event may be known at.

    `block_bytes` are read at a time; of wide files, whose every cell is an event, a quarter.
    """

    latest: date
    kind: Kind[Any] | None
    on_reject: RejectSink
    block_bytes: int = 4 << 20
    few: int = 64
    """Rows of a block up to which each is read on its own: setting up columns takes as long as a few hundred rows, and
    drops may come in thousands of files of a row or two."""


def read(source: Source, intake: Intake, report: Report) -> Iterator[tuple[Kind[Any], pl.DataFrame]]:
    """The file's events with its kind, some thousands at a time, as `event_columns` has them and with their `line`.

    They come in the order of its lines, those of a line in the order of its cells.

    What is wrong with the file itself goes to the report, never up: other files go on. A file that is of no kind is an
    error if the caller named it, else a note.
    """
    file = FileReport(source.name)
    report.files.append(file)
    try:
        with source.open() as stream:
            lines = Lines(stream)
            header = header_line(lines)
            kind = _kind(header, source, intake)
            if header is None or kind is None:
                report.files.pop()
                report.notes.append(f"{source.name}: skipped, it is no partner file")
                return
            file.kind = kind.name
            for frame in _frames(header, lines, stream, kind, intake, file):
                yield kind, frame
    except UNREADABLE as error:
        file.error = f"cannot be read{_how_far(file)}: {error}. Have it sent again, or check its rights"
    except UnusableInput as error:
        file.error = str(error)


def _kind(header: Line | None, source: Source, intake: Intake) -> Kind[Any] | None:
    """The file's kind, None for one to pass over. Raises UnusableInput."""
    if intake.kind and header:
        return intake.kind
    if not header:
        if source.named:
            raise UnusableInput("is empty: it has no header. Have it sent again")
        return None
    found = recognise({delimiter: split_header(header, delimiter) for delimiter in (";", ",")}, KINDS)
    if found is None and source.named:
        raise UnusableInput(
            f"is no partner file: its header is {shown_header([header.text])}. The kinds are {', '.join(KINDS)}; name "
            "one with --kind, or leave this file out"
        )
    return found


def _frames(
    header: Line, lines: Lines, stream: ByteReader, kind: Kind[Any], intake: Intake, file: FileReport
) -> Iterator[pl.DataFrame]:
    layout = kind.layout(split_header(header, kind.delimiter))
    table = File(kind, layout, intake.latest, intake.few)
    blocks = Blocks(stream, lines.next_number, max(1, intake.block_bytes // 4) if kind.monthly else intake.block_bytes)
    for parsed in ahead(partial(parse, file=table), _split(blocks, kind.delimiter, layout.width), _THREADS):
        file.rows += parsed.rows
        file.skipped += parsed.skipped
        file.events += parsed.events.height
        for refused in parsed.refused:
            _reject(refused, file, intake)
        if parsed.events.height:
            yield parsed.events


def _split(blocks: Blocks, delimiter: Delimiter, width: int) -> Iterator[BlockRows]:
    for block in blocks:
        rows, again = split(block, delimiter, width)
        if again is not None:
            blocks.push_back(block, again)
        yield rows


def _reject(refused: Refused, file: FileReport, intake: Intake) -> None:
    reject = Reject(file.name, refused.record.line, refused.column, refused.reason, refused.record.raw)
    file.add_reject(reject, refused.why)
    intake.on_reject(reject)


def _how_far(file: FileReport) -> str:
    return f" past its first {file.rows} rows" if file.rows else ""
