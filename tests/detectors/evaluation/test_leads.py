"""Two firms that failed, one that did not, month by month."""

from datetime import date

import numpy as np
import pytest

from detectors.evaluation.firm_months import month_ends
from detectors.evaluation.leads import MONTH_DAYS, ahead, failing, lead
from detectors.panel import NO_DAY

JANUARY = 2018 * 12
HORIZON = 12
FAILED = date(2019, 1, 15).toordinal()
"""Firm 1 and firm 2 failed on that day, firm 3 did not."""

SIRENS = np.repeat(np.array([1, 2, 3], np.uint32), 24)
MONTHS = np.tile(np.arange(JANUARY - 11, JANUARY + 13, dtype=np.int32), 3)
OPENED = np.where(SIRENS < 3, FAILED, NO_DAY).astype(np.int32)
AHEAD = ahead(month_ends(MONTHS), OPENED, HORIZON)


def called(*cells: tuple[int, int]) -> np.ndarray:
    """Rows of a firm and a month after December 2017."""
    return np.isin(SIRENS.astype(np.int64) * 10**6 + MONTHS, [firm * 10**6 + JANUARY + month for firm, month in cells])


def test_months_ahead_are_those_within_the_horizon() -> None:
    firm = AHEAD[SIRENS == 1]
    # The horizon of January 2018 ends with January 2019; that of December 2017 ends before the day.
    assert np.isnan(firm).tolist() == [True] * 11 + [False] * 12 + [True]
    assert firm[11] == pytest.approx((FAILED - date(2018, 1, 31).toordinal()) / MONTH_DAYS)
    assert firm[22] == pytest.approx(15 / MONTH_DAYS)
    assert np.isnan(AHEAD[SIRENS == 3]).all()


def test_the_first_call_within_the_horizon_counts() -> None:
    firms = failing(SIRENS, AHEAD, HORIZON)
    assert firms.sirens.tolist() == [1, 2]
    found = lead(firms, SIRENS, AHEAD, called((1, 5), (1, 9), (2, -5), (3, 3)))
    assert (found.firms, found.called, found.share_called) == (2, 1, 0.5)
    assert found.median_months == pytest.approx((FAILED - date(2018, 6, 30).toordinal()) / MONTH_DAYS)
    assert (found.share_6_months, found.share_12_months) == (0.5, None)
    assert sum(found.by_month) == 1
    assert found.by_month[6] == 1


def test_a_firm_that_was_not_scored_so_early_is_not_missed() -> None:
    rows = (SIRENS == 1) | (MONTHS > JANUARY + 8)
    firms = failing(SIRENS[rows], AHEAD[rows], HORIZON)
    found = lead(firms, SIRENS[rows], AHEAD[rows], called((1, 1), (2, 10))[rows])
    assert found.share_6_months == 1.0
    assert found.share_called == 1.0


def test_nobody_failed() -> None:
    firms = failing(SIRENS, np.full(len(SIRENS), np.nan), HORIZON)
    found = lead(firms, SIRENS, AHEAD, called((1, 5)))
    assert (found.firms, found.called, found.median_months, found.share_called) == (0, 0, None, None)
    assert found.by_month == (0,) * (HORIZON + 1)
