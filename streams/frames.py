"""Runs of events in columns: a table an event type, and where in the run each event stands."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from detectors.events import AnyEvent
from streams.event_columns import EventType, structs

ORDER = "order"
"""Beside the fields of events, the place of each in its run (UInt32, from 0): those of all tables are 0 to n - 1."""


@dataclass(frozen=True)
class Frames:
    """Consecutive events: by type, a table in ascending `order`. No table is empty."""

    tables: Mapping[EventType, pl.DataFrame]

    def __len__(self) -> int:
        return sum(table.height for table in self.tables.values())

    def parts(self, most: int) -> Iterator["Frames"]:
        """The run in runs of at most `most` events, in order."""
        total = len(self)
        if total <= most:
            yield self
            return
        orders = {event: table[ORDER].to_numpy() for event, table in self.tables.items()}
        for start in range(0, total, most):
            bounds = {event: np.searchsorted(order, (start, start + most)) for event, order in orders.items()}
            yield Frames(
                {
                    event: self.tables[event][first:end].with_columns(pl.col(ORDER) - start)
                    for event, (first, end) in bounds.items()
                    if first < end
                }
            )

    def events(self) -> Sequence[AnyEvent]:
        """The same events as structs, in order."""
        found = [
            pair
            for event, table in self.tables.items()
            for pair in zip(table[ORDER].to_list(), structs(event, table), strict=True)
        ]
        found.sort(key=_place)
        return [event for _, event in found]


def _place(pair: tuple[int, AnyEvent]) -> int:
    return pair[0]
