"""Clock events among the others, so that partitions where nothing happens pass month ends too."""

from collections.abc import Iterable, Iterator

from detectors.events import AnyEvent, Clock, FirmEvent
from detectors.months import first_day, month_of


def with_clocks(events: Iterable[FirmEvent]) -> Iterator[AnyEvent]:
    """The events, which come by known_at (None first), with a clock before the first of each month and one at the end.

    A month's clock is its first day; the last one is the last known_at. Months without events have no clock of their
    own: the next one passes them all.
    """
    month, last = None, None
    for event in events:
        if event.known_at is not None:
            last = event.known_at
            if month_of(last) != month:
                month = month_of(last)
                yield Clock(known_at=first_day(month))
        yield event
    if last is not None:
        yield Clock(known_at=last)
