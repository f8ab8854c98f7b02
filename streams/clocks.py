"""Clock events among the others, so that partitions where nothing happens pass month ends too."""

from collections.abc import Iterable, Iterator
from datetime import date

import polars as pl

from detectors.events import Clock
from detectors.months import first_day, month_of
from streams.event_columns import SCHEMAS
from streams.frames import ORDER, Frames


def with_clocks(runs: Iterable[Frames]) -> Iterator[Frames]:
    """The events, which come by known_at (None first), with a clock before the first of each month and one at the end.

    No run may reach over a month's end. A month's clock is its first day; the last one is the last known_at. Months
    without events have no clock of their own: the next one passes them all.
    """
    month, last = None, None
    for run in runs:
        day = _last_day(run)
        if day is None:
            yield run
            continue
        last = day
        if month_of(day) == month:
            yield run
        else:
            month = month_of(day)
            later = {event: table.with_columns(pl.col(ORDER) + 1) for event, table in run.tables.items()}
            yield Frames({Clock: _clock(first_day(month))} | later)
    if last is not None:
        yield clock(last)


def clock(day: date) -> Frames:
    """A clock event as a run of its own."""
    return Frames({Clock: _clock(day)})


def _last_day(run: Frames) -> date | None:
    days = [table["known_at"].max() for table in run.tables.values()]
    return max((day for day in days if isinstance(day, date)), default=None)


def _clock(day: date) -> pl.DataFrame:
    return pl.DataFrame({"known_at": [day], ORDER: [0]}, schema=SCHEMAS[Clock] | {ORDER: pl.UInt32})
