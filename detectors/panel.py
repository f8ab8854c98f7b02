"""The firms of one partition, in columns: facts, and what follows from facts by sums.

Facts are kept so that any order and any repetition of the same events gives the same facts: a debt keeps its highest
version, a month its greatest value, a request its latest date. All sums are of integers (cents, hundredths), so that
they do not depend on order either. What a firm looked like at past month ends (`history`) and what was said about it
(`Standing`, in `tiers`) do follow the order in which events came; that order is the partition's.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import rings
from detectors.arrays import distinct, with_room
from detectors.batch import DUE_KNOWN, PAID_KNOWN, Batch, Type
from detectors.index import KeyIndex
from detectors.ledger import Ledger, entry_type
from detectors.months import months_of
from detectors.rings import MONTHS, NEVER

Rows = NDArray[np.intp]
Positions = NDArray[np.intp]
Changed = NDArray[np.bool_]
"""Which firms may look different after an event, to a `View`; the others certainly do not."""

UNKNOWN = np.int64(-(2**62))
"""An amount that nobody has told yet."""
NO_DAY = np.int32(2**31 - 1)
MONTH_ZERO = 1980 * 12
"""Ages of debts are summed as months since 1980, to stay far below 2^63."""
CODES_KEPT = 64
"""Room for the codes of a firm's features at its last month end."""

FIRM = np.dtype(
    [
        ("siren", "<u4"),
        ("offset", "<i8"),
        # Facts
        ("employer", "u1"),
        ("division", "u1"),
        ("department", "S3"),
        ("activity", "S8"),
        ("debt_employee", "<i8"),
        ("debt_employer", "<i8"),
        ("debt_moment", "<i8"),
        ("debt_disputed", "<i8"),
        ("debts_known", "<i4"),
        ("debts_open", "<i4"),
        ("debts_moment", "<i8"),
        ("debt_newest", "<i4"),
        ("paid_month", "<i4"),
        ("first_month", "<i4"),
        ("due", "<i8", MONTHS),
        ("due_answered", "<i8", MONTHS),
        ("paid", "<i8", MONTHS),
        ("unemployment_month", "<i4"),
        ("hours_used", "<i8", MONTHS),
        ("hours_authorised", "<i8", MONTHS),
        ("request_until", "<i4"),
        ("heads_of_sites", "<i8"),
        ("heads_of_firm", "<i8"),
        ("heads_month", "<i4"),
        ("schedule_until", "<i4"),
        ("schedule_amount", "<i8"),
        ("commission_day", "<i4"),
        ("proceeding_day", "<i4"),
        ("proceeding_action", "i1"),
        # What it looked like at month ends
        ("swept", "<i4"),
        ("first_swept", "<i4"),
        ("employee_history", "<i8", MONTHS),
        ("employer_history", "<i8", MONTHS),
        ("heads_history", "<i8", MONTHS),
        ("debt_run", "<i4"),
        ("clean_run", "<i4"),
        ("debt_months", "<i4"),
        ("debt_episodes", "<i4"),
        ("debt_usual", "<f8"),
        ("debt_peak", "<f8"),
        ("heads_peak", "<f8"),
        # What was said about it
        ("tier", "u1"),
        ("tier_day", "<i4"),
        ("jump_day", "<i4"),
        ("month_ends", "<i4"),
        ("logit", "<f8"),
        ("codes", "u1", CODES_KEPT),
        ("usual", "<f8"),
        ("spread", "<f8"),
    ],
    align=True,
)

SUMS_OF_ACCOUNTS = ("due", "due_answered", "paid")
"""Fields of FIRM that follow from the firm's accounts."""

DEBT = entry_type(
    ("version", "<i8"), ("known", "<i4"), ("month", "<i4"), ("employee", "<i8"), ("employer", "<i8"),
    ("disputed", "u1"),
)  # fmt: skip
ACCOUNT = entry_type(("month", "<i4"), ("due", "<i8", MONTHS), ("paid", "<i8", MONTHS))
REQUEST = entry_type(
    ("known", "<i8"), ("month", "<i4"), ("until", "<i4"), ("hours", "<i8"), ("counts", "u1"),
    ("used_month", "<i4"), ("used", "<i8", MONTHS),
)  # fmt: skip
SITE = entry_type(("month", "<i4"), ("heads", "<i8"))
SCHEDULE = entry_type(("known", "<i8"), ("until", "<i4"), ("amount", "<i8"))


