"""The edges of the horizon: (m, m + 18]."""

from datetime import date

import numpy as np
import pytest

from detectors.labels import Cohort, answer, joined
from detectors.panel import NO_DAY

COHORT = Cohort(
    2018 * 12, np.array([1], np.uint32), np.zeros((1, 2), np.uint8), np.zeros((1, 5), np.float32), np.zeros(1)
)


def answered(day: int, horizon: int = 18) -> bool:
    return bool(answer(COHORT, np.array([day], np.int32), horizon).labels[0])


@pytest.mark.parametrize(
    ("opened", "expected"),
    [
        (date(2018, 1, 31), False), (date(2018, 2, 1), True), (date(2018, 12, 31), True),
        (date(2019, 7, 31), True), (date(2019, 8, 1), False), (date(2017, 1, 1), False),
    ],
)  # fmt: skip
def test_an_answer_is_yes_within_the_horizon(opened: date, expected: bool) -> None:
    assert answered(opened.toordinal()) is expected


def test_a_firm_without_a_proceeding_is_a_no() -> None:
    assert not answered(int(NO_DAY))


def test_the_horizon_is_counted_in_months() -> None:
    assert answered(date(2018, 2, 28).toordinal(), horizon=1)
    assert not answered(date(2018, 3, 1).toordinal(), horizon=1)


def test_the_cohort_is_passed_on_as_it_was() -> None:
    examples = answer(COHORT, np.array([NO_DAY]), 18)
    assert examples.cohort is COHORT


def test_parts_of_a_cohort_join_in_their_order_and_are_cut_again() -> None:
    rng = np.random.default_rng(1)
    whole = Cohort(
        2018 * 12, np.arange(7, dtype=np.uint32), rng.integers(0, 256, (7, 3)).astype(np.uint8),
        rng.normal(size=(7, 5)).astype(np.float32), rng.normal(size=7),
    )  # fmt: skip
    again = joined([whole.rows(slice(0, 3)), whole.rows(np.zeros(7, bool)), whole.rows(np.arange(3, 7))])
    assert joined([whole]) is whole
    assert (again.month, len(again)) == (whole.month, 7)
    for name in ("sirens", "codes", "members", "logits"):
        assert getattr(again, name).dtype == getattr(whole, name).dtype
        assert getattr(again, name).tolist() == getattr(whole, name).tolist()
