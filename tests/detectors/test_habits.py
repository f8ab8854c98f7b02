"""Habits against a plain account of the month ends."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.habits import PEAK_FADES, USUAL_MEMORY, remember_habits
from detectors.panel import Panel
from detectors.rings import NEVER
from detectors.view import View
from tests.detectors.applying import applied
from tests.detectors.making import JANUARY, debt, headcount

MONTHLY = 24_000.0
"""What a firm of forty is guessed to contribute a month."""


@dataclass
class Account:
    """What there is to remember, month end after month end."""

    run: int = 0
    clean: int = 0
    months: int = 0
    episodes: int = 0
    usual: float = 0.0
    peak: float = 0.0

    def close(self, euros: float, first: bool) -> None:
        owing, owed = euros > 1.0, euros / MONTHLY
        self.episodes += owing and self.run == 0
        self.run, self.clean = (self.run + 1, 0) if owing else (0, self.clean + 1)
        self.months += owing
        self.usual = owed if first else self.usual + USUAL_MEMORY * (owed - self.usual)
        self.peak = max(self.peak, owed)


def close(panel: Panel, month: int) -> None:
    rows = np.arange(len(panel))
    remember_habits(panel, rows, View(panel, rows, month, np.zeros(len(rows), np.int32)))
    first = panel.firms["first_swept"]
    first[rows] = np.where(first[rows] == NEVER, month, first[rows])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.01, 24_000.0, 240_000.0]), min_size=1, max_size=20))
def test_habits_are_those_of_a_plain_account(amounts: list[float]) -> None:
    panel, account = applied([headcount()]), Account()
    for k, euros in enumerate(amounts):
        panel.firms["debt_employee"][0] = round(euros * 100)
        close(panel, JANUARY + k)
        account.close(euros, k == 0)
    f = panel.firms[0]
    assert (f["debt_run"], f["clean_run"], f["debt_months"], f["debt_episodes"]) == (
        account.run, account.clean, account.months, account.episodes,
    )  # fmt: skip
    assert f["debt_run"] == 0 or f["clean_run"] == 0
    assert (f["debt_usual"], f["debt_peak"]) == pytest.approx((account.usual, account.peak))


def test_the_peak_of_the_headcount_fades() -> None:
    panel = applied([headcount(heads=100)])
    close(panel, JANUARY)
    panel.firms["heads_of_sites"][0] = 5_000
    for k in range(1, 4):
        close(panel, JANUARY + k)
        assert panel.firms["heads_peak"][0] == pytest.approx(100 * PEAK_FADES**k)
    for k in range(4, 100):
        close(panel, JANUARY + k)
    assert panel.firms["heads_peak"][0] == 50.0


def test_an_unknown_headcount_leaves_the_peak_to_fade() -> None:
    panel = applied([debt()])
    close(panel, JANUARY)
    assert panel.firms["heads_peak"][0] == 0.0


def test_firms_are_remembered_apart() -> None:
    panel = applied([headcount("000000001"), headcount("000000002"), debt("000000002")])
    rows = np.array([1])
    before = panel.firms[:1].tobytes()
    remember_habits(panel, rows, View(panel, rows, JANUARY, np.zeros(1, np.int32)))
    assert panel.firms[:1].tobytes() == before
    assert panel.firms["debt_run"][:2].tolist() == [0, 1]