def _blank(dtype: np.dtype[np.void], **values: object) -> np.void:
    record = np.zeros(1, dtype)
    for name, value in values.items():
        record[name] = value
    blank: np.void = record[0]
    return blank


BLANK_FIRM = _blank(
    FIRM,
    offset=-1, debt_newest=NEVER,
    paid_month=NEVER, first_month=NEVER, unemployment_month=NEVER, heads_of_firm=UNKNOWN, heads_month=NEVER,
    proceeding_day=NO_DAY, proceeding_action=-1, swept=NEVER, first_swept=NEVER, logit=np.nan,
)  # fmt: skip


class Panel:
    """State of the firms of one partition; a firm is a row, rows are never given back while the partition is held."""

    def __init__(self) -> None:
        self.firms = np.zeros(256, FIRM)
        self.names: list[str | None] = []
        self.debts = Ledger(_blank(DEBT, version=-1))
        self.accounts = Ledger(_blank(ACCOUNT, month=NEVER, due=UNKNOWN, paid=UNKNOWN))
        self.requests = Ledger(_blank(REQUEST, known=-1, counts=1, used_month=NEVER))
        self.sites = Ledger(_blank(SITE, month=NEVER))
        self.schedules = Ledger(_blank(SCHEDULE, known=-1))
        self._index = KeyIndex()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def ledgers(self) -> tuple[Ledger, ...]:
        """Every ledger, in the order in which a record writes them."""
        return self.debts, self.accounts, self.requests, self.sites, self.schedules

    def rows_of(self, sirens: NDArray[np.uint32], make: bool = True) -> Rows:
        """The row of each SIREN, made where there is none (or -1 with `make` False). Shape of `sirens`."""
        keys = sirens.astype(np.uint64)
        rows = self._index.find(keys)
        missing = (rows < 0).nonzero()[0]
        if make and len(missing):
            keys = keys[missing]
            fresh = distinct(keys)
            start = len(self)
            self.names.extend([None] * len(fresh))
            self.firms = with_room(self.firms, len(self))
            self.firms[start : len(self)] = BLANK_FIRM
            self.firms["siren"][start : len(self)] = fresh
            self._index.add(fresh, np.arange(start, len(self)))
            rows[missing] = self._index.find(keys)
        return rows

    def recount(self, rows: Rows) -> None:
        """Work out again what of these firms is the sum of their accounts; a state's records leave it out."""
        owners, slots = self.accounts.of_firms(rows)
        accounts = self.accounts.entries.take(slots)
        known = rings.within(accounts["month"][:, None], rings.months(self.firms["paid_month"][rows[owners]]))
        due, paid = (np.where(known, accounts[name], UNKNOWN) for name in ("due", "paid"))
        answered = np.where(paid != UNKNOWN, _or_zero(due), 0)
        places = owners[:, None] * MONTHS + np.arange(MONTHS)
        for name, amounts in zip(SUMS_OF_ACCOUNTS, (_or_zero(due), answered, _or_zero(paid)), strict=True):
            sums = np.zeros((len(rows), MONTHS), np.int64)
            np.add.at(sums.reshape(-1), places.reshape(-1), amounts.reshape(-1))
            self.firms[name][rows] = sums

    def apply(self, batch: Batch, at: Positions, firms: Rows) -> Changed:
        """Apply the events at these positions of a batch; no firm may occur twice. `firms` are their rows.

        Gives which of the firms may look different now, shape of `at`.
        """
        changed = np.zeros(len(at), bool)
        if not len(at):
            return changed
        types = batch.rows["type"][at]
        for kind in np.bincount(types).nonzero()[0].tolist():
            here = (types == kind).nonzero()[0]
            changed[here] = _APPLY[kind](self, batch, at[here], firms[here])
        return changed

    def _payment_delays(self, batch: Batch, at: Positions, firms: Rows) -> Changed:
        slots, made = self.debts.slots(batch.keys[at], firms)
        f, d = self.firms, self.debts.entries
        old, new = d.take(slots), batch.rows.take(at)
        f["employer"][firms] = 1
        f["debts_known"][firms] += made
        # A debt's period is part of its key: every version says the same, so this one needs no winner.
        f["debt_newest"][firms] = np.maximum(f["debt_newest"][firms], new["end"])
        wins = _later(
            (new["order"], new["known"], new["a"], new["b"], new["flag"]),
            (old["version"], old["known"], old["employee"], old["employer"], old["disputed"]),
        )
        slots, firms, old, new = slots[wins], firms[wins], old.compress(wins), new.compress(wins)
        owed, owed_before = new["a"] + new["b"], old["employee"] + old["employer"]
        opened = (owed > 0).astype(np.int64) - (owed_before > 0)
        since = new["end"] - MONTH_ZERO
        f["debt_employee"][firms] += new["a"] - old["employee"]
        f["debt_employer"][firms] += new["b"] - old["employer"]
        f["debt_disputed"][firms] += owed * new["flag"] - owed_before * old["disputed"]
        f["debt_moment"][firms] += (owed - owed_before) * since
        f["debts_open"][firms] += opened
        f["debts_moment"][firms] += opened * since
        d["version"][slots], d["known"][slots], d["disputed"][slots] = new["order"], new["known"], new["flag"]
        d["month"][slots], d["employee"][slots], d["employer"][slots] = new["end"], new["a"], new["b"]
        return wins

    def _contributions(self, batch: Batch, at: Positions, firms: Rows) -> Changed:
        fine = _not_ahead(batch, at)
        at, firms = at[fine], firms[fine]
        slots, _ = self.accounts.slots(batch.keys[at], firms)
        row, accounts, f = batch.rows.take(at), self.accounts.entries, self.firms
        month = row["start"]
        rings.advance(accounts["month"], month, (accounts["due"], accounts["paid"]), slots, int(UNKNOWN))
        rings.advance(f["paid_month"], month, (f["due"], f["due_answered"], f["paid"]), firms)
        f["employer"][firms] = 1
        first = f["first_month"][firms]
        f["first_month"][firms] = np.where(first == NEVER, month, np.minimum(first, month))
        column = month % MONTHS
        due = np.where(row["flag"] & DUE_KNOWN, row["a"], UNKNOWN)
        paid = np.where(row["flag"] & PAID_KNOWN, row["b"], UNKNOWN)
        old_due, old_paid = accounts["due"][slots, column], accounts["paid"][slots, column]
        wins = rings.within(accounts["month"][slots], month) & _later((paid, due), (old_paid, old_due))
        accounts["due"][slots[wins], column[wins]] = due[wins]
        accounts["paid"][slots[wins], column[wins]] = paid[wins]
        wins &= rings.within(f["paid_month"][firms], month)
        firms, column = firms[wins], column[wins]
        due, paid, old_due, old_paid = due[wins], paid[wins], old_due[wins], old_paid[wins]
        f["due"][firms, column] += _or_zero(due) - _or_zero(old_due)
        f["paid"][firms, column] += _or_zero(paid) - _or_zero(old_paid)
        f["due_answered"][firms, column] += np.where(paid != UNKNOWN, _or_zero(due), 0) - np.where(
            old_paid != UNKNOWN, _or_zero(old_due), 0
        )
        return fine

    def _requests(self, batch: Batch, at: Positions, firms: Rows) -> Changed:
        slots, _ = self.requests.slots(batch.keys[at], firms)
        old, new = self.requests.entries.take(slots), batch.rows.take(at)
        wins = _later(
            (new["order"], new["end"], new["a"], new["flag"]), (old["known"], old["until"], old["hours"], old["counts"])
        )
        slots, firms, old, new = slots[wins], firms[wins], old.compress(wins), new.compress(wins)
        f, r = self.firms, self.requests.entries
        f["employer"][firms] = 1
        rings.advance(f["unemployment_month"], new["start"], (f["hours_used"], f["hours_authorised"]), firms)
        known_before = old["known"] >= 0
        self._authorise(firms, old["month"], -(old["hours"] * (old["counts"] & known_before)))
        self._authorise(firms, new["start"], new["a"] * new["flag"])
        r["known"][slots], r["month"][slots], r["until"][slots] = new["order"], new["start"], new["end"]
        r["hours"][slots], r["counts"][slots] = new["a"], new["flag"]
        self._recount_used(slots, firms, new["flag"].astype(np.int64) - old["counts"])
        self._latest_end(self.requests, "request_until", firms)
        return wins

    def _authorise(self, firms: Rows, months: NDArray[np.int32], hours: NDArray[np.int64]) -> None:
        f = self.firms
        inside = rings.within(f["unemployment_month"][firms], months)
        f["hours_authorised"][firms[inside], months[inside] % MONTHS] += hours[inside]

    def _recount_used(self, slots: Rows, firms: Rows, sign: NDArray[np.int64]) -> None:
        """A request turned out to count for risk, or not to: add or take away the hours used under it."""
        changed = sign != 0
        slots, firms, sign = slots[changed], firms[changed], sign[changed]
        f, r = self.firms, self.requests.entries
        for back in range(MONTHS):
            month = r["used_month"][slots] - back
            inside = rings.within(f["unemployment_month"][firms], month)
            column = month[inside] % MONTHS
            f["hours_used"][firms[inside], column] += sign[inside] * r["used"][slots[inside], column]

    def _uses(self, batch: Batch, at: Positions, firms: Rows) -> Changed:
        fine = _not_ahead(batch, at)
        at, firms = at[fine], firms[fine]
        slots, _ = self.requests.slots(batch.keys[at], firms)
        f, r, row = self.firms, self.requests.entries, batch.rows.take(at)
        month = row["start"]
        f["employer"][firms] = 1
        rings.advance(r["used_month"], month, (r["used"],), slots)
        rings.advance(f["unemployment_month"], month, (f["hours_used"], f["hours_authorised"]), firms)
        column = month % MONTHS
        gain = np.where(
            rings.within(r["used_month"][slots], month), np.maximum(row["a"] - r["used"][slots, column], 0), 0
        )
        r["used"][slots, column] += gain
        inside = rings.within(f["unemployment_month"][firms], month)
        f["hours_used"][firms[inside], column[inside]] += (gain * r["counts"][slots])[inside]
        return fine

    def _headcounts(self, batch: Batch, at: Positions, firms: Rows) -> Changed:
        before = self._sizes(firms)
        fine = _not_ahead(batch, at)
        self.firms["employer"][firms[fine]] = 1
        of_firm = fine & (batch.rows["flag"][at] == 1)
        of_site = fine & ~of_firm
        self._headcounts_of_firms(batch.rows.take(at[of_firm]), firms[of_firm])
        self._headcounts_of_sites(batch, at[of_site], firms[of_site])
        return before != self._sizes(firms)

    def _sizes(self, firms: Rows) -> NDArray[np.int64]:
        """All that shows of headcounts: hundredths of employees, or that there is none, or that it is no employer."""
        f = self.firms
        of_firm = f["heads_of_firm"][firms]
        shown = np.where(of_firm != UNKNOWN, of_firm, f["heads_of_sites"][firms])
        shown[f["heads_month"][firms] == NEVER] = UNKNOWN
        shown[f["employer"][firms] == 0] = UNKNOWN - 1
        return shown

    def _headcounts_of_sites(self, batch: Batch, at: Positions, firms: Rows) -> None:
        slots, _ = self.sites.slots(batch.keys[at], firms)
        row, old, f = batch.rows.take(at), self.sites.entries.take(slots), self.firms
        wins = _later((row["start"], row["a"]), (old["month"], old["heads"]))
        slots, firms, row, old = slots[wins], firms[wins], row.compress(wins), old.compress(wins)
        f["heads_of_sites"][firms] += row["a"] - old["heads"]
        f["heads_month"][firms] = np.maximum(f["heads_month"][firms], row["start"])
        self.sites.entries["month"][slots], self.sites.entries["heads"][slots] = row["start"], row["a"]

    def _headcounts_of_firms(self, row: NDArray[np.void], firms: Rows) -> None:
        """The firm's own figure is a site without number: one entry a firm, kept with the firm."""
        f = self.firms
        slots, _ = self.sites.slots(OWN_SITE ^ f["siren"][firms].astype(np.uint64), firms)
        old = self.sites.entries.take(slots)
        wins = _later((row["start"], row["a"]), (old["month"], old["heads"]))
        slots, firms, row = slots[wins], firms[wins], row.compress(wins)
        f["heads_of_firm"][firms] = row["a"]
        f["heads_month"][firms] = np.maximum(f["heads_month"][firms], row["start"])
        self.sites.entries["month"][slots], self.sites.entries["heads"][slots] = row["start"], row["a"]

    def _schedules(self, batch: Batch, at: Positions, firms: Rows) -> Changed:
        slots, _ = self.schedules.slots(batch.keys[at], firms)
        old, new = self.schedules.entries.take(slots), batch.rows.take(at)
        wins = _later((new["order"], new["end"], new["a"]), (old["known"], old["until"], old["amount"]))
        slots, firms, old, new = slots[wins], firms[wins], old.compress(wins), new.compress(wins)
        f, s = self.firms, self.schedules.entries
        f["employer"][firms] = 1
        s["known"][slots], s["until"][slots], s["amount"][slots] = new["order"], new["end"], new["a"]
        f["schedule_amount"][firms] += new["a"] - old["amount"]
        self._latest_end(self.schedules, "schedule_until", firms)
        return wins

    def _latest_end(self, ledger: Ledger, field: str, firms: Rows) -> None:
        """The last day covered by any entry of each firm that counts."""
        owners, slots = ledger.of_firms(firms)
        until = ledger.entries["until"][slots]
        if "counts" in (ledger.entries.dtype.names or ()):
            until = np.where(ledger.entries["counts"][slots] == 1, until, 0)
        latest = np.zeros(len(firms), np.int32)
        np.maximum.at(latest, owners, until)
        self.firms[field][firms] = latest

    def _commissions(self, batch: Batch, at: Positions, firms: Rows) -> Changed:
        self.firms["employer"][firms] = 1
        days = self.firms["commission_day"]
        days[firms] = np.maximum(days[firms], batch.rows["start"][at])
        return np.ones(len(at), bool)

    def _proceedings(self, batch: Batch, at: Positions, firms: Rows) -> Changed:
        opens = batch.rows["flag"][at] == 0
        at, firms = at[opens], firms[opens]
        f, row = self.firms, batch.rows.take(at)
        f["proceeding_day"][firms] = np.minimum(f["proceeding_day"][firms], row["start"])
        f["proceeding_action"][firms] = np.maximum(f["proceeding_action"][firms], row["a"])
        return opens

    def _reference(self, batch: Batch, at: Positions, firms: Rows) -> Changed:
        told = batch.references
        here = np.searchsorted(told.positions, at)
        for row, i in zip(firms.tolist(), here.tolist(), strict=True):
            name = told.names[i]
            if name:  # an empty one says nothing, and a record keeps none
                self.names[row] = name
        departments, activities = told.departments[here], told.activities[here]
        self.firms["department"][firms[departments != b""]] = departments[departments != b""]
        known = activities != b""
        self.firms["activity"][firms[known]] = activities[known]
        self.firms["division"][firms[known]] = told.divisions[here][known]
        return known

    def _clock(self, _batch: Batch, at: Positions, _firms: Rows) -> Changed:
        """Time belongs to the chain, not to a firm."""
        return np.zeros(len(at), bool)


