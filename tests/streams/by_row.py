"""The slow reader that the fast one must agree with: a partner file row by row, each cell by its own parser."""

import io
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from detectors.events import FirmEvent
from streams.cells import header_line, records, split_header
from streams.lines import Lines
from streams.partners import BadCell, Kind, Row
from streams.rejects import Reject
from streams.report import FileReport


class Read(NamedTuple):
    """What came of a file: its events in order, its rejects in order, its report."""

    events: list[FirmEvent]
    rejects: list[Reject]
    report: FileReport


def read_by_row(name: str, content: bytes, kind: Kind[Any], latest: date) -> Read:
    """The file of that content, which has a header."""
    report, rejects, events = FileReport(name, kind.name), list[Reject](), list[FirmEvent]()
    for outcome in _outcomes(name, content, kind, latest):
        report.rows += 1
        if outcome is None:
            report.skipped += 1
        elif isinstance(outcome, tuple):
            reject, why = outcome
            rejects.append(reject)
            report.add_reject(reject, why)
        else:
            events += outcome
    report.events = len(events)
    return Read(events, rejects, report)


def _outcomes(
    name: str, content: bytes, kind: Kind[Any], latest: date
) -> Iterator[list[FirmEvent] | tuple[Reject, str] | None]:
    lines = Lines(io.BytesIO(content))
    header = header_line(lines)
    assert header is not None
    layout = kind.layout(split_header(header, kind.delimiter))
    for record in records(lines, kind.delimiter, layout.width):
        if record.problem:
            yield Reject(name, record.line, None, record.problem, record.raw), record.problem
            continue
        try:
            events = kind.parse(Row(layout, record.cells, latest))
        except BadCell as bad:
            yield Reject(name, record.line, bad.column, bad.reason, record.raw), bad.why
        else:
            yield None if events is None else list(events)
