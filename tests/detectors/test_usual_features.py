"""The network's features of one firm, by hand, at the end of a month that the chain has swept."""

from datetime import date

import numpy as np
import pytest

from detectors.batch import batch_of
from detectors.chain import Chain
from detectors.events import AnyEvent
from detectors.models import prior
from detectors.months import last_day
from detectors.usual_features import LAGS, NAMES, at_month_end
from tests.detectors.making import JANUARY, SIREN, clock, contribution, debt, headcount, on, request, schedule, use


def features(events: list[AnyEvent], month: int) -> dict[str, float]:
    """Of the only firm, after the end of a month."""
    chain = Chain(prior())
    found = []
    for outcome in chain.step(batch_of([*events, clock(on(month + 1, 1))])):
        if outcome.cohort is not None and outcome.cohort.month == month:
            rows = chain.panel.rows_of(outcome.cohort.sirens, make=False)
            days = np.full(len(rows), last_day(month).toordinal(), np.int32)
            found.append(at_month_end(chain.panel, rows, month, days))
    (matrix,) = found
    assert matrix.shape == (1, len(NAMES))
    return dict(zip(NAMES, matrix[0].tolist(), strict=True))


def test_a_firm_with_everything() -> None:
    events: list[AnyEvent] = []
    for month in range(JANUARY, JANUARY + 6):
        events += [contribution(month=month, paid=900.0), headcount(month=month, heads=20 if month > JANUARY else 40)]
    events += [debt(known_at=on(JANUARY + 1)), debt(known_at=on(JANUARY + 3), employee_share=50.0, employer_share=0.0)]
    events += [request(known_at=on(JANUARY + 4)), use(month=JANUARY + 4)]
    events += [schedule(known_at=on(JANUARY + 5))]
    events.sort(key=lambda event: event.known_at or date.min)
    found = features(events, JANUARY + 5)
    assert found["employee_debt"] == 1050.0
    assert [found[f"employee_debt_lag_{k}"] for k in LAGS] == [1050.0, 1050.0, 1000.0, 0.0, 0.0]
    assert [found[f"employer_debt_lag_{k}"] for k in LAGS] == [1000.0, 1000.0, 1000.0, 0.0, 0.0]
    assert found["debt_to_contribution"] == pytest.approx(2.05)
    assert found["debt_per_employee"] == pytest.approx(2050 / 20)
    assert found["debt_per_employee_change_3m"] == pytest.approx(50 / 20)
    assert found["unpaid_ratio"] == pytest.approx(0.1)
    assert found["hours_used_12m_per_employee"] == pytest.approx(5.0)
    assert found["hours_authorised_12m_per_employee"] == pytest.approx(50.0)
    assert found["request_running"] == 1.0
    assert found["headcount"] == 20.0
    assert found["headcount_change_3m"] == 0.0
    assert found["schedule_running"] == 1.0
    assert found["schedule_amount"] == 5000.0
    assert found["oldest_debt_months"] == 5.0


def test_a_debt_that_is_paid_is_no_oldest_one() -> None:
    events: list[AnyEvent] = [
        headcount(month=JANUARY),
        debt(known_at=on(JANUARY + 1)),
        debt(known_at=on(JANUARY + 3), sequence="102"),
        debt(known_at=on(JANUARY + 4), version=2, employee_share=0.0, employer_share=0.0,
             period_start=on(JANUARY, 1), period_end=on(JANUARY + 1, 1)),
    ]  # fmt: skip
    assert features(events, JANUARY + 5)["oldest_debt_months"] == 3.0


def test_a_firm_without_anything_has_numbers_too() -> None:
    found = features([headcount(SIREN, month=JANUARY, heads=12)], JANUARY + 1)
    assert np.isfinite(list(found.values())).all()
    assert {name for name, value in found.items() if value} == {"headcount"}
