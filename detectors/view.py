"""What firms look like on a given day: the quantities that features, evidence and rules are made of.

Nothing here looks at a fact known after the day that the panel has reached.
"""

import numpy as np
from numpy.typing import NDArray

from detectors import rings
from detectors.arrays import between
from detectors.once import once
from detectors.panel import MONTH_ZERO, Panel, Rows, heads
from detectors.rings import MONTHS, NEVER

Column = NDArray[np.float64]

YEAR = 12
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
        self._until = np.full(len(firms), month, np.int32)

    def __len__(self) -> int:
        return len(self.firms)

    def among(self, inside: NDArray[np.bool_]) -> "View":
        """The same of some of the firms."""
        return View.of(self.firms.compress(inside), self.month, self.days[inside])

    def at(self, places: NDArray[np.intp]) -> "View":
        """The same of the firms at these places, in their order; what was worked out is not worked out again."""
        view = View.of(self.firms.take(places), self.month, self.days[places])
        for name, found in self.__dict__.items():
            if name not in view.__dict__:
                of_series = isinstance(found, list)
                view.__dict__[name] = [x.take(places, -1) for x in found] if of_series else found.take(places, -1)
        return view

    @once
    def employee_debt(self) -> Column:
        """Outstanding employee shares, euros; credits do not hide debts of the other share."""
        return np.maximum(self.firms["debt_employee"], 0) / 100.0

    @once
    def employer_debt(self) -> Column:
        """Outstanding employer shares, euros."""
        return np.maximum(self.firms["debt_employer"], 0) / 100.0

    @once
    def debt(self) -> Column:
        """Outstanding social-security debt, euros."""
        return (np.maximum(self.firms["debt_employee"], 0) + np.maximum(self.firms["debt_employer"], 0)) / 100.0

    @once
    def debt_age(self) -> Column:
        """Mean age of the outstanding debt weighted by amount, months; 0 without debt."""
        total = self.firms["debt_employee"] + self.firms["debt_employer"]
        mean = self.firms["debt_moment"] / np.where(total > 0, total, 1)
        return np.where(total > 0, between(self.month - MONTH_ZERO - mean, 0, 600), 0.0)

    @once
    def open_debts(self) -> Column:
        """Debts of which something is outstanding."""
        return self.firms["debts_open"].astype(np.float64)

    @once
    def mean_debt_age(self) -> Column:
        """Mean age of the outstanding debts, each counted alike, months; nan without debt."""
        number = self.firms["debts_open"]
        mean = self.firms["debts_moment"] / np.where(number > 0, number, 1)
        return np.where(number > 0, between(self.month - MONTH_ZERO - mean, 0, 600), np.nan)

    @once
    def disputed_share(self) -> Column:
        """Part of the debt that is disputed, in [0, 1]; nan without debt."""
        total = (self.firms["debt_employee"] + self.firms["debt_employer"]).astype(np.float64)
        owing = total > 0
        return np.where(owing, between(self.firms["debt_disputed"] / np.where(owing, total, 1.0), 0.0, 1.0), np.nan)

    @once
    def employee_part(self) -> Column:
        """Employee share of the debt, in [0, 1]; nan without debt."""
        return np.where(self.debt > 1.0, self.employee_debt / np.maximum(self.debt, 1.0), np.nan)

    @once
    def months_since_debt(self) -> Column:
        """Months since the newest period that was not paid in time, at most 600; nan where there was none."""
        newest = self.firms["debt_newest"]
        return np.where(newest == NEVER, np.nan, between(self.month - newest, 0, 600).astype(np.float64))

    @once
    def months_known(self) -> Column:
        """Month ends at which the firm was known, this month included."""
        first = self.firms["first_swept"]
        return np.where(first == NEVER, 1.0, self.month - first + 1.0)

    @once
    def owed(self) -> NDArray[np.int64]:
        """Debt, cents, shape (MONTHS, n): row 0 as it stands on the day, row k at the end of month - k."""
        employee, employer, _ = self.histories
        owed = np.maximum(employee, 0) + np.maximum(employer, 0)
        owed[0] = np.maximum(self.firms["debt_employee"], 0) + np.maximum(self.firms["debt_employer"], 0)
        return owed

    @once
    def debt_steps(self) -> NDArray[np.int64]:
        """How the debt moved from each month end to the next, cents, shape (MONTHS - 1, n), the latest first."""
        return self.owed[:-1] - self.owed[1:]

    def employee_lag(self, k: int) -> Column:
        """Employee shares at the end of month - k (k > 0), euros; negative where more was paid than owed."""
        return self.histories[0][k] / 100.0

    def employer_lag(self, k: int) -> Column:
        """Employer shares at the end of month - k (k > 0), euros."""
        return self.histories[1][k] / 100.0

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
        known = self.month - self._first_known >= _DEBT_LAGS
        return np.where(known, self.owed[0] - self.owed[DEBT_LAGS, :], 0) / self.cents_scale

    @once
    def _first_known(self) -> NDArray[np.int32]:
        """The first month at whose end the firm was known; one that never comes where there was none."""
        first = self.firms["first_swept"]
        return np.where(first == NEVER, -NEVER, first)

    @once
    def cents_scale(self) -> Column:
        """What debts in cents are measured against, cents a month."""
        return 100.0 * self.contribution_scale

    @once
    def debt_months(self) -> Column:
        """Debt in contributions of a month."""
        return self.debt / self.contribution_scale

    @once
    def months_in_debt(self) -> Column:
        """Month ends with debt among the last twelve."""
        employee, employer, _ = self.histories
        return how_many(employee[1:] + employer[1:] > 100)

    @once
    def monthly_contribution(self) -> Column:
        """Mean contribution due a month over the last twelve known months, euros; 0 where none is known."""
        due = np.add.reduce(self.contributions[0][:YEAR]) / 100.0
        seen = between(self.firms["paid_month"] - self.firms["first_month"] + 1, 1, YEAR)
        return np.maximum(due, 0) / seen

    @once
    def recent_contribution(self) -> Column:
        """Mean contribution due a month over the last three known months, euros."""
        seen = between(self.firms["paid_month"] - self.firms["first_month"] + 1, 1, 3)
        return np.maximum(np.add.reduce(self.contributions[0][:3]) / 100.0, 0) / seen

    @once
    def contribution_scale(self) -> Column:
        """What debts are measured against, euros a month: the contribution, else a guess from the headcount."""
        guess = CONTRIBUTION_PER_EMPLOYEE * np.where(np.isnan(self.headcount), 10.0, self.headcount)
        scale = np.where(self.monthly_contribution > 0, self.monthly_contribution, guess)
        return np.maximum(scale, CONTRIBUTION_FLOOR)

    def unpaid_over(self, back: int, months: int) -> Column:
        """Unpaid share of what was due over so many known months, `back` months earlier; nan where none was known."""
        _, answered, paid_for = self.contributions
        window = slice(back, back + months)
        due, paid = np.add.reduce(answered[window]), np.add.reduce(paid_for[window])
        return np.where(due > 0, between(1.0 - paid / np.where(due > 0, due, 1), 0.0, 1.0), np.nan)

    @once
    def unpaid_quarter(self) -> Column:
        """Unpaid share of what was due over three months; nan where none was known."""
        return self.unpaid_over(0, 3)

    def hours_used(self, months: int, back: int = 0) -> Column:
        """Hours of partial unemployment used in so many months, the last of them `back` months ago."""
        return np.add.reduce(self.hours[0][back : back + months]) / 100.0

    def hours_authorised(self, months: int, back: int = 0) -> Column:
        """Hours of partial unemployment authorised, by the month in which the authorisation was known."""
        return np.add.reduce(self.hours[1][back : back + months]) / 100.0

    def hours_lag(self, k: int) -> Column:
        """Hours of partial unemployment used in the month k before the last one in which any were known."""
        last = self.firms["unemployment_month"]
        return self.firms["hours_used"][np.arange(len(self)), (last - k) % MONTHS] / 100.0

    @once
    def months_with_hours(self) -> Column:
        """Months of the last twelve in which partial unemployment was used."""
        return how_many(self.hours[0][:YEAR] > 0)

    def time_off(self, hours: Column) -> Column:
        """Hours per employee, in months of full-time work."""
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
    def staff(self) -> Column:
        """Employees to divide by: at least one, ten where unknown (the floor of the perimeter)."""
        return np.maximum(np.where(np.isnan(self.headcount), 10.0, self.headcount), 1.0)

    def headcount_change(self, k: int) -> Column:
        """Relative change of the headcount since the end of month - k, in [-1, 1]; nan where unknown.

        `k` is one of HEADCOUNT_LAGS.
        """
        return self._headcount_changes[HEADCOUNT_LAGS.index(k)]

    @once
    def _headcount_changes(self) -> Column:
        """By lag, shape (lags, n)."""
        before = self.histories[2][HEADCOUNT_LAGS, :] / 100.0
        return between(self.headcount / np.where(before > 0, before, np.nan) - 1.0, -1.0, 1.0)

    def headcount_lag(self, k: int) -> Column:
        """Employees at the end of month - k (k > 0); 0 where unknown."""
        return self.histories[2][k] / 100.0

    @once
    def schedule_running(self) -> Column:
        """1 where a granted payment schedule covers the day."""
        return (self.firms["schedule_until"] >= self.days).astype(np.float64)

    @once
    def schedule_amount(self) -> Column:
        """Amount of all schedules granted, euros, while one runs; else 0."""
        return self.schedule_running * np.maximum(self.firms["schedule_amount"], 0) / 100.0

    @once
    def commission_age(self) -> Column:
        """Months since the last decision of the commission of the financial services; nan where there was none."""
        day = self.firms["commission_day"]
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
    def contributions(self) -> list[NDArray[np.int64]]:
        """What was due, what was due of which a payment is known, and what was paid: cents, from the last known month
        back.
        """
        f = self.firms
        return rings.ordered(f["paid_month"], (f["due"], f["due_answered"], f["paid"]))

    @once
    def histories(self) -> list[NDArray[np.int64]]:
        """Employee and employer debts in cents, hundredths of employees; row 0 is not there before the month ends."""
        f = self.firms
        series = (f["employee_history"], f["employer_history"], f["heads_history"])
        return rings.ordered(f["swept"], series, self._until)

    @once
    def hours(self) -> list[NDArray[np.int64]]:
        """Hours used and authorised, hundredths; from a later month back where one is known already."""
        f = self.firms
        latest = f["unemployment_month"]
        return rings.ordered(latest, (f["hours_used"], f["hours_authorised"]), np.maximum(self._until, latest))


_DEBT_LAGS = np.array(DEBT_LAGS, np.int32)[:, None]


def how_many(there: NDArray[np.bool_]) -> Column:
    """In how many rows of (months, n) each column is true."""
    return np.add.reduce(there, dtype=np.uint8).astype(np.float64)


__all__ = ["MONTHS", "NEVER", "Column", "View", "how_many", "pictures"]
