"""One partner file to its events, counting what it gives and what it does not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from detectors.errors import UnusableInput
from detectors.events import FirmEvent
from streams.cells import Record, header_line, records, split_header
from streams.lines import Line, Lines
from streams.partners import KINDS, BadCell, Kind, Row, recognise
from streams.partners.kind import shown_header
from streams.rejects import Reject, RejectSink
from streams.report import FileReport, Report
from streams.sources import UNREADABLE, Source


@dataclass(frozen=True)
class Intake:
    """How files are read: `kind` forces one for all, `latest` is the last day that an event may be known at."""

    latest: date
    kind: Kind[Any] | None
    on_reject: RejectSink


def read(source: Source, intake: Intake, report: Report) -> Iterator[tuple[str, FirmEvent]]:
    """The file's events, each with the name of its kind, in the order of its lines.

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
            for event in _events(header, lines, kind, intake, file):
                yield kind.name, event
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


def _events(header: Line, lines: Lines, kind: Kind[Any], intake: Intake, file: FileReport) -> Iterator[FirmEvent]:
    names = split_header(header, kind.delimiter)
    layout = kind.layout(names)
    for record in records(lines, kind.delimiter, layout.width):
        file.rows += 1
        if record.problem:
            _reject(record, None, record.problem, record.problem, file, intake)
            continue
        try:
            events: Sequence[FirmEvent] | None = kind.parse(Row(layout, record.cells, intake.latest))
        except BadCell as bad:
            _reject(record, bad.column, bad.reason, bad.why, file, intake)
            continue
        if events is None:
            file.skipped += 1
        else:
            file.events += len(events)
            yield from events


def _reject(record: Record, column: str | None, reason: str, why: str, file: FileReport, intake: Intake) -> None:
    reject = Reject(file.name, record.line, column, reason, record.raw)
    file.add_reject(reject, why)
    intake.on_reject(reject)


def _how_far(file: FileReport) -> str:
    return f" past its first {file.rows} rows" if file.rows else ""
