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
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from detectors import events as ev
from detectors.keys import hash_keys
from detectors.months import month_of


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

ROW = np.dtype(
    [
        ("type", "u1"),
        ("siren", "<u4"),
        ("known", "<i4"),
        ("order", "<i8"),
        ("start", "<i4"),
        ("end", "<i4"),
        ("a", "<i8"),
        ("b", "<i8"),
        ("flag", "u1"),
    ]
)
_Cells = tuple[int, int, int, int, int, int, int, int, int]


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
    cells: list[_Cells] = []
    keys: list[str] = []
    firms: list[tuple[int, ev.Firm]] = []
    for position, event in enumerate(events):
        row, key = _ROW_OF[type(event)](event)
        cells.append(row)
        keys.append(key)
        if row[0] == Type.FIRM:
            firms.append((position, event))  # type: ignore[arg-type]  # it is one
    return Batch(StructEvents(events), np.array(cells, ROW), hash_keys(keys), _references_of(firms), offsets)


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


def _references_of(firms: Sequence[tuple[int, ev.Firm]]) -> References:
    return references(
        np.array([position for position, _ in firms], np.intp),
        [event.name for _, event in firms],
        [event.department for _, event in firms],
        [event.activity for _, event in firms],
    )


def _division(activity: str) -> int:
    digits = activity[:2]
    return int(digits) if digits.isascii() and digits.isdecimal() else 0


def _hundredths(value: float | None) -> int:
    return 0 if value is None else round(value * 100)


def _payment_delay(e: ev.PaymentDelay) -> tuple[_Cells, str]:
    row = (
        Type.PAYMENT_DELAY,
        int(e.siren),
        e.known_at.toordinal(),
        e.version,
        month_of(e.counted_from),
        month_of(e.period_end) - 1,
        _hundredths(e.employee_share),
        _hundredths(e.employer_share),
        bool(e.disputed),
    )
    return row, f"d|{e.siren}|{e.siret}|{e.account}|{e.period_start}|{e.period_end}|{e.sequence}"


def _contribution(e: ev.Contribution) -> tuple[_Cells, str]:
    last = month_of(e.period_end) - 1
    known = (e.due is not None) * DUE_KNOWN | (e.paid is not None) * PAID_KNOWN
    row = (
        Type.CONTRIBUTION,
        int(e.siren),
        e.known_at.toordinal(),
        0,
        last,
        0,
        _hundredths(e.due),
        _hundredths(e.paid),
        known,
    )
    return row, f"c|{e.siren}|{e.siret}|{e.account}|{last - month_of(e.period_start)}"


def _payment_schedule(e: ev.PaymentSchedule) -> tuple[_Cells, str]:
    created = e.created_on.toordinal()
    days = DEFAULT_SCHEDULE_DAYS if e.duration_days is None else min(e.duration_days, LONGEST_SCHEDULE_DAYS)
    due = created + days if e.due_on is None else e.due_on.toordinal()
    known = e.known_at.toordinal()
    row = (Type.PAYMENT_SCHEDULE, int(e.siren), known, known, created, due, _hundredths(e.amount), 0, 0)
    return row, f"s|{e.siren}|{e.siret}|{e.account}|{e.case_number}"


def _debt_commission(e: ev.DebtCommission) -> tuple[_Cells, str]:
    return (
        Type.DEBT_COMMISSION,
        int(e.siren),
        e.known_at.toordinal(),
        0,
        e.processed_on.toordinal(),
        0,
        0,
        0,
        0,
    ), ""


def _request(e: ev.PartialUnemploymentRequest) -> tuple[_Cells, str]:
    known = e.known_at.toordinal()
    end = UNKNOWN_DAY if e.end is None else e.end.toordinal()
    row = (
        Type.REQUEST,
        int(e.siren),
        known,
        known,
        month_of(e.known_at),
        end,
        _hundredths(e.hours),
        0,
        e.reason in COUNTED_REASONS,
    )
    return row, f"r|{e.siren}|{e.request_id}"


def _use(e: ev.PartialUnemploymentUse) -> tuple[_Cells, str]:
    row = (Type.USE, int(e.siren), e.known_at.toordinal(), 0, month_of(e.month), 0, _hundredths(e.hours), 0, 0)
    return row, f"r|{e.siren}|{e.request_id}"


def _headcount(e: ev.Headcount) -> tuple[_Cells, str]:
    of_firm = e.siret is None
    row = (
        Type.HEADCOUNT,
        int(e.siren),
        e.known_at.toordinal(),
        0,
        month_of(e.month),
        0,
        _hundredths(e.headcount),
        0,
        of_firm,
    )
    return row, f"h|{e.siren}|{e.siret}|{e.account}"


def _proceeding(e: ev.InsolvencyProceeding) -> tuple[_Cells, str]:
    row = (
        Type.PROCEEDING,
        int(e.siren),
        e.known_at.toordinal(),
        0,
        e.effective_on.toordinal(),
        0,
        ACTIONS.index(e.action),
        0,
        e.stage in DROPPED_STAGES,
    )
    return row, ""


def _firm(e: ev.Firm) -> tuple[_Cells, str]:
    return (Type.FIRM, int(e.siren), UNKNOWN_DAY, 0, 0, 0, 0, 0, 0), ""


def _clock(e: ev.Clock) -> tuple[_Cells, str]:
    return (Type.CLOCK, 0, e.known_at.toordinal(), 0, 0, 0, 0, 0, 0), ""


_ROW_OF: dict[type, Callable[..., tuple[_Cells, str]]] = {
    ev.PaymentDelay: _payment_delay,
    ev.Contribution: _contribution,
    ev.PaymentSchedule: _payment_schedule,
    ev.DebtCommission: _debt_commission,
    ev.PartialUnemploymentRequest: _request,
    ev.PartialUnemploymentUse: _use,
    ev.Headcount: _headcount,
    ev.InsolvencyProceeding: _proceeding,
    ev.Firm: _firm,
    ev.Clock: _clock,
}