OWN_SITE = np.uint64(0xF1E2D3C4_00000000)

_APPLY: dict[int, Callable[[Panel, Batch, Positions, Rows], Changed]] = {
    Type.PAYMENT_DELAY: Panel._payment_delays,
    Type.CONTRIBUTION: Panel._contributions,
    Type.PAYMENT_SCHEDULE: Panel._schedules,
    Type.DEBT_COMMISSION: Panel._commissions,
    Type.REQUEST: Panel._requests,
    Type.USE: Panel._uses,
    Type.HEADCOUNT: Panel._headcounts,
    Type.PROCEEDING: Panel._proceedings,
    Type.FIRM: Panel._reference,
    Type.CLOCK: Panel._clock,
}


def heads(of_firm: NDArray[np.int64], of_sites: NDArray[np.int64], month: NDArray[np.int32]) -> NDArray[np.float64]:
    """Employees from hundredths; nan where no headcount was ever known."""
    known = np.where(of_firm != UNKNOWN, of_firm, of_sites) / 100.0
    return np.where(month == NEVER, np.nan, known)


def _later(new: Sequence[NDArray[Any]], old: Sequence[NDArray[Any]]) -> NDArray[np.bool_]:
    """Where the new tuple is greater than the old one, compared from the first column on."""
    *before, (a, b) = zip(new, old, strict=True)
    greater: NDArray[np.bool_] = a > b
    for a, b in reversed(before):
        greater = (a > b) | (a == b) & greater
    return greater


def _not_ahead(batch: Batch, at: Positions) -> NDArray[np.bool_]:
    """Not the values for months after the one in which they were known: they would push real months out."""
    return batch.rows["start"][at] <= months_of(batch.rows["known"][at])


def _or_zero(amount: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(amount == UNKNOWN, 0, amount)
