"""The accounts' books, kept month by month: contributions, debts and their versions, schedules, commissions.

A month's entries follow from health up to that month alone. A contribution unpaid at its due date becomes a debt the
month after; each later month may bring a new version of it. Debts older than the first month written and still open
then are written once more in that month, so that the files begin with every open debt.
"""

from dataclasses import dataclass, field

import numpy as np

from streams.simulate import sectors
from streams.simulate.arrays import NEVER, Bools, Floats, Ints, Rows, numbers, sigmoid
from streams.simulate.lives import Lives
from streams.simulate.population import Accounts, Firms
from streams.simulate.world import Calendar

CONTRIBUTION = np.dtype([("account", "i8"), ("first", "i8"), ("end", "i8"), ("due", "i8"), ("paid", "i8")])
"""Months are indices, [first, end); cents; paid -1 is unknown."""

DEBT = np.dtype(
    [
        ("account", "i8"),
        ("first", "i8"),
        ("end", "i8"),
        ("sequence", "i8"),
        ("version", "i8"),
        ("treated", "i8"),
        ("employee", "i8"),
        ("employer", "i8"),
        ("release", "i8"),
        ("disputed", "?"),
        ("insolvent", "?"),
        ("late", "?"),
    ]
)
"""A version of a debt. `treated` is a day (ordinal); until the month `release` nobody pays (dispute, deferral)."""

SCHEDULE = np.dtype(
    [
        ("account", "i8"),
        ("case", "i8"),
        ("created", "i8"),
        ("months", "i8"),
        ("amount", "i8"),
        ("until", "i8"),
        ("broken", "?"),
    ]
)
"""A payment schedule. `created` is a day (ordinal), `amount` cents; `broken` is its state at extraction."""

COMMISSION = np.dtype([("account", "i8"), ("treated", "i8"), ("decision", "i8")])
"""A decision of the commission: 0 opened, 1 granted, 2 refused."""


@dataclass
class Books:
    """What the accounts' lives leave on paper, one structured array a kind, in order of writing."""

    contributions: Rows
    debts: Rows
    schedules: Rows
    commissions: Rows


@dataclass
class _State:
    """The books while they are kept."""

    rng: np.random.Generator
    accounts: Accounts
    lives: Lives
    calendar: Calendar
    due: Ints
    owed_to: Ints
    """Dues summed over the months before each index, months + 1 x accounts."""
    slack: Floats
    """How easily each firm forgets to pay."""
    exposure: Floats
    open: Rows
    count: Ints
    """Debts that each account has had."""
    until: Ints
    """Month in which each account's running schedule ends, 0 for none."""
    case: Ints
    """Number of that schedule."""
    commission: Ints
    """Month of each firm's last commission, NEVER for none."""
    cases: int = 0
    contributions: list[Rows] = field(default_factory=list)
    debts: list[Rows] = field(default_factory=list)
    schedules: list[Rows] = field(default_factory=list)
    commissions: list[Rows] = field(default_factory=list)
    broken: list[Ints] = field(default_factory=list)

    def day(self, t: int, low: int, high: int, count: int) -> Ints:
        """Days drawn in month t, from the day of the month `low` to `high`."""
        return self.calendar.day(t) + self.rng.integers(low - 1, high, count)

    def usual_due(self, t: int) -> Floats:
        """The mean monthly contribution of the 12 months before t, by account, in cents."""
        begin = max(0, t - 12)
        mean: Floats = (self.owed_to[t] - self.owed_to[begin]) / max(1, t - begin)
        return mean


