"""What firms look like on a given day: the quantities that features, evidence and rules are made of.

Nothing here looks at a fact known after the day that the panel has reached.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import rings
from detectors.arrays import between, side_by_side
from detectors.once import once
from detectors.panel import FIRM, MONTH_ZERO, Panel, Rows, heads
from detectors.rings import MONTHS, NEVER

Column = NDArray[np.float64]

YEAR = 12
QUARTER = 3
DEBT_LAGS = (1, 2, 3, 6, 12)
"""Months ago with which the debt is compared, all at once: with few firms calls cost more than numbers."""
HEADCOUNT_LAGS = (1, 3, 6, 12)
FULL_TIME_MONTH = 151.67
"""Hours of one full-time employee in a month."""
CONTRIBUTION_PER_EMPLOYEE = 600.0
"""Euros a month, to measure a debt where no contribution was ever seen: about a third of a minimum wage's gross."""
CONTRIBUTION_FLOOR = 500.0
"""Euros a month below which a debt is not measured against the contribution: the ratio would say nothing."""


def pictures(panel: Panel, rows: Rows) -> NDArray[np.void]:
    """All that is known of firms, as it is now, shape of `rows`."""
    # Several times faster than an index: whole records are copied, not their fields one by one.
    return panel.firms.take(rows)


