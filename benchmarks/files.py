"""Partner files: reading, and the chain over what was read."""

import os
from datetime import UTC, date, datetime
from pathlib import Path

from alerts.alert import Alert
from detectors.chain import Scores
from streams import ingest
from streams.replay import Replay, ReplayOptions
from streams.report import Report
from streams.sinks import LineSink

FAR = date(2100, 1, 1)


class _Nowhere:
    def scores(self, scores: Scores, model_version: str) -> None:
        """Drop them."""

    def alert(self, alert: Alert) -> None:
        """Drop it."""


def read_rows(path: Path) -> int:
    """Rows of a partner file read to events, sorting included."""
    report = Report()
    for _ in ingest.events([path], report, today=FAR):
        pass
    return report.total().rows


def write_lines(folder: Path) -> int:
    """Events written as NDJSON."""
    count = 0
    with Path(os.devnull).open("wb") as stream:
        sink = LineSink(stream)
        for event in ingest.events([folder], Report(), today=FAR):
            sink.send(event)
            count += 1
        sink.flush()
    return count


def replay(folder: Path, frozen: bool) -> int:
    """Events of a folder through reading, state, scores, alerts and, unless frozen, learning."""
    run = Replay(ReplayOptions(frozen=frozen), _Nowhere(), datetime(2026, 1, 1, tzinfo=UTC))
    return run.run(ingest.events([folder], Report(), today=FAR)).events