def keep_books(
    rng: np.random.Generator, of: Firms, accounts: Accounts, lives: Lives, due: Ints, calendar: Calendar
) -> Books:
    """The books of all accounts over the whole calendar; nothing known before the first month written is kept."""
    state = _State(
        rng=rng,
        accounts=accounts,
        lives=lives,
        calendar=calendar,
        due=due,
        owed_to=np.vstack([np.zeros((1, len(accounts)), dtype=np.int64), np.cumsum(due, axis=0)]),
        slack=rng.gamma(1.0, 0.010, len(of)),
        exposure=sectors.column("exposure")[of.sector],
        open=np.empty(0, dtype=DEBT),
        count=np.zeros(len(accounts), dtype=np.int64),
        until=np.zeros(len(accounts), dtype=np.int64),
        case=np.zeros(len(accounts), dtype=np.int64),
        commission=np.full(len(of), NEVER),
    )
    incoming = np.empty(0, dtype=DEBT)
    for t in range(calendar.length):
        _grant_schedules(state, t)
        _hold_commissions(state, t)
        _settle(state, t)
        _record(state, t, incoming)
        incoming = _close_periods(state, t)
        _record(state, t, _controls(state, t))
    return Books(
        contributions=_joined(state.contributions, CONTRIBUTION),
        debts=_joined(state.debts, DEBT),
        schedules=_with_outcomes(_joined(state.schedules, SCHEDULE), state.broken),
        commissions=_joined(state.commissions, COMMISSION),
    )


def _joined(parts: list[Rows], dtype: np.dtype[np.void]) -> Rows:
    return np.concatenate(parts) if parts else np.empty(0, dtype=dtype)


def _with_outcomes(schedules: Rows, broken: list[Ints]) -> Rows:
    """Writes the state at extraction on each schedule, whenever it was granted: the trap of the real files."""
    if broken:
        schedules["broken"] = np.isin(schedules["case"], np.concatenate(broken))
    return schedules


def _close_periods(state: _State, t: int) -> Rows:
    """Periods ending with month t: writes the contributions, gives back the debts they leave for the month after."""
    step, month = state.accounts.period_months, state.calendar.first + t
    closing = np.flatnonzero((month + 1) % step == 0)
    begin = t + 1 - step[closing]
    due = state.owed_to[t + 1, closing] - state.owed_to[np.maximum(begin, 0), closing]
    closing, begin, due = (column[due > 0] for column in (closing, begin, due))
    employee, employer = _unpaid(state, t, closing, due)
    paid = due - employee - employer
    paid[state.rng.random(len(due)) < 0.015] = -1
    rows = np.empty(len(due), dtype=CONTRIBUTION)
    for name, column in zip(CONTRIBUTION.names or (), (closing, begin, t + 1, due, paid), strict=True):
        rows[name] = column
    state.contributions.append(rows[begin >= state.calendar.opens])
    return _new_debts(state, t + 1, closing, begin, employee, employer)


def _unpaid(state: _State, t: int, account: Ints, due: Ints) -> tuple[Ints, Ints]:
    """The employee and employer shares left unpaid, cents. Troubled firms pay the employees' share first."""
    rng, firm = state.rng, state.accounts.firm[account]
    strain = -state.lives.health[t, firm] + rng.normal(0, 0.3, len(account))
    forgets = rng.random(len(account)) < state.slack[firm]
    cannot = rng.random(len(account)) < 0.97 * sigmoid(1.9 * (strain - 2.3))
    liquidated = state.lives.liquidated[firm] <= t
    defers = _deferring(state, t, firm)
    part = np.where(rng.random(len(account)) < 0.5, 1.0, rng.uniform(0.15, 1.0, len(account)))
    part = np.where(forgets | defers, 1.0, part) * (forgets | cannot | defers | liquidated)
    with_employees = forgets | liquidated | (strain > 3.4) | (rng.random(len(account)) < 0.25)
    return (due * 0.26 * part * with_employees).astype(np.int64), (due * 0.74 * part).astype(np.int64)


def _deferring(state: _State, t: int, firm: Ints) -> Bools:
    """Who uses the deferral that a moratorium offers to everybody."""
    draw = state.rng.random(len(firm))
    if not state.calendar.during_moratorium(t):
        return np.zeros(len(firm), dtype=np.bool_)
    uses: Bools = draw < 0.12 + 0.45 * state.exposure[firm]
    return uses


