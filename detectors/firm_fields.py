"""What is expected of each field of a firm and of its entries, in records of format 4.

A change here, as of the rows themselves (`panel`), is another format (`firm_record`).
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from detectors import rings
from detectors.expectations import Expectations, Expected, Field, Ints, Known, Structs
from detectors.panel import BLANK_FIRM, CODES_KEPT, MONTH_ZERO, OWN_SITE, UNKNOWN, Panel
from detectors.rings import NEVER

LEDGERS = ("debts", "accounts", "requests", "sites", "schedules")
CODES_A_NUMBER = 8
CODE_NUMBERS = CODES_KEPT // CODES_A_NUMBER


def about_day(month: Ints) -> Ints:
    """A day in a month or next to it: a calendar repeats itself after 4 800 months."""
    return month * 146_097 // 4_800 - 365


def _known(name: str) -> Expected:
    return lambda _rows, known: known[name]


def _like(name: str) -> Expected:
    return lambda rows, _known: rows[name]


def _from_day_of_month(rows: Structs, _known: Known) -> Ints:
    return about_day(rows["month"])


def _text(pattern: bytes, length: int) -> Expected:
    values = np.frombuffer(pattern.ljust(length, b"\0"), np.uint8).astype(np.int64)
    return lambda _rows, _known: values


def _division(rows: Structs, _known: Known) -> Ints:
    """The first two digits of the activity."""
    tens, ones = rows["activity"].T[:2] - ord("0")
    return np.where((tens >= 0) & (tens <= 9) & (ones >= 0) & (ones <= 9), tens * 10 + ones, 0)


def _heads(rows: Structs, _known: Known) -> Ints:
    of_firm = rows["heads_of_firm"]
    return np.where(of_firm != UNKNOWN, of_firm, rows["heads_of_sites"])


def _heads_peak(rows: Structs, known: Known) -> Ints:
    """The bits of the newest headcount of a month end."""
    newest = rows["heads_history"][np.arange(len(rows)), known["month"] % rings.MONTHS]
    return (newest / 100.0).view(np.int64)


BEFORE = len(LEDGERS) + CODE_NUMBERS
"""Columns before a firm's fields: how many entries of each ledger it has, and its codes (`firm_record`)."""
FIRM = Expectations(
    BLANK_FIRM,
    [
        # Exactly as the entries say, nearly always.
        [
            *(Field(name, _known(name)) for name in (
                "debt_employee", "debt_employer", "debt_moment", "debt_disputed", "debts_known", "debts_open",
                "debts_moment", "debt_newest", "paid_month", "unemployment_month", "request_until", "heads_of_sites",
                "heads_of_firm", "heads_month", "schedule_until", "schedule_amount",
            )),
        ],
        [Field("first_swept", _known("month"), blank_at=0), Field("first_month", _like("first_swept"), blank_at=0)],
        [
            Field(name, _known("day"), blank_at=0)
            for name in ("commission_day", "proceeding_day", "tier_day", "jump_day")
        ],
        [Field("department", _text(b"00", 3), blank_at=0), Field("activity", _text(b"00.00Z", 8), blank_at=0)],
        [
            Field("employer", lambda _rows, _known: 1),
            Field("division", _division),
            *map(Field, (
                "proceeding_action", "debt_run", "clean_run", "debt_months", "debt_episodes", "tier", "month_ends",
            )),
        ],
        [Field("employee_history", _like("debt_employee"), newest_first=True)],
        [Field("employer_history", _like("debt_employer"), newest_first=True)],
        [Field("heads_history", _heads, newest_first=True)],
        [Field("hours_used", _known("hours_used")), Field("hours_authorised", _known("hours_authorised"))],
        [Field("heads_peak", _heads_peak), *map(Field, ("debt_usual", "debt_peak", "logit", "usual", "spread"))],
    ],
    BEFORE,
)  # fmt: skip

_OF_LEDGER: dict[str, list[list[Field]]] = {
    "debts": [
        [Field("key")],
        [Field("month", _known("month"), blank_at=0)],
        [Field("known", _from_day_of_month, blank_at=0)],
        [Field("version"), Field("disputed")],
        [Field("employee"), Field("employer")],
    ],
    "accounts": [
        [Field("key")],
        [Field("month", _known("month"), blank_at=0)],
        [Field("due", lambda _rows, _known: 0, blank_at=0)],
        [Field("paid", _like("due"), blank_at=1)],
    ],
    "requests": [
        [Field("key")],
        [Field("month", _known("month"), blank_at=0)],
        [Field("known", _from_day_of_month, blank_at=0), Field("until", _like("known"), blank_at=0)],
        [Field("used_month", _like("month"), blank_at=0), Field("counts")],
        [Field("hours"), Field("used")],
    ],
    "sites": [
        [Field("key", _known("own_site"))],
        [Field("month", _known("month"), blank_at=0)],
        [Field("heads")],
    ],
    "schedules": [
        [Field("key")],
        [Field("known", _known("day"), blank_at=0), Field("until", _like("known"), blank_at=0)],
        [Field("amount")],
    ],
}
ENTRIES = [Expectations(ledger.blank, _OF_LEDGER[name]) for name, ledger in zip(LEDGERS, Panel().ledgers, strict=True)]


