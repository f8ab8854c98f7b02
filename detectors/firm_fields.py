"""What is expected of each field of a firm and of its entries, in records of format 4.

A change here, as of the rows themselves (`panel`), is another format (`firm_record`).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors import rings
from detectors.expectations import Expectations, Expected, Field, Ints, Known, letters
from detectors.panel import BLANK_FIRM, MONTH_ZERO, OWN_SITE, UNKNOWN, Panel
from detectors.rings import NEVER

Structs = NDArray[np.void]
LEDGERS = ("debts", "accounts", "requests", "sites", "schedules")


def about_day(month: Ints) -> Ints:
    """A day in a month or next to it: a calendar repeats itself after 4 800 months."""
    return month * 146_097 // 4_800 - 365


def _known(name: str) -> Expected:
    return lambda _rows, known: known[name]


def _like(name: str) -> Expected:
    return lambda rows, _known: rows[name].astype(np.int64).T


def _from_day_of_month(rows: Structs, _known: Known) -> Ints:
    return about_day(rows["month"].astype(np.int64))


def _text(pattern: bytes, length: int) -> Expected:
    values = np.frombuffer(pattern.ljust(length, b"\0"), np.uint8).astype(np.int64)[:, None]
    return lambda _rows, _known: values


def _division(rows: Structs, _known: Known) -> Ints:
    """The first two digits of the activity."""
    tens, ones = letters(rows["activity"])[:2] - ord("0")
    return np.where((tens >= 0) & (tens <= 9) & (ones >= 0) & (ones <= 9), tens * 10 + ones, 0)


def _heads(rows: Structs, _known: Known) -> Ints:
    of_firm = rows["heads_of_firm"]
    return np.where(of_firm != UNKNOWN, of_firm, rows["heads_of_sites"])


def _heads_peak(rows: Structs, known: Known) -> Ints:
    """The bits of the newest headcount of a month end."""
    newest = rows["heads_history"][np.arange(len(rows)), known["month"] % rings.MONTHS]
    return (newest / 100.0).view(np.int64)


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


def known_of_entries(of_firms: Known, held: Ints) -> dict[str, Ints]:
    """The same for entries, of which each firm has `held`."""
    return {name: np.repeat(values, held) for name, values in of_firms.items()}


def sums_of_entries(entries: Sequence[Structs], held: Sequence[Ints], own_sites: Ints) -> dict[str, Ints]:
    """What follows from the entries of n firms, arrays of shape (n,) or (MONTHS, n).

    `entries` and `held` go by LEDGERS; the entries stand firm after firm.
    """
    groups = [_Grouped(rows, counts) for rows, counts in zip(entries, held, strict=True)]
    debts, accounts, requests, sites, schedules = groups
    found = {"debts_known": debts.counts, **_debts(debts)}
    found["paid_month"] = accounts.latest(accounts["month"], NEVER)
    found |= _requests(requests)
    own = sites["key"] == np.repeat(own_sites, sites.counts)
    found["heads_of_sites"] = sites.total(sites["heads"] * ~own)
    found["heads_of_firm"] = UNKNOWN + sites.total((sites["heads"] - UNKNOWN) * own)
    found["heads_month"] = sites.latest(sites["month"], NEVER)
    found["schedule_amount"] = schedules.total(schedules["amount"])
    found["schedule_until"] = schedules.latest(schedules["until"], 0)
    return found


class _Grouped:
    """Entries of firms, one firm's after the other's."""

    def __init__(self, rows: Structs, counts: Ints) -> None:
        self.counts = counts
        self._rows, self._some = rows, counts > 0
        self._starts = (np.cumsum(counts) - counts)[self._some]

    def __getitem__(self, name: str) -> Ints:
        return self._rows[name].astype(np.int64)

    def total(self, values: Ints) -> Ints:
        """The sum by firm of values (entries,) or (entries, MONTHS)."""
        return self._reduced(np.add, values, 0)

    def latest(self, values: Ints, without: int) -> Ints:
        """The greatest by firm of values (entries,), at least `without`."""
        return np.maximum(self._reduced(np.maximum, values, without), without)

    def _reduced(self, function: np.ufunc, values: Ints, without: int) -> Ints:
        found = np.full((len(self.counts), *values.shape[1:]), without, np.int64)
        if len(values):
            found[self._some] = function.reduceat(values, self._starts, axis=0)
        return found

    def of_firms(self, values: Ints) -> Ints:
        """Values of firms for each of their entries."""
        return np.repeat(values, self.counts, axis=0)


def _debts(debts: _Grouped) -> dict[str, Ints]:
    employee, employer, months = debts["employee"], debts["employer"], debts["month"]
    owed = employee + employer
    opened, age = (owed > 0).astype(np.int64), months - MONTH_ZERO
    return {
        "debt_employee": debts.total(employee),
        "debt_employer": debts.total(employer),
        "debt_moment": debts.total(owed * age),
        "debt_disputed": debts.total(owed * debts["disputed"]),
        "debts_open": debts.total(opened),
        "debts_moment": debts.total(opened * age),
        "debt_newest": debts.latest(months, NEVER),
    }


def _requests(requests: _Grouped) -> dict[str, Ints]:
    month, used_month, counts = requests["month"], requests["used_month"], requests["counts"]
    newest = requests.latest(np.maximum(month, used_month), NEVER)
    owners = requests.of_firms(np.arange(len(newest)))
    used, authorised = (np.zeros((rings.MONTHS, len(newest)), np.int64) for _ in range(2))
    hours = requests["hours"] * counts * _in(month, newest[owners])
    np.add.at(authorised.reshape(-1), month % rings.MONTHS * len(newest) + owners, hours)
    at, column = np.nonzero(requests["used"])
    shown = used_month[at] - (used_month[at] - column) % rings.MONTHS
    hours = requests["used"][at, column] * counts[at] * _in(shown, newest[owners[at]])
    np.add.at(used.reshape(-1), column * len(newest) + owners[at], hours)
    return {
        "unemployment_month": newest,
        "request_until": requests.latest(np.where(counts == 1, requests["until"], 0), 0),
        "hours_used": used,
        "hours_authorised": authorised,
    }


def _in(months: Ints, newest: Ints) -> NDArray[np.bool_]:
    """Which months, none of them after the newest, still stand in rings that reach it."""
    return months > newest - rings.MONTHS
