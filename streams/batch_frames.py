"""Frames to batches of the chain, a column at a time: the numbers that `detectors.batch` makes of each event."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detectors import events as ev
from detectors.batch import (
    ACTIONS,
    COUNTED_REASONS,
    DEFAULT_SCHEDULE_DAYS,
    DROPPED_STAGES,
    DUE_KNOWN,
    LONGEST_SCHEDULE_DAYS,
    PAID_KNOWN,
    ROW,
    UNKNOWN_DAY,
    Batch,
    References,
    Type,
    references,
)
from detectors.keys import LANE, hash_keys, hash_lanes, lanes_of
from detectors.months import months_of
from streams.event_columns import EventType, structs
from streams.frames import ORDER, Frames

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_NO_KEY = hash_keys([""])[0]
_Column = NDArray[np.generic]


class FrameEvents:
    """The events of a run as structs, made when asked for."""

    def __init__(self, run: Frames) -> None:
        self._run = run

    def at(self, positions: Sequence[int]) -> list[ev.AnyEvent]:
        """The events at these places of the run. Raises KeyError where there is none."""
        wanted, found = np.unique(positions), dict[int, ev.AnyEvent]()
        for event, orders in self._orders.items():
            places = np.searchsorted(orders, wanted)
            places = places[orders[np.minimum(places, len(orders) - 1)] == wanted]
            if len(places):
                cited = self._run.tables[event][places]
                found |= zip(orders[places].tolist(), structs(event, cited), strict=True)
        return [found[position] for position in positions]

    @cached_property
    def _orders(self) -> Mapping[EventType, NDArray[np.uint32]]:
        return {event: table[ORDER].to_numpy() for event, table in self._run.tables.items()}


@dataclass(frozen=True)
class _Columns:
    """What the events of one type come to: cells of `ROW` by name, zero where absent; and parts of their keys.

    A key is the parts with | in between, as text, None where one is unknown.
    """

    cells: Mapping[str, _Column | int]
    key: tuple[str | pl.Expr, ...] = ()


def batch_of_frames(run: Frames) -> Batch:
    """What `batch_of` gives for the same events."""
    rows, keys = np.zeros(len(run), ROW), np.full(len(run), _NO_KEY, np.uint64)
    for event, table in run.tables.items():
        columns, at = _COLUMNS_OF[event](table), table[ORDER].to_numpy()
        cells = np.zeros(len(at), ROW)
        cells["type"] = _TYPES[event]
        if event is not ev.Clock:
            cells["siren"] = table["siren"].cast(pl.UInt32).to_numpy()
        if event is not ev.Firm:
            cells["known"] = _days(table["known_at"])
        for name, cell in columns.cells.items():
            cells[name] = cell
        rows[at] = cells
        if columns.key:
            keys[at] = _hashed(table, columns.key)
    return Batch(FrameEvents(run), rows, keys, _references(run))


def _days(dates: pl.Series) -> NDArray[np.int32]:
    """Ordinals of dates; UNKNOWN_DAY where there is none."""
    return (dates.to_physical() + _EPOCH_DAY).fill_null(UNKNOWN_DAY).to_numpy()


def _months(dates: pl.Series) -> NDArray[np.int32]:
    """Months of dates, none of which is null."""
    return months_of(_days(dates))


def _hundredths(numbers: pl.Series) -> NDArray[np.int64]:
    """Rounded half to even, as Python rounds; 0 where unknown."""
    return np.rint(numbers.fill_null(0.0).to_numpy() * 100).astype(np.int64)


def _known(values: pl.Series) -> NDArray[np.bool_]:
    return values.is_not_null().to_numpy()


def _payment_delays(table: pl.DataFrame) -> _Columns:
    cells = {
        "order": table["version"].to_numpy(),
        "start": _months(table["counted_from"]),
        "end": _months(table["period_end"]) - 1,
        "a": _hundredths(table["employee_share"]),
        "b": _hundredths(table["employer_share"]),
        "flag": table["disputed"].fill_null(value=False).to_numpy(),
    }
    return _Columns(cells, ("d", *_ACCOUNT, _iso("period_start", table), _iso("period_end", table), pl.col("sequence")))


def _contributions(table: pl.DataFrame) -> _Columns:
    last, first = _months(table["period_end"]) - 1, _months(table["period_start"])
    cells: dict[str, _Column] = {
        "start": last,
        "a": _hundredths(table["due"]),
        "b": _hundredths(table["paid"]),
        "flag": _known(table["due"]) * DUE_KNOWN | _known(table["paid"]) * PAID_KNOWN,
    }
    return _Columns(cells, ("c", *_ACCOUNT, pl.lit(pl.Series("months", last - first)).cast(pl.String)))


def _schedules(table: pl.DataFrame) -> _Columns:
    created, known = _days(table["created_on"]), _days(table["known_at"])
    days = table["duration_days"].fill_null(DEFAULT_SCHEDULE_DAYS).to_numpy()
    due = np.where(_known(table["due_on"]), _days(table["due_on"]), created + np.minimum(days, LONGEST_SCHEDULE_DAYS))
    cells = {"order": known, "start": created, "end": due, "a": _hundredths(table["amount"])}
    return _Columns(cells, ("s", *_ACCOUNT, pl.col("case_number")))


def _commissions(table: pl.DataFrame) -> _Columns:
    return _Columns({"start": _days(table["processed_on"])})


def _requests(table: pl.DataFrame) -> _Columns:
    cells: dict[str, _Column] = {
        "order": _days(table["known_at"]),
        "start": _months(table["known_at"]),
        "end": _days(table["end"]),
        "a": _hundredths(table["hours"]),
        "flag": table["reason"].is_in(COUNTED_REASONS).fill_null(value=False).to_numpy(),
    }
    return _Columns(cells, _REQUEST)


def _uses(table: pl.DataFrame) -> _Columns:
    return _Columns({"start": _months(table["month"]), "a": _hundredths(table["hours"])}, _REQUEST)


def _headcounts(table: pl.DataFrame) -> _Columns:
    cells: dict[str, _Column] = {
        "start": _months(table["month"]),
        "a": _hundredths(table["headcount"]),
        "flag": table["siret"].is_null().to_numpy(),
    }
    return _Columns(cells, ("h", *_ACCOUNT))


def _proceedings(table: pl.DataFrame) -> _Columns:
    cells = {
        "start": _days(table["effective_on"]),
        "a": table["action"].replace_strict(list(ACTIONS), range(len(ACTIONS)), return_dtype=pl.Int64).to_numpy(),
        "flag": table["stage"].is_in(DROPPED_STAGES).fill_null(value=False).to_numpy(),
    }
    return _Columns(cells)


def _nothing(_table: pl.DataFrame) -> _Columns:
    return _Columns({})


_ACCOUNT = (pl.col("siren"), pl.col("siret"), pl.col("account"))
_REQUEST = ("r", pl.col("siren"), pl.col("request_id"))
_COLUMNS_OF: dict[EventType, Callable[[pl.DataFrame], _Columns]] = {
    ev.PaymentDelay: _payment_delays,
    ev.Contribution: _contributions,
    ev.PaymentSchedule: _schedules,
    ev.DebtCommission: _commissions,
    ev.PartialUnemploymentRequest: _requests,
    ev.PartialUnemploymentUse: _uses,
    ev.Headcount: _headcounts,
    ev.InsolvencyProceeding: _proceedings,
    ev.Firm: _nothing,
    ev.Clock: _nothing,
}
_TYPES = dict(zip(ev.EVENT_TYPES.values(), Type, strict=True))


def _iso(name: str, table: pl.DataFrame) -> pl.Expr:
    """Dates as text: each day of their span is written once, since a file has few different ones."""
    days = table[name].to_physical()
    first, last = int(days.min()), int(days.max())  # type: ignore[arg-type]  # no table is empty, no date null
    if last - first > table.height:
        return pl.col(name).cast(pl.String)
    start = date.fromordinal(first + _EPOCH_DAY)
    texts = pl.Series([str(start + timedelta(days=n)) for n in range(last - first + 1)])
    return pl.lit(texts.gather(days - first).alias(name))


def _hashed(table: pl.DataFrame, parts: tuple[str | pl.Expr, ...]) -> NDArray[np.uint64]:
    """The numbers of the keys made of these parts."""
    texts = [pl.lit(part) if isinstance(part, str) else part.fill_null("None") for part in parts]
    keys = table.select(pl.concat_str(texts, separator="|").alias("key"))["key"]
    lanes = lanes_of(int(keys.str.len_bytes().max()))  # type: ignore[arg-type]  # no table is empty
    padded = (keys + "\0" * (lanes * LANE)).cast(pl.Binary).bin.slice(0, lanes * LANE)
    numbers = padded.bin.reinterpret(dtype=pl.Array(pl.UInt64, lanes), endianness="little")
    return hash_lanes(numbers.to_numpy().reshape(len(keys), lanes))


def _references(run: Frames) -> References:
    table = run.tables.get(ev.Firm)
    if table is None:
        return references(np.zeros(0, np.intp), [], [], [])
    texts = (table[name].to_list() for name in ("name", "department", "activity"))
    return references(table[ORDER].to_numpy().astype(np.intp), *texts)
