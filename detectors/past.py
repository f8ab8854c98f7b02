"""The last months of a firm, as its alert carries them: what its risk is looked at beside. All numbers whole."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from detectors.batch import ACTIONS, LAST_DAY
from detectors.rings import MONTHS, NEVER
from detectors.view import View

Series = list[int | None]
"""A value a month, the latest first; None is unknown. Empty: there was never anything."""

_STARTS = range(0, 7 * MONTHS, MONTHS)
_SCALARS = (
    "first_swept", "paid_month", "first_month", "unemployment_month", "schedule_until", "schedule_amount",
    "proceeding_action", "proceeding_day",
)  # fmt: skip


class Schedule(NamedTuple):
    """The payment schedules granted: the last day that any covers, their amount together."""

    until: int
    euros: int


class Past(NamedTuple):
    """One firm at the ends of its months, at most MONTHS; in the latest, `month`, as it stands."""

    month: int
    employee_debt: Series
    employer_debt: Series
    due: Series
    paid: Series
    hours_used: Series
    hours_authorised: Series
    headcount: Series
    schedule: Schedule | None
    proceeding: tuple[str, int] | None
    """The gravest collective procedure, and the day on which the first one opened."""


def pasts(view: View) -> list[Past]:
    """The past of each firm of a view, as it was on its day."""
    due, _, paid = view.contributions
    # One or two firms at a time are looked at, so that calls cost more than numbers: all series in one array.
    series = np.concatenate([*view.histories, due, paid, *view.hours])
    np.maximum(series, 0, out=series)
    series += 50
    series //= 100
    now = (view.employee_debt.tolist(), view.employer_debt.tolist(), view.headcount.tolist())
    scalars = (view.firms[name].tolist() for name in _SCALARS)
    return [_past(view.month, *of) for of in zip(series.T.tolist(), *now, *scalars, strict=True)]


def _past(
    month: int,
    series: list[int],
    employee_debt: float,
    employer_debt: float,
    heads: float,
    first_swept: int,
    paid_month: int,
    first_month: int,
    unemployment_month: int,
    schedule_until: int,
    schedule_amount: int,
    proceeding_action: int,
    proceeding_day: int,
) -> Past:
    employee, employer, staff, due, paid, used, authorised = (series[at : at + MONTHS] for at in _STARTS)
    known = _since(month, first_swept)
    # Behind the last month end, the firm as it stands.
    employee[0], employer[0] = int(employee_debt + 0.5), int(employer_debt + 0.5)
    staff[0] = int(heads + 0.5) if heads == heads else 0
    ahead = max(unemployment_month - month, 0)
    return Past(
        month,
        _some(employee[:known]),
        _some(employer[:known]),
        _late(due, month - paid_month, _since(month, first_month)),
        _late(paid, month - paid_month, _since(month, first_month)),
        _some(used[ahead:]),
        _some(authorised[ahead:]),
        _some([count or None for count in staff[:known]]),
        # One that is granted for days from then on is over later than any date can say.
        Schedule(min(schedule_until, LAST_DAY), max(schedule_amount + 50, 0) // 100) if schedule_until else None,
        (ACTIONS[proceeding_action], proceeding_day) if proceeding_action >= 0 else None,
    )


def _since(month: int, first: int) -> int:
    """How many months, the present one included, are not before a firm's first one; at most MONTHS."""
    return 1 if first == NEVER else min(max(month - first + 1, 1), MONTHS)


def _late(values: list[int], behind: int, known: int) -> Series:
    """A series that ends `behind` months before the present one, of which `known` months are not before its first."""
    return [*[None] * behind, *values[: known - behind]] if behind < known and any(values) else []


def _some(values: Sequence[int | None]) -> Series:
    return [*values] if any(values) else []
