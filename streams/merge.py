"""Sorting more events than memory holds: cut by time into a temporary file, read back one stretch of time at a time."""

import io
import os
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from streams.errors import StreamsError
from streams.event_columns import EventType
from streams.frames import ORDER, Frames

_DAYS = 32
_UNDATED = 0


class _Place(NamedTuple):
    """Where events are in the temporary file."""

    start: int
    length: int


class _Piece(NamedTuple):
    """Events of one kind that came together, by day, those of a day in the order in which they came.

    `first` and `last` are the days of the month that they are of.
    """

    rank: int
    event: EventType
    events: pl.DataFrame | _Place
    first: int
    last: int


_Buffer = dict[tuple[int, EventType], list[pl.DataFrame]]


@dataclass
class _Bucket:
    """What is kept together: its pieces in the order in which they came, and how many events each day of the month has.

    `days` has shape (32,); its item 0 counts what has no date.
    """

    pieces: list[_Piece] = field(default_factory=list)
    days: NDArray[np.int64] = field(default_factory=lambda: np.zeros(_DAYS, np.int64))


class Sorter:
    """Takes events in any order and gives them back sorted: by day, then by rank of their kind, then as they came.

    About `run_events` are in memory at a time, and as many that a thread puts away meanwhile. They go to one unnamed
    temporary file, Arrow IPC streams one after the other. It has no name, so that nothing is left behind even after a
    kill. Use it as a context manager.

    A month has two buckets, its first day and the rest: much is known on the first (headcounts, contributions), and
    what is known on one day needs no sorting, so that its size does not matter.
    """

    def __init__(self, run_events: int) -> None:
        self._run_events = run_events
        self._buffer: _Buffer = defaultdict(list)
        self._buffered = 0
        self._thread = ThreadPoolExecutor(1, "vigie-sort")
        self._away: Future[None] | None = None
        self._buckets: dict[int, _Bucket] = defaultdict(_Bucket)
        self._file: IO[bytes] | None = None

    def __enter__(self) -> "Sorter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown()
        if self._file is not None:
            with suppress(OSError):  # what could not be flushed to a full disk is not needed any more
                self._file.close()

    def add(self, rank: int, event: EventType, events: pl.DataFrame) -> None:
        """Take events of one type. Raises StreamsError if the temporary file could not be written."""
        if not events.height:
            return
        self._buffer[rank, event].append(events)
        self._buffered += events.height
        if self._buffered >= self._run_events:
            self._settle()
            full, self._buffer, self._buffered = self._buffer, defaultdict(list), 0
            self._away = self._thread.submit(self._put_away, full, spill=True)

    def merged(self) -> Iterator[Frames]:
        """All events taken, sorted, in runs of about `run_events` at most, none of which reaches over a month's end."""
        self._settle()
        self._put_away(self._buffer, spill=False)
        self._buffer = defaultdict(list)
        for month in sorted({key // 2 for key in self._buckets}):
            first, rest = self._buckets[2 * month], self._buckets[2 * month + 1]
            if first.days.sum() + rest.days.sum() <= self._run_events:
                yield _run([*self._loaded(first.pieces), *self._loaded(rest.pieces)])
            else:
                yield from self._one_day(first.pieces, 0, _DAYS)
                yield from self._days(rest)

    def _days(self, bucket: _Bucket) -> Iterator[Frames]:
        for first, last in _stretches(bucket.days, self._run_events):
            if first == last:
                yield from self._one_day(bucket.pieces, first, last)
            else:
                yield _run(self._loaded(bucket.pieces, first, last))

    def _one_day(self, pieces: Iterable[_Piece], first: int, last: int) -> Iterator[Frames]:
        """The events of one day, by rank: sorted as they are, so that they are never in memory all together."""
        run, rows = list[_Loaded](), 0
        for piece in self._loaded(sorted(pieces, key=_rank), first, last):
            run.append(piece)
            rows += piece.events.height
            if rows >= self._run_events:
                yield _run(run)
                run, rows = [], 0
        if rows:
            yield _run(run)

    def _loaded(self, pieces: Iterable[_Piece], first: int = 0, last: int = _DAYS) -> Iterator["_Loaded"]:
        """The pieces' events from one day of the month to another."""
        for piece in pieces:
            if piece.last < first or last < piece.first:
                continue
            events = self._read(piece.events) if isinstance(piece.events, _Place) else piece.events
            if piece.first < first or last < piece.last:
                events = events.filter(pl.col("known_at").dt.day().is_between(first, last))
            if events.height:
                yield _Loaded(piece.rank, piece.event, events)

    def _settle(self) -> None:
        """Wait until what was full before is put away. Raises what that raised."""
        if self._away is not None:
            self._away.result()

    def _put_away(self, buffer: _Buffer, *, spill: bool) -> None:
        for (rank, event), came in buffer.items():
            events = _by_day(pl.concat(came, rechunk=True))
            days = _days_of(events)
            for key, start, end in _by_bucket(events):
                bucket, piece = self._buckets[key], events[start:end]
                where = self._written(piece) if spill else piece
                bucket.pieces.append(_Piece(rank, event, where, int(days[start]), int(days[end - 1])))
                bucket.days += np.bincount(days[start:end], minlength=_DAYS)

    def _written(self, events: pl.DataFrame) -> _Place:
        body = io.BytesIO()
        events.write_ipc_stream(body, compression="lz4")
        try:
            self._file = self._file or tempfile.TemporaryFile(prefix="vigie-sort-")  # noqa: SIM115  closed by __exit__
            start = self._file.tell()
            self._file.write(body.getbuffer())
            self._file.flush()
        except OSError as error:
            raise StreamsError(
                f"cannot write the temporary file that events are sorted in, in {tempfile.gettempdir()}: "
                f"{error.strerror}. Make room there, or name another folder with TMPDIR"
            ) from error
        return _Place(start, len(body.getbuffer()))

    def _read(self, place: _Place) -> pl.DataFrame:
        assert self._file is not None
        body = os.pread(self._file.fileno(), place.length, place.start)
        if len(body) < place.length:
            raise StreamsError("the temporary file that events are sorted in was cut short. Run the command again")
        return pl.read_ipc_stream(io.BytesIO(body))


class _Loaded(NamedTuple):
    """A piece in memory."""

    rank: int
    event: EventType
    events: pl.DataFrame


def _by_bucket(events: pl.DataFrame) -> Iterator[tuple[int, int, int]]:
    """Where events by day are to be cut, first row and end of each piece, after its bucket.

    A bucket is twice the month, counted from year 0, plus 1 past its first day.
    """
    month = (pl.col("known_at").dt.year().cast(pl.Int32) * 12 + pl.col("known_at").dt.month()) * 2
    key = (month + (pl.col("known_at").dt.day() > 1)).fill_null(_UNDATED)
    keys = events.select(key.alias("key"))["key"].to_numpy()
    starts = [0, *(np.flatnonzero(np.diff(keys)) + 1).tolist()]
    for start, end in zip(starts, [*starts[1:], len(keys)], strict=True):
        yield int(keys[start]), start, end


def _stretches(days: NDArray[np.int64], most: int) -> Iterator[tuple[int, int]]:
    """The days that have any, first and last of each stretch, such that a stretch of several has `most` at most."""
    first, last, rows = 0, 0, 0
    for day in np.flatnonzero(days).tolist():
        if rows and rows + days[day] > most:
            yield first, last
            rows = 0
        first = first if rows else day
        last, rows = day, rows + int(days[day])
    if rows:
        yield first, last


def _run(pieces: Iterable[_Loaded]) -> Frames:
    """The events of pieces of one month, sorted."""
    ranked = sorted(pieces, key=_rank)
    days = [_days_of(piece.events) for piece in ranked]
    order = np.empty(sum(map(len, days)), np.uint32)
    order[np.argsort(np.concatenate(days), kind="stable")] = np.arange(len(order), dtype=np.uint32)
    found: dict[EventType, list[pl.DataFrame]] = defaultdict(list)
    start = 0
    for _, event, events in ranked:
        found[event].append(events.with_columns(pl.Series(ORDER, order[start : start + events.height])))
        start += events.height
    return Frames({event: _by_day(pl.concat(tables, rechunk=True)) for event, tables in found.items()})


def _by_day(events: pl.DataFrame) -> pl.DataFrame:
    """Events by day, those of a day as they came.

    Sorting 16-bit numbers takes linear time, which polars' own sort of dates does not.
    """
    days = events["known_at"].to_physical().fill_null(0).to_numpy()
    if (np.diff(days) >= 0).all():
        return events
    if days.max() - days.min() < 1 << 16:
        days = (days - days.min()).astype(np.uint16)
    places = pl.Series(np.argsort(days, kind="stable").astype(np.uint32))
    return events.select(pl.all().gather(places))


def _days_of(events: pl.DataFrame) -> NDArray[np.uint8]:
    """The day of the month of each event, 0 for none."""
    return events["known_at"].dt.day().fill_null(0).to_numpy().astype(np.uint8)


def _rank(piece: "_Piece | _Loaded") -> int:
    return piece.rank
