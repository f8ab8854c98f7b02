"""An ingestion as its user sees it: what was read, how far the sending is, and a report for machines at its end."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from detectors.errors import UnusableInput, VigieError
from detectors.events import AnyEvent
from streams.frames import Frames
from streams.pace import paced
from streams.report import Report
from streams.report_file import write_report
from streams.sinks import EventSink, LineSink
from streams.tally import Tally
from vigie.meter import Meter

T = TypeVar("T")

_LINES_AT_A_TIME = 20_000


@dataclass(frozen=True)
class Ingestion:
    """One run: its report, filled while files are read, and the ways to tell of it."""

    report: Report
    tally: Tally
    meter: Meter

    def send(self, events: Iterable[AnyEvent], sink: EventSink, rate: float | None) -> None:
        """Show what was read, send all, wait until all is safe, and say how many. Raises what the sink raises.

        What is wrong with the files is in the report; where none was usable, nothing is sent.
        """
        counted = self._shown(self.tally.counted(events))
        if rate is None:
            sink.send_many(counted)
        else:
            for event in paced(counted, rate, time.monotonic, time.sleep):
                sink.send(event)
        self._end(sink)

    def write(self, runs: Iterable[Frames], sink: LineSink) -> None:
        """The same for events in columns, at full speed."""
        parts = (part for run in runs for part in run.parts(_LINES_AT_A_TIME))
        for part in self._shown(self.tally.counted_runs(parts)):
            sink.write(part)
        self._end(sink)

    def _end(self, sink: EventSink) -> None:
        sink.flush()
        if not isinstance(self.report.failure(), UnusableInput):
            self.meter.say(f"{self.tally.sent} events written, clocks included")

    def _shown(self, items: Iterator[T]) -> Iterator[T]:
        """Events or runs of them, after the summary of what was read: all is read before the first one comes."""
        first = next(items, None)
        for line in (*self.report.notes, *self.report.lines()):
            self.meter.say(line)
        if first is not None:
            yield first
            yield from items


@contextmanager
def ingestion(report_file: Path | None) -> Iterator[Ingestion]:
    """A run, with the meter on stderr; at its end, however it ends, the report file is written, if one is named."""
    report = Report()
    tally = Tally(report, time.monotonic)
    error: str | None = None
    with Meter(tally.line, click.get_text_stream("stderr")) as meter:
        try:
            yield Ingestion(report, tally, meter)
        except VigieError as raised:
            error = str(raised)
            raise
        finally:
            if report_file is not None:
                write_report(report_file, report, sent=tally.sent, seconds=tally.seconds, error=error)
