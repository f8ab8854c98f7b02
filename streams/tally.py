"""How far an ingestion is, for who looks at it from another thread."""

from collections.abc import Callable, Iterable, Iterator

from detectors.events import AnyEvent
from streams.frames import Frames
from streams.report import Report


class Tally:
    """Counts while it runs: first all rows are read, into `report`, then all events are sent."""

    def __init__(self, report: Report, clock: Callable[[], float]) -> None:
        """`clock` gives seconds from any origin."""
        self.report = report
        self.sent = 0
        """Events handed on, clocks included."""
        self._clock = clock
        self._began = clock()
        self._sending_since: float | None = None
        self._to_send = 0

    def counted(self, events: Iterable[AnyEvent]) -> Iterator[AnyEvent]:
        """The events; at the first, all is read."""
        for event in events:
            self._count(1)
            yield event

    def counted_runs(self, runs: Iterable[Frames]) -> Iterator[Frames]:
        """Runs of events in columns; at the first, all is read."""
        for run in runs:
            self._count(len(run))
            yield run

    def _count(self, events: int) -> None:
        if self._sending_since is None:
            self._to_send = sum(file.events - file.outside for file in self.report.files)
            self._sending_since = self._clock()
        self.sent += events

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._clock() - self._began

    def line(self) -> str:
        """What is being done, how fast, and while sending how long it will take still."""
        if self._sending_since is None:
            # Only sums: the reader goes on meanwhile.
            rows, files = sum(file.rows for file in self.report.files), len(self.report.files)
            return f"reading: {files} files, {rows:,} rows, {rows / max(self.seconds, 1e-3):,.0f} rows/s"
        rate = self.sent / max(self._clock() - self._sending_since, 1e-3)
        # Clock events are sent and were not read.
        left = max(0, self._to_send - self.sent)
        share = 1 - left / self._to_send if self._to_send else 1.0
        return (
            f"sending: {share:4.0%} of {self._to_send:,} events, {rate:,.0f} events/s, "
            f"{_minutes(left / max(rate, 1e-3))} left"
        )


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
