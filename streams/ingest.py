"""Partner files to one sequence of events, by the day on which the network could first know each.

`vigie ingest` sends it and `vigie replay` runs the chain over it: both get the same sequence from the same files.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from detectors.errors import UnusableInput
from detectors.events import AnyEvent
from detectors.months import first_day, last_day
from detectors.options import option
from streams.clocks import with_clocks
from streams.frames import Frames
from streams.merge import Sorter
from streams.partner_block import LINE
from streams.partner_file import Intake, read
from streams.partners import KINDS, Kind
from streams.rejects import RejectSink, ignore
from streams.report import Report
from streams.sources import sources

_TOLERANCE = timedelta(days=1)
"""How far ahead of today an event may be known: partners and the worker may live in other time zones."""

_STRUCTS_AT_A_TIME = 10_000


@dataclass(frozen=True)
class IngestOptions:
    """How partner files are read."""

    sort_events: int = option(
        500_000, "Events sorted in memory at a time; more than that go through a temporary file.", unit="events"
    )


@dataclass(frozen=True)
class Months:
    """The months of known_at to keep, ends included, as `detectors.months` counts; None is no end."""

    first: int | None = None
    last: int | None = None

    def held(self, events: pl.DataFrame) -> pl.DataFrame:
        """The events to be kept; reference data always are."""
        if self.first is None and self.last is None:
            return events
        day = pl.col("known_at")
        keep = pl.lit(value=True)
        if self.first is not None:
            keep &= day >= first_day(self.first)
        if self.last is not None:
            keep &= day <= last_day(self.last)
        return events.filter(day.is_null() | keep)


def frames(
    paths: Sequence[Path],
    report: Report,
    *,
    today: date,
    kind: str | None = None,
    months: Months | None = None,
    on_reject: RejectSink = ignore,
    options: IngestOptions | None = None,
) -> Iterator[Frames]:
    """The events of all files and kinds by known_at, those of no date first, with clock events among them.

    They come in columns, in runs that never reach over a month's end: small months whole, others in several. Those of
    one day come by kind in the order of `KINDS`, then by file, then by line. All files are read before the first run
    comes out: by then `report` is complete, and a caller that wants all files or none can look at its `failure()`.
    Rows known later than `today` and a day are rejected. Memory does not grow with the files. Raises UnusableInput for
    a path that does not exist, an unlistable folder or an unknown kind; what is wrong inside one file is in the report
    alone.
    """
    intake = Intake(today + _TOLERANCE, _forced(kind), on_reject)
    ranks = {name: rank for rank, name in enumerate(KINDS)}
    wanted = months or Months()
    with Sorter((options or IngestOptions()).sort_events) as sorter:
        for source in sources(paths):
            began, known = time.perf_counter(), len(report.files)
            for found, read_events in read(source, intake, report):
                kept = wanted.held(read_events.drop(LINE))
                report.files[-1].outside += read_events.height - kept.height
                sorter.add(ranks[found.name], found.event, kept)
            if len(report.files) > known:
                report.files[-1].seconds = time.perf_counter() - began
        yield from with_clocks(sorter.merged())


def events(
    paths: Sequence[Path],
    report: Report,
    *,
    today: date,
    kind: str | None = None,
    months: Months | None = None,
    on_reject: RejectSink = ignore,
    options: IngestOptions | None = None,
) -> Iterator[AnyEvent]:
    """The events of `frames`, one by one, as structs."""
    return structs(frames(paths, report, today=today, kind=kind, months=months, on_reject=on_reject, options=options))


def structs(runs: Iterable[Frames]) -> Iterator[AnyEvent]:
    """The events of runs, one by one."""
    for run in runs:
        for part in run.parts(_STRUCTS_AT_A_TIME):
            yield from part.events()


def _forced(name: str | None) -> Kind[Any] | None:
    if name is None:
        return None
    if name not in KINDS:
        raise UnusableInput(f"there is no kind {name!r} of partner file. The kinds are {', '.join(KINDS)}")
    return KINDS[name]
