"""Partner files: reading, and the chain over what was read."""

import os
from datetime import UTC, date, datetime
from pathlib import Path

from streams import ingest
from streams.partner_file import Intake, read
from streams.rejects import ignore
from streams.replay import Replay, ReplayOptions
from streams.report import Report
from streams.score_file import score_file
from streams.sinks import LineSink
from streams.sources import sources
from vigie.commands.replay import Files

FAR = date(2100, 1, 1)
LINES_AT_A_TIME = 20_000


def read_rows(path: Path) -> int:
    """Rows of a partner file read to events in columns, in the order of its lines."""
    report = Report()
    intake = Intake(FAR, None, ignore)
    for source in sources([path]):
        for _ in read(source, intake, report):
            pass
    return report.total().rows


def sort_rows(path: Path) -> int:
    """The same, and sorted into the sequence that consumers take."""
    report = Report()
    for _ in ingest.frames([path], report, today=FAR):
        pass
    return report.total().rows


def make_structs(folder: Path) -> int:
    """Events of a folder, in order, as one object each."""
    return sum(1 for _ in ingest.events([folder], Report(), today=FAR))


def write_lines(folder: Path) -> int:
    """Events written as NDJSON."""
    count = 0
    with Path(os.devnull).open("wb") as stream:
        sink = LineSink(stream)
        for run in ingest.frames([folder], Report(), today=FAR):
            for part in run.parts(LINES_AT_A_TIME):
                sink.write(part)
            count += len(run)
        sink.flush()
    return count


def repeat(source: Path, target: Path, size_bytes: int) -> Path:
    """A file of about that size: the rows of another one, again and again."""
    header, _, rows = source.read_bytes().partition(b"\n")
    with target.open("wb") as stream:
        stream.write(header + b"\n")
        while stream.tell() < size_bytes:
            stream.write(rows)
    return target


def replay(folder: Path, frozen: bool, output: Path, options: ingest.IngestOptions | None = None) -> int:
    """Events of a folder through reading, state, scores, alerts and, unless frozen, learning; files go to `output`."""
    scores = output / "scores.parquet"
    with scores.open("wb") as stream, score_file(scores, stream) as file, (output / "alerts.ndjson").open("wb") as said:
        run = Replay(ReplayOptions(frozen=frozen), Files(file, said), datetime(2026, 1, 1, tzinfo=UTC))
        return run.run(ingest.frames([folder], Report(), today=FAR, options=options)).events