class View:
    """Firms at `rows` of a panel, in `month`, each on its day. Every property has shape (n,), or (months, n).

    Series stand month by month, the most recent first: what is said of all firms of a month lies side by side. Sums
    are of whole cents and hundredths of hours, so that they do not depend on how many firms are looked at together.
    """

    def __init__(self, panel: Panel, rows: Rows, month: int, days: NDArray[np.int32]) -> None:
        self._set(pictures(panel, rows), month, days)

    @classmethod
    def of(cls, firms: NDArray[np.void], month: int, days: NDArray[np.int32]) -> "View":
        """Firms as they stood when the pictures of them were taken."""
        view = cls.__new__(cls)
        view._set(firms, month, days)
        return view

    def _set(self, firms: NDArray[np.void], month: int, days: NDArray[np.int32]) -> None:
        self.firms = firms
        self.month = month
        self.days = days

    def __len__(self) -> int:
        return len(self.firms)

    def at(self, places: NDArray[np.intp]) -> "View":
        """The same of the firms at these places, in their order; what was worked out is not worked out again."""
        view = View.of(self.firms.take(places), self.month, self.days[places])
        for name, found in self.__dict__.items():
            if name not in view.__dict__:
                view.__dict__[name] = found.take(places, -1)
        return view

    @once
    def employee_debt(self) -> Column:
        """Outstanding employee shares, euros; credits do not hide debts of the other share."""
        return self._shares[0, 0] / 100.0

    @once
    def employer_debt(self) -> Column:
        """Outstanding employer shares, euros."""
        return self._shares[1, 0] / 100.0

    @once
    def debt(self) -> Column:
        """Outstanding social-security debt, euros."""
        return self.owed[0] / 100.0

    @once
    def balance(self) -> NDArray[np.int64]:
        """Both shares, cents, less what was paid too much of either."""
        return self.firms["debt_employee"] + self.firms["debt_employer"]

    @once
    def mean_debt_ages(self) -> Column:
        """Mean age, months, of what is outstanding and of the outstanding debts, shape (2, n); nan without any."""
        f = self.firms
        moments, of = np.array([f["debt_moment"], f["debts_moment"]]), np.array([self.balance, f["debts_open"]])
        return between(self.month - MONTH_ZERO - over(moments, of), 0.0, 600.0)

    @once
    def debt_age(self) -> Column:
        """Mean age of the outstanding debt weighted by amount, months; 0 without debt."""
        return np.where(self.balance > 0, self.mean_debt_ages[0], 0.0)

    @once
    def silences(self) -> Column:
        """Months since the newest period not paid in time and since the last one of which a contribution is known, at
        most 600, shape (2, n); nan where there was none.
        """
        latest = np.array([self.firms["debt_newest"], self.firms["paid_month"]])
        return np.where(latest == NEVER, np.nan, between(self.month - latest, 0, 600))

    @once
    def months_known(self) -> Column:
        """Month ends at which the firm was known, this month included."""
        first = self.firms["first_swept"]
        return np.where(first == NEVER, 1.0, self.month - first + 1.0)

    @once
    def years_known(self) -> Column:
        """The same in years, at least one: what counts are divided by."""
        return np.maximum(self.months_known / 12.0, 1.0)

    @once
    def _shares(self) -> NDArray[np.int64]:
        """Employee and employer shares owed, cents, shape (2, MONTHS, n), months as `owed`."""
        return np.maximum(self.histories[:2], 0)

    @once
    def owed(self) -> NDArray[np.int64]:
        """Debt, cents, shape (MONTHS, n): row 0 as it stands on the day, row k at the end of month - k."""
        return self._shares[0] + self._shares[1]

    @once
    def debt_steps(self) -> NDArray[np.int64]:
        """How the debt moved from each month end to the next, cents, shape (MONTHS - 1, n), the latest first."""
        return self.owed[:-1] - self.owed[1:]

    def employee_lag(self, k: int) -> Column:
        """Employee shares at the end of month - k (k > 0), euros; negative where more was paid than owed."""
        return self.histories[0, k] / 100.0

    def employer_lag(self, k: int) -> Column:
        """Employer shares at the end of month - k (k > 0), euros."""
        return self.histories[1, k] / 100.0

    def debt_lag(self, k: int) -> Column:
        """Debt at the end of month - k, euros; 0 where the firm was not known yet."""
        return self.owed[k] / 100.0

    def debt_change(self, k: int) -> Column:
        """Change of the debt since the end of month - k, in contributions of a month; 0 where that month is unknown.

        Debts that stood when the data began are not growth: a firm's history starts at its first month end. `k` is one
        of DEBT_LAGS.
        """
        return self._debt_changes[DEBT_LAGS.index(k)]

    @once
    def _debt_changes(self) -> Column:
        """By lag, shape (lags, n)."""
        growth = self.owed[0] - self.owed.take(_DEBT_LAGS, 0)
        return np.where(self.months_known > _DEBT_LAGS[:, None], growth, 0) / self.cents_scale

    @once
    def cents_scale(self) -> Column:
        """What debts in cents are measured against, cents a month."""
        return 100.0 * self.contribution_scale

    @once
    def debt_months(self) -> Column:
        """Debt in contributions of a month."""
        return self.debt / self.contribution_scale

    @once
    def _contributed(self) -> NDArray[np.int64]:
        """Sums of `contributions` over a year, a quarter and the nine months before it, shape (windows, series, n)."""
        year, quarter = (np.add.reduce(self.contributions[:, :months], axis=1) for months in (YEAR, QUARTER))
        return np.array([year, quarter, year - quarter])

    @once
    def mean_contributions(self) -> Column:
        """Mean contribution due a month over the last year and the last quarter of known months, euros, shape (2, n); 0
        where none is known.
        """
        due = self._contributed[:2, 0] / 100.0
        known = np.maximum(self.firms["paid_month"] - self.firms["first_month"] + 1, 1)
        return np.maximum(due, 0) / np.minimum(known, _MEANS)

    @once
    def known_contributions(self) -> Column:
        """The same, shape (2, n); nan where none is known."""
        return np.where(self.mean_contributions > 0, self.mean_contributions, np.nan)

    @once
    def monthly_contribution(self) -> Column:
        """Mean contribution due a month over the last twelve known months, euros; 0 where none is known."""
        return self.mean_contributions[0]

    @once
    def contribution_scale(self) -> Column:
        """What debts are measured against, euros a month: the contribution, else a guess from the headcount."""
        guess = CONTRIBUTION_PER_EMPLOYEE * self._likely_headcount
        scale = np.where(self.monthly_contribution > 0, self.monthly_contribution, guess)
        return np.maximum(scale, CONTRIBUTION_FLOOR)

    @once
    def unpaid_shares(self) -> Column:
        """Unpaid shares of what was due over a year, a quarter and the nine months before that, shape (3, n); nan where
        none was known.
        """
        return _unpaid(self._contributed[:, 1], self._contributed[:, 2])

    def unpaid_over(self, back: int, months: int) -> Column:
        """Unpaid share of what was due over so many known months, `back` months earlier; nan where none was known."""
        return _unpaid(*np.add.reduce(self.contributions[1:, back : back + months], axis=1))

    def hours_used(self, months: int, back: int = 0) -> Column:
        """Hours of partial unemployment used in so many months, the last of them `back` months ago."""
        return np.add.reduce(self.hours[0, back : back + months]) / 100.0

    def hours_authorised(self, months: int, back: int = 0) -> Column:
        """Hours of partial unemployment authorised, by the month in which the authorisation was known."""
        return np.add.reduce(self.hours[1, back : back + months]) / 100.0

    def hours_lag(self, k: int) -> Column:
        """Hours of partial unemployment used in the month k before the last one in which any were known."""
        last = self.firms["unemployment_month"]
        return self.firms["hours_used"][np.arange(len(self)), (last - k) % MONTHS] / 100.0

    @once
    def times_off(self) -> Column:
        """Hours per employee, in months of full-time work, shape (2, 2, n): by window (a year, a quarter), and whether
        used or authorised.
        """
        hours = np.array([np.add.reduce(self.hours[:, :months], axis=1) for months in (YEAR, QUARTER)]) / 100.0
        return np.maximum(hours, 0) / FULL_TIME_MONTH / self.staff

    @once
    def request_running(self) -> Column:
        """1 where a request that counts covers the day."""
        return (self.firms["request_until"] >= self.days).astype(np.float64)

    @once
    def headcount(self) -> Column:
        """Employees; nan is unknown."""
        f = self.firms
        return heads(f["heads_of_firm"], f["heads_of_sites"], f["heads_month"])

    @once
    def _likely_headcount(self) -> Column:
        """Employees, ten where unknown: the floor of the perimeter."""
        return np.where(np.isnan(self.headcount), 10.0, self.headcount)

    @once
    def staff(self) -> Column:
        """Employees to divide by: at least one, ten where unknown."""
        return np.maximum(self._likely_headcount, 1.0)

    def headcount_change(self, k: int) -> Column:
        """Relative change of the headcount since the end of month - k, in [-1, 1]; nan where unknown.

        `k` is one of HEADCOUNT_LAGS.
        """
        return self._headcount_changes[HEADCOUNT_LAGS.index(k)]

    @once
    def _headcount_changes(self) -> Column:
        """By lag, shape (lags, n)."""
        before = self.histories[2].take(_HEADCOUNT_LAGS, 0) / 100.0
        return between(over(self.headcount, before) - 1.0, -1.0, 1.0)

    def headcount_lag(self, k: int) -> Column:
        """Employees at the end of month - k (k > 0); 0 where unknown."""
        return self.histories[2, k] / 100.0

    @once
    def schedule_running(self) -> Column:
        """1 where a granted payment schedule covers the day."""
        return (self.firms["schedule_until"] >= self.days).astype(np.float64)

    @once
    def schedule_amount(self) -> Column:
        """Amount of all schedules granted, euros, while one runs; else 0."""
        return self.schedule_running * np.maximum(self.firms["schedule_amount"], 0) / 100.0

    @once
    def months_since(self) -> Column:
        """Months since the end of the last schedule, 0 while one runs, and since the last decision of the commission,
        shape (2, n); nan where there was none.
        """
        day = np.array([self.firms["schedule_until"], self.firms["commission_day"]])
        return np.where(day > 0, np.maximum(self.days - day, 0) / 30.44, np.nan)

    @once
    def debt_growth(self) -> Column:
        """Growth of the debt over three months, in mean monthly contributions of the last twelve months."""
        return self.debt_change(3)

    @once
    def expert_rule(self) -> NDArray[np.bool_]:
        """The network's rule: the debt grew over three months by more than 20 % of a mean monthly contribution."""
        return self.debt_growth > 0.2

    @once
    def in_proceeding(self) -> NDArray[np.bool_]:
        """Whether a collective procedure was ever opened."""
        return self.firms["proceeding_action"] >= 0

    @once
    def contributions(self) -> NDArray[np.int64]:
        """What was due, what was due of which a payment is known, and what was paid: cents, from the last known month
        back, shape (3, MONTHS, n).
        """
        return rings.ordered(self.firms["paid_month"], self._rings["contributions"])

    @once
    def histories(self) -> NDArray[np.int64]:
        """Employee and employer debts in cents, hundredths of employees, shape (3, MONTHS, n): row 0 of the debts as
        they stand on the day; that of the employees is not there before the month ends.
        """
        found = rings.ordered(self.firms["swept"], self._rings["histories"], self.month)
        found[0, 0], found[1, 0] = self.firms["debt_employee"], self.firms["debt_employer"]
        return found

    @once
    def hours(self) -> NDArray[np.int64]:
        """Hours used and authorised, hundredths, shape (2, MONTHS, n); from a later month back where one is known
        already.
        """
        latest = self.firms["unemployment_month"]
        return rings.ordered(latest, self._rings["hours"], np.maximum(latest, self.month))

    @property
    def _rings(self) -> NDArray[np.void]:
        return self.firms.view(_RINGS)


_DEBT_LAGS, _HEADCOUNT_LAGS = np.array(DEBT_LAGS), np.array(HEADCOUNT_LAGS)


_MEANS = np.array([[YEAR], [QUARTER]], np.int32)
_RINGS = side_by_side(
    FIRM,
    contributions=("due", "due_answered", "paid"),
    histories=("employee_history", "employer_history", "heads_history"),
    hours=("hours_used", "hours_authorised"),
)
"""Firms' series, those of one clock together: shape (series, MONTHS)."""


def over(part: NDArray[Any], whole: NDArray[Any]) -> Column:
    """Part over whole; nan where the whole is not above 0."""
    return part / np.where(whole > 0, whole, np.nan)


def _unpaid(due: NDArray[np.int64], paid: NDArray[np.int64]) -> Column:
    return between(1.0 - over(paid, due), 0.0, 1.0)


def how_many(there: NDArray[np.bool_]) -> Column:
    """In how many rows of (months, n) each column is true."""
    return np.add.reduce(there, dtype=np.uint8).astype(np.float64)


__all__ = ["MONTHS", "NEVER", "Column", "View", "how_many", "over", "pictures"]