def _new_debts(state: _State, t: int, account: Ints, begin: Ints, employee: Ints, employer: Ints) -> Rows:
    """The first versions, in month t, of the debts left by periods that ended just before it."""
    draw = state.rng.random((3, len(account)))
    day = state.rng.integers(8, 29, len(account))
    left = np.flatnonzero((employee + employer > 100) & (t < state.calendar.length))
    rows = np.zeros(len(left), dtype=DEBT)
    rows["account"], rows["first"], rows["end"] = account[left], begin[left], t
    rows["sequence"] = 100 + state.count[account[left]] % 7
    rows["version"] = 1
    rows["employee"], rows["employer"] = employee[left], employer[left]
    rows["disputed"] = draw[0, left] < 0.03
    rows["release"] = np.where(rows["disputed"], t + 6 + (draw[1, left] * 18).astype(np.int64), 0)
    if state.calendar.moratorium is not None and state.calendar.during_moratorium(t - 1):
        rows["release"] = state.calendar.moratorium[1] + 1 + (draw[2, left] * 8).astype(np.int64)
    if t < state.calendar.length:
        rows["treated"] = state.calendar.day(t) + day[left] - 1
    state.count[account[left]] += 1
    return rows


def _controls(state: _State, t: int) -> Rows:
    """Debts found by a control, for a period one to two and a half years back: known long after their period."""
    draw = state.rng.random((4, len(state.accounts)))
    back = t - 13 - (draw[1] * 17).astype(np.int64)
    found = (draw[0] < 0.0006) & (state.accounts.period_months == 1) & (back >= state.calendar.opens)
    account = np.flatnonzero(found & (state.lives.liquidated[state.accounts.firm] > t))
    base = state.due[back[account], account]
    account, base = account[base > 0], base[base > 0]
    rows = np.zeros(len(account), dtype=DEBT)
    rows["account"], rows["first"], rows["end"] = account, back[account], back[account] + 1
    rows["sequence"], rows["version"], rows["late"] = 600 + state.count[account] % 7, 1, True
    rows["employer"] = (base * (0.05 + 0.5 * draw[2, account])).astype(np.int64) + 100
    rows["treated"] = state.calendar.day(t) + (draw[3, account] * 28).astype(np.int64)
    state.count[account] += 1
    return rows


def _settle(state: _State, t: int) -> None:
    """What month t changes in the open debts: payments, cancelled disputes, corrections, write-offs."""
    debts, rng = state.open, state.rng
    account, draw = debts["account"], rng.random((4, len(debts)))
    day = state.day(t, 1, 28, len(debts))
    shift = rng.integers(40, 150, len(debts))
    firm = state.accounts.firm[account]
    health = state.lives.health[t, firm]
    _break_schedules(state, t)
    free = ~_frozen(state, t, debts, firm)
    planned = free & (state.until[account] > t)
    waiting = free & ~planned & (debts["release"] > t)
    ordinary = free & ~planned & ~waiting
    settles = 0.75 * sigmoid(1.5 * (health + 1.1)) * (0.5 if state.calendar.during_moratorium(t) else 1.0)
    full = ordinary & (draw[0] < settles)
    cancelled = free & debts["disputed"] & (debts["release"] == t) & (draw[1] < 0.6)
    partly = ordinary & ~full & (draw[1] < 0.10)
    corrected = ordinary & ~full & ~partly & (draw[1] > 0.97)
    instalment = planned & (draw[0] < 0.6)
    rest = np.ones(len(debts))
    rest[partly] = 1 - 0.1 - 0.5 * draw[2, partly]
    rest[corrected] = 0.85 + 0.3 * draw[2, corrected]
    rest[instalment] = 1 - 1 / np.maximum((state.until[account[instalment]] - t) * 0.6, 1)
    dropped = (state.lives.liquidated[firm] <= t - 12) & (draw[0] < 0.15)
    rest[full | cancelled | dropped] = 0
    changed = rest != 1
    late = changed & (draw[3] < 0.004)
    debts["version"] += changed
    for share in ("employee", "employer"):
        debts[share] = np.where(changed, (debts[share] * rest).astype(np.int64), debts[share])
    debts["disputed"] &= debts["release"] != t
    debts["treated"] = np.where(changed, day + late * shift, debts["treated"])
    debts["insolvent"] = state.lives.opening[firm] < t
    debts["late"] = late
    state.open = _written(state, t, debts, changed)


