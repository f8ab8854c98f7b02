"""Runs of events in columns, made of structs."""

from collections.abc import Sequence

import polars as pl

from detectors.events import AnyEvent
from streams.event_columns import table_of
from streams.frames import ORDER, Frames


def frames_of(events: Sequence[AnyEvent]) -> Frames:
    """The events as a run."""
    tables = {}
    for kind in dict.fromkeys(map(type, events)):
        places = [place for place, one in enumerate(events) if type(one) is kind]
        table = table_of(kind, [events[place] for place in places])
        tables[kind] = table.insert_column(0, pl.Series(ORDER, places, pl.UInt32))
    return Frames(tables)
