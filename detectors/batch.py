"""Events as columns: what firm state needs of each, as numbers.

A row of `rows` means, by type:

- payment-delay: key siret, account, period, sequence; order version; start month counted from; end last month of the
  period; a employee share; b employer share; flag disputed.
- contribution: key siret, account, months of the period; start its last month; a due; b paid; flag which are known.
- payment-schedule: key siret, account, case; order day known; start day created; end day due; a amount.
- debt-commission: start day processed.
- partial-unemployment-request: key request; order day known; start month known; end last day; a hours; flag whether
  its reason counts.
- partial-unemployment-use: key request; start month; a hours.
- headcount: key siret, account; start month; a headcount; flag whether it is the firm's own figure.
- insolvency-proceeding: start day effective; a action; flag whether it ends an earlier one.

Amounts are cents, hours and headcounts hundredths: sums of integers do not depend on their order. Months and days are
those of `detectors.months`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from functools import lru_cache
from operator import attrgetter
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from detectors import events as ev
from detectors.arrays import as_bytes
from detectors.keys import hash_keys
from detectors.months import months_of


class Type(IntEnum):
    """Event types as they stand in a column."""

    PAYMENT_DELAY = 0
    CONTRIBUTION = 1
    PAYMENT_SCHEDULE = 2
    DEBT_COMMISSION = 3
    REQUEST = 4
    USE = 5
    HEADCOUNT = 6
    PROCEEDING = 7
    FIRM = 8
    CLOCK = 9


DUE_KNOWN, PAID_KNOWN = 1, 2
ACTIONS = ("sauvegarde", "redressement", "liquidation")
"""Proceedings from the least to the most severe."""
DROPPED_STAGES = frozenset({"fin_procedure", "inclusion_autre_procedure"})
"""Stages that close or merge a proceeding instead of opening one."""
COUNTED_REASONS = frozenset({1, 2, 3, 4, 5})
"""Reasons of partial unemployment that count for risk; 6, 7 and unknown ones do not."""
DEFAULT_SCHEDULE_DAYS = 365
LONGEST_SCHEDULE_DAYS = 36_500
UNKNOWN_DAY = 0
LAST_DAY = date.max.toordinal()
"""The last that a date can say."""

ROW = np.dtype(
    [
        ("order", "<i8"),
        ("a", "<i8"),
        ("b", "<i8"),
        ("siren", "<u4"),
        ("known", "<i4"),
        ("start", "<i4"),
        ("end", "<i4"),
        ("type", "u1"),
        ("flag", "u1"),
    ],
    align=True,
)


class Events(Protocol):
    """The events of a batch, of which an alert cites one now and then."""

    def at(self, positions: Sequence[int]) -> list[ev.AnyEvent]:
        """The events at these positions, as structs."""


@dataclass(frozen=True)
class StructEvents:
    """Events that are structs already."""

    structs: Sequence[ev.AnyEvent]

    def at(self, positions: Sequence[int]) -> list[ev.AnyEvent]:
        """The events at these positions."""
        return [self.structs[position] for position in positions]


@dataclass(frozen=True)
class References:
    """What the reference data of a batch say, arrays of the n events that have any, in the order of their positions.

    An empty text says nothing: what is known stays.
    """

    positions: NDArray[np.intp]
    names: Sequence[str | None]
    departments: NDArray[np.bytes_]
    activities: NDArray[np.bytes_]
    divisions: NDArray[np.uint8]
    """Of the activities, 0 where there is none."""


@dataclass(frozen=True)
class Batch:
    """Events in the order of their partition, all arrays of shape (n,).

    `offsets` are those of the records, or None where there is no redelivery to guard against (replay).
    """

    events: Events
    rows: NDArray[np.void]
    keys: NDArray[np.uint64]
    references: References
    offsets: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.rows)


def batch_of(events: Sequence[ev.AnyEvent], offsets: NDArray[np.int64] | None = None) -> Batch:
    """Columns of events."""
    return columns_of(events).batch(events, offsets)


@dataclass(frozen=True)
class Columns:
    """What a batch is made of, of n events."""

    rows: NDArray[np.void]
    keys: NDArray[np.uint64]
    references: References
    earliest: NDArray[np.int32]
    """The earliest day that each event tells of."""

    def batch(self, events: Sequence[ev.AnyEvent], offsets: NDArray[np.int64] | None) -> Batch:
        """The batch of these events."""
        return Batch(StructEvents(events), self.rows, self.keys, self.references, offsets)

    def only(self, kept: NDArray[np.bool_]) -> "Columns":
        """The same of some of the events."""
        told = self.references
        stay = np.flatnonzero(kept[told.positions])
        places = (np.cumsum(kept) - 1)[told.positions[stay]]
        names = [told.names[i] for i in stay.tolist()]
        of = References(places, names, told.departments[stay], told.activities[stay], told.divisions[stay])
        return Columns(self.rows[kept], self.keys[kept], of, self.earliest[kept])


def columns_of(events: Sequence[ev.AnyEvent]) -> Columns:
    """Columns of events: all events of a type at once."""
    rows = np.zeros(len(events), ROW)
    keys = np.full(len(events), _NO_KEY)
    earliest = np.full(len(events), LAST_DAY, np.int32)
    told = _NOTHING_TOLD
    for event, at in _by_type(events).items():
        some = _Some(events if len(at) == len(events) else [events[i] for i in at.tolist()])
        cells = np.zeros(len(at), ROW)
        cells["type"] = _TYPE_OF[event]
        if event is not ev.Clock:
            cells["siren"] = some.column("siren", int)
        if event is ev.Firm:
            told = _references_of(at, some.events)
        else:
            cells["known"] = some.days("known_at")
        for name, cell in _CELLS_OF[event](some).items():
            cells[name] = cell
        if event in _KEY_OF:
            keys[at] = hash_keys(_KEY_OF[event](some))
        # Last: keys tell of days too.
        rows.view(_WHOLE)[at], earliest[at] = cells.view(_WHOLE), some.earliest()
    return Columns(rows, keys, told, earliest)


def _by_type(events: Sequence[ev.AnyEvent]) -> dict[type, NDArray[np.intp]]:
    """Where the events of each type stand."""
    if not events:
        return {}
    types = np.fromiter(map(_TYPE_OF.__getitem__, map(type, events)), np.uint8, len(events))
    return {_EVENTS[number]: (types == number).nonzero()[0] for number in sorted(set(types.tolist()))}


class _Some:
    """Events of one type, whose fields are read as columns."""

    def __init__(self, events: Sequence[Any]) -> None:
        self.events = events
        self._days: dict[str, NDArray[np.int32]] = {}

    def column(self, name: str, of: Callable[[Any], int]) -> NDArray[np.int64]:
        """What `of` gives for the values of a field."""
        return np.fromiter(map(of, self.all(name)), np.int64, len(self.events))

    def all(self, name: str) -> list[Any]:
        """The values of a field."""
        return list(map(attrgetter(name), self.events))

    def days(self, name: str) -> NDArray[np.int32]:
        """Ordinals of dates; UNKNOWN_DAY where there is none."""
        if name not in self._days:
            self._days[name] = _ordinals(self.all(name))
        return self._days[name]

    def earliest(self) -> NDArray[np.int32] | int:
        """The earliest of all days read, shape (n,); the last day there is where none was."""
        if not self._days:
            return LAST_DAY
        days = np.array([*self._days.values()])
        days[days == UNKNOWN_DAY] = LAST_DAY
        found: NDArray[np.int32] = days.min(axis=0)
        return found

    def months(self, name: str) -> NDArray[np.int32]:
        """Months of dates that are known."""
        return months_of(self.days(name))

    def hundredths(self, name: str) -> NDArray[np.int64]:
        """Rounded half to even; 0 where unknown."""
        # What is None becomes nan.
        values = np.array(self.all(name), np.float64)
        values[np.isnan(values)] = 0.0
        return np.rint(values * 100).astype(np.int64)

    def known(self, name: str) -> NDArray[np.bool_]:
        """Where a field says anything."""
        return np.array([value is not None for value in self.all(name)], bool)


def _ordinals(dates: Sequence[Any]) -> NDArray[np.int32]:
    try:
        return np.fromiter(map(date.toordinal, dates), np.int32, len(dates))
    except TypeError:
        return np.array([UNKNOWN_DAY if day is None else day.toordinal() for day in dates], np.int32)


def references(
    positions: NDArray[np.intp],
    names: Sequence[str | None],
    departments: Sequence[str | None],
    activities: Sequence[str | None],
) -> References:
    """References of texts as events have them, None for unknown; each distinct text is looked at once."""
    department_of = {text: (text or "").encode("ascii", "replace") for text in set(departments)}
    activity_of = {text: (text or "").encode("ascii", "replace") for text in set(activities)}
    division_of = {text: _division(text or "") for text in activity_of}
    return References(
        positions,
        names,
        np.array([department_of[text] for text in departments], "S3"),
        np.array([activity_of[text] for text in activities], "S8"),
        np.array([division_of[text] for text in activities], np.uint8),
    )


def _references_of(at: NDArray[np.intp], firms: Sequence[ev.Firm]) -> References:
    return references(
        at,
        [firm.name for firm in firms],
        [firm.department for firm in firms],
        [firm.activity for firm in firms],
    )


def _division(activity: str) -> int:
    digits = activity[:2]
    return int(digits) if digits.isascii() and digits.isdecimal() else 0


_Cells = dict[str, NDArray[Any]]


def _payment_delays(some: _Some) -> _Cells:
    return {
        "order": some.column("version", int),
        "start": some.months("counted_from"),
        "end": some.months("period_end") - 1,
        "a": some.hundredths("employee_share"),
        "b": some.hundredths("employer_share"),
        "flag": some.column("disputed", bool),
    }


def _contributions(some: _Some) -> _Cells:
    return {
        "start": some.months("period_end") - 1,
        "a": some.hundredths("due"),
        "b": some.hundredths("paid"),
        "flag": some.known("due") * DUE_KNOWN | some.known("paid") * PAID_KNOWN,
    }


def _schedules(some: _Some) -> _Cells:
    created, due = some.days("created_on"), some.days("due_on")
    days = some.column("duration_days", _schedule_days)
    return {
        "order": some.days("known_at"),
        "start": created,
        "end": np.where(due == UNKNOWN_DAY, created + days, due),
        "a": some.hundredths("amount"),
    }


def _schedule_days(days: int | None) -> int:
    return DEFAULT_SCHEDULE_DAYS if days is None else min(days, LONGEST_SCHEDULE_DAYS)


def _commissions(some: _Some) -> _Cells:
    return {"start": some.days("processed_on")}


def _requests(some: _Some) -> _Cells:
    some.days("start")
    return {
        "order": some.days("known_at"),
        "start": some.months("known_at"),
        "end": some.days("end"),
        "a": some.hundredths("hours"),
        "flag": some.column("reason", COUNTED_REASONS.__contains__),
    }


def _uses(some: _Some) -> _Cells:
    return {"start": some.months("month"), "a": some.hundredths("hours")}


def _headcounts(some: _Some) -> _Cells:
    return {"start": some.months("month"), "a": some.hundredths("headcount"), "flag": ~some.known("siret")}


def _proceedings(some: _Some) -> _Cells:
    return {
        "start": some.days("effective_on"),
        "a": some.column("action", ACTIONS.index),
        "flag": some.column("stage", DROPPED_STAGES.__contains__),
    }


def _nothing(_some: _Some) -> _Cells:
    return {}


def _keys_of_debts(some: _Some) -> list[str]:
    starts, ends = (_iso(some.days(name)) for name in ("period_start", "period_end"))
    return [
        f"d|{e.siren}|{e.siret}|{e.account}|{start}|{end}|{e.sequence}"
        for e, start, end in zip(some.events, starts, ends, strict=True)
    ]


def _keys_of_contributions(some: _Some) -> list[str]:
    months = some.months("period_end") - 1 - some.months("period_start")
    return [f"c|{e.siren}|{e.siret}|{e.account}|{n}" for e, n in zip(some.events, months.tolist(), strict=True)]


def _keys_of_schedules(some: _Some) -> list[str]:
    return [f"s|{e.siren}|{e.siret}|{e.account}|{e.case_number}" for e in some.events]


def _keys_of_requests(some: _Some) -> list[str]:
    return [f"r|{e.siren}|{e.request_id}" for e in some.events]


def _keys_of_headcounts(some: _Some) -> list[str]:
    return [f"h|{e.siren}|{e.siret}|{e.account}" for e in some.events]


def _iso(days: NDArray[np.int32]) -> list[str]:
    """Days as text."""
    return [*map(_iso_day, days.tolist())]


# Periods begin and end with months: those of all events are few.
@lru_cache(maxsize=4096)
def _iso_day(day: int) -> str:
    return date.fromordinal(day).isoformat()


_EVENTS: tuple[type, ...] = tuple(ev.EVENT_TYPES.values())
_TYPE_OF = dict(zip(_EVENTS, Type, strict=True))
_CELLS_OF: dict[type, Callable[[_Some], _Cells]] = {
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
_KEY_OF: dict[type, Callable[[_Some], list[str]]] = {
    ev.PaymentDelay: _keys_of_debts,
    ev.Contribution: _keys_of_contributions,
    ev.PaymentSchedule: _keys_of_schedules,
    ev.PartialUnemploymentRequest: _keys_of_requests,
    ev.PartialUnemploymentUse: _keys_of_requests,
    ev.Headcount: _keys_of_headcounts,
}
_NO_KEY = hash_keys([""])[0]
_NOTHING_TOLD = references(np.zeros(0, np.intp), [], [], [])
_WHOLE = as_bytes(ROW)