def _written(state: _State, t: int, debts: Rows, changed: Bools) -> Rows:
    """Writes the versions of month t; gives back the debts still open. The first month written states every one."""
    if t == state.calendar.opens:
        opening = debts[~changed]
        opening["treated"] = state.calendar.day(t)
        state.debts.append(opening)
    if t >= state.calendar.opens:
        state.debts.append(debts[changed & (debts["treated"] < state.calendar.extraction)])
    still: Rows = debts[debts["employee"] + debts["employer"] > 0]
    return still


def _record(state: _State, t: int, fresh: Rows) -> None:
    """Writes first versions and adds them to the open debts."""
    fresh["insolvent"] = state.lives.opening[state.accounts.firm[fresh["account"]]] < t
    if t >= state.calendar.opens:
        state.debts.append(fresh.copy())
    state.open = np.concatenate([state.open, fresh])


def _frozen(state: _State, t: int, debts: Rows, firm: Ints) -> Bools:
    """Debts that a proceeding stops: all in a liquidation, the earlier ones in another."""
    opening, liquidated = state.lives.opening[firm], state.lives.liquidated[firm]
    stopped: Bools = (liquidated <= t) | ((opening <= t) & (debts["end"] <= opening + 1))
    return stopped


def _outstanding(state: _State, t: int) -> Floats:
    """Cents that each account could be asked for now, in months of its usual contribution."""
    debts = state.open
    asked = (debts["release"] <= t) * (debts["employee"] + debts["employer"])
    total = np.bincount(debts["account"], weights=asked, minlength=len(state.accounts))
    months: Floats = total / (state.usual_due(t) + 10_000)
    return months


def _grant_schedules(state: _State, t: int) -> None:
    """Accounts behind by more than about a month may be granted a schedule, the more so after a moratorium."""
    draw, weighs = state.rng.random((2, len(state.accounts))), _outstanding(state, t)
    lengths = np.array([6, 12, 12, 18, 24, 24, 36])[(draw[1] * 7).astype(np.int64)]
    created = state.day(t, 1, 28, len(state.accounts))
    eager = state.calendar.moratorium is not None and 0 <= t - state.calendar.moratorium[1] < 12
    firm = state.accounts.firm
    able = (state.until <= t) & (state.lives.opening[firm] > t) & state.lives.employs[t][firm]
    account = np.flatnonzero(able & (weighs > 0.9) & (draw[0] < (0.25 if eager else 0.10)))
    rows = np.zeros(len(account), dtype=SCHEDULE)
    rows["account"], rows["case"] = account, numbers(len(account), state.cases)
    rows["created"], rows["months"], rows["until"] = created[account], lengths[account], t + lengths[account]
    rows["amount"] = (weighs * (state.usual_due(t) + 10_000))[account].astype(np.int64)
    state.until[account], state.case[account] = rows["until"], rows["case"]
    state.cases += len(account)
    if t >= state.calendar.opens:
        state.schedules.append(rows)


def _break_schedules(state: _State, t: int) -> None:
    """Ends the schedules of firms that can no longer keep them, and those that a proceeding stops."""
    draw, firm = state.rng.random(len(state.accounts)), state.accounts.firm
    fails = (state.lives.health[t, firm] < -3.2) & (draw < 0.2)
    broken = (state.until > t) & (fails | (state.lives.opening[firm] <= t))
    state.broken.append(state.case[broken])
    state.until[broken] = 0


def _hold_commissions(state: _State, t: int) -> None:
    """Firms behind by some three months may go to the commission, which decides two months later."""
    firm, weighs = state.accounts.firm, _outstanding(state, t)
    draw, day = state.rng.random((2, len(state.accounts))), state.day(t, 1, 28, len(state.accounts))
    seat = np.diff(firm, prepend=-1) > 0
    running = state.lives.opening[firm] > t
    opened = np.flatnonzero(seat & running & (weighs > 3) & (draw[0] < 0.05) & (state.commission[firm] == NEVER))
    decided = np.flatnonzero(seat & running & (state.commission[firm] == t - 2))
    state.commission[firm[opened]] = t
    rows = np.zeros(len(opened) + len(decided), dtype=COMMISSION)
    rows["account"] = np.concatenate([opened, decided])
    rows["treated"] = day[rows["account"]]
    rows["decision"][len(opened) :] = np.where(draw[1, decided] < 0.6, 1, 2)
    if t >= state.calendar.opens:
        state.commissions.append(rows)