def known_of_firms(heads: Structs) -> dict[str, Ints]:
    """What a record's head says of its firm, which all is expected from."""
    month = heads["swept"].astype(np.int64)
    own_site = (OWN_SITE ^ heads["siren"].astype(np.uint64)).view(np.int64)
    return {"month": month, "day": about_day(month), "own_site": own_site}


class KnownOfEntries(Mapping[str, Ints]):
    """The same for entries, of which each firm has `held`; worked out when asked."""

    def __init__(self, of_firms: Known, held: Ints) -> None:
        self._of_firms, self._held = of_firms, held

    def __getitem__(self, name: str) -> Ints:
        return np.repeat(self._of_firms[name], self._held)

    def __iter__(self) -> Iterator[str]:
        return iter(self._of_firms)

    def __len__(self) -> int:
        return len(self._of_firms)


def sums_of_entries(entries: Sequence[Structs], held: Sequence[Ints], own_sites: Ints) -> dict[str, Ints]:
    """What follows from the entries of n firms, arrays of shape (n,) or (n, MONTHS).

    `entries` and `held` go by LEDGERS; the entries stand firm after firm.
    """
    groups = [_Grouped(rows, counts) for rows, counts in zip(entries, held, strict=True)]
    debts, accounts, requests, sites, schedules = groups
    (schedule_amount,) = schedules.totals(schedules["amount"])
    return {
        "debts_known": debts.counts,
        **_debts(debts),
        "paid_month": accounts.latest(accounts["month"], NEVER),
        **_requests(requests),
        **_sites(sites, own_sites),
        "schedule_amount": schedule_amount,
        "schedule_until": schedules.latest(schedules["until"], 0),
    }


class _Grouped:
    """Entries of firms, one firm's after the other's."""

    def __init__(self, rows: Structs, counts: Ints) -> None:
        self.counts = counts
        self._rows, self._ends = rows, np.cumsum(counts)
        self._held = np.flatnonzero(counts)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, name: str) -> Ints:
        return self._rows[name].astype(np.int64, copy=False)

    def totals(self, *values: Ints) -> Iterator[Ints]:
        """The sums by firm of values (entries,), of each that is given."""
        stops = np.zeros((len(values), len(self) + 1), np.int64)
        for of_values, found in zip(values, stops, strict=True):
            of_values.cumsum(out=found[1:])
        yield from stops.take(self._ends, axis=1) - stops.take(self._ends - self.counts, axis=1)

    def latest(self, values: Ints, without: int) -> Ints:
        """The greatest by firm of values (entries,), at least `without`."""
        found = np.full(len(self.counts), without, np.int64)
        if len(values):
            starts = (self._ends - self.counts)[self._held]
            found[self._held] = np.maximum(np.maximum.reduceat(values, starts), without)
        return found

    def of_firms(self, values: Ints) -> Ints:
        """Values of firms for each of their entries."""
        return np.repeat(values, self.counts, axis=0)


def _debts(debts: _Grouped) -> dict[str, Ints]:
    employee, employer, months = debts["employee"], debts["employer"], debts["month"]
    owed = employee + employer
    opened, age = (owed > 0).astype(np.int64), months - MONTH_ZERO
    totals = debts.totals(employee, employer, owed * age, owed * debts["disputed"], opened, opened * age)
    names = "debt_employee", "debt_employer", "debt_moment", "debt_disputed", "debts_open", "debts_moment"
    return {**dict(zip(names, totals, strict=True)), "debt_newest": debts.latest(months, NEVER)}


def _sites(sites: _Grouped, own_sites: Ints) -> dict[str, Ints]:
    heads = sites["heads"]
    own = sites["key"] == sites.of_firms(own_sites)
    of_sites, of_firm = sites.totals(heads * ~own, (heads - UNKNOWN) * own)
    return {
        "heads_of_sites": of_sites,
        "heads_of_firm": UNKNOWN + of_firm,
        "heads_month": sites.latest(sites["month"], NEVER),
    }


def _requests(requests: _Grouped) -> dict[str, Ints]:
    month, used_month, counts = requests["month"], requests["used_month"], requests["counts"]
    newest = requests.latest(np.maximum(month, used_month), NEVER)
    used, authorised = (np.zeros((len(newest), rings.MONTHS), np.int64) for _ in range(2))
    if len(requests):
        owners = requests.of_firms(np.arange(len(newest)))
        hours = requests["hours"] * counts * _in(month, newest[owners])
        np.add.at(authorised.reshape(-1), owners * rings.MONTHS + month % rings.MONTHS, hours)
        at, column = np.nonzero(requests["used"])
        shown = used_month[at] - (used_month[at] - column) % rings.MONTHS
        hours = requests["used"][at, column] * counts[at] * _in(shown, newest[owners[at]])
        np.add.at(used.reshape(-1), owners[at] * rings.MONTHS + column, hours)
    return {
        "unemployment_month": newest,
        "request_until": requests.latest(np.where(counts == 1, requests["until"], 0), 0),
        "hours_used": used,
        "hours_authorised": authorised,
    }


def _in(months: Ints, newest: Ints) -> NDArray[np.bool_]:
    """Which months, none of them after the newest, still stand in rings that reach it."""
    return months > newest - rings.MONTHS
