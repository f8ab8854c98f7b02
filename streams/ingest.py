"""Partner files to one sequence of events, by the day on which the network could first know each.

`vigie ingest` sends it and `vigie replay` runs the chain over it: both get the same sequence from the same files.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from detectors.errors import UnusableInput
from detectors.events import AnyEvent, FirmEvent
from detectors.months import month_of
from detectors.options import option
from streams.clocks import with_clocks
from streams.merge import Sorter
from streams.partner_file import Intake, read
from streams.partners import KINDS, Kind
from streams.rejects import RejectSink, ignore
from streams.report import Report
from streams.sources import sources

_TOLERANCE = timedelta(days=1)
"""How far ahead of today an event may be known: partners and the worker may live in other time zones."""


@dataclass(frozen=True)
class IngestOptions:
    """How partner files are read."""

    sort_events: int = option(
        50_000, "Events sorted in memory at a time; more than that go through a temporary file.", unit="events"
    )


@dataclass(frozen=True)
class Months:
    """The months of known_at to keep, ends included, as `detectors.months` counts; None is no end."""

    first: int | None = None
    last: int | None = None

    def hold(self, event: FirmEvent) -> bool:
        """Whether the event is to be kept; reference data always is."""
        if event.known_at is None:
            return True
        month = month_of(event.known_at)
        return (self.first is None or month >= self.first) and (self.last is None or month <= self.last)


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
    """The events of all files and kinds by known_at, those of no date first, with clock events among them.

    Those of one day come by kind in the order of `KINDS`, then by file, then by line. All files are read before the
    first event comes out: by then `report` is complete, and a caller that wants all files or none can look at its
    `failure()`. Rows known later than `today` and a day are rejected. Raises UnusableInput for a path that does not
    exist, an unlistable folder or an unknown kind; what is wrong inside one file is in the report alone.
    """
    intake = Intake(today + _TOLERANCE, _forced(kind), on_reject)
    ranks = {name: rank for rank, name in enumerate(KINDS)}
    wanted = months or Months()
    with Sorter((options or IngestOptions()).sort_events) as sorter:
        for source in sources(paths):
            began, known = time.perf_counter(), len(report.files)
            for name, event in read(source, intake, report):
                if wanted.hold(event):
                    sorter.add(ranks[name], event)
                else:
                    report.files[-1].outside += 1
            if len(report.files) > known:
                report.files[-1].seconds = time.perf_counter() - began
        yield from with_clocks(sorter.merged())


def _forced(name: str | None) -> Kind[Any] | None:
    if name is None:
        return None
    if name not in KINDS:
        raise UnusableInput(f"there is no kind {name!r} of partner file. The kinds are {', '.join(KINDS)}")
    return KINDS[name]
