"""What firms look like: amounts in euros, histories by month, and unknown kept apart from nothing."""

import math
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pytest

from detectors import features
from detectors.chain import Chain
from detectors.events import AnyEvent, FirmEvent
from detectors.evidence import quantities
from detectors.features import codes, matrix
from detectors.months import first_day
from detectors.past import pasts
from detectors.view import View
from tests.detectors.applying import applied, view_of
from tests.detectors.making import (
    JANUARY,
    SIREN,
    clock,
    commission,
    contribution,
    debt,
    headcount,
    on,
    proceeding,
    request,
    schedule,
    use,
)
from tests.detectors.running import Run


def seen(events: Sequence[FirmEvent], month: int = JANUARY, day: int = 15) -> View:
    return view_of(applied(events), month, on(month, day).toordinal())


def lived(events: Sequence[AnyEvent]) -> View:
    """The firm as the chain has it, on the day that it has reached."""
    chain: Chain = Run().take_all(events).chain
    month = chain.swept + 1
    return view_of(chain.panel, month, chain.day, SIREN)


def owing(month: int, euros: float) -> FirmEvent:
    """From now on this much is owed, in one share."""
    return debt(
        known_at=on(month, 10), version=month, employee_share=euros, employer_share=0.0, sequence="1",
        period_start=date(2017, 12, 1), period_end=date(2018, 1, 1),
    )  # fmt: skip


def period(last: int, months: int = 1) -> dict[str, Any]:
    """The period of so many months that ends with `last`."""
    return {"period_start": first_day(last + 1 - months), "period_end": first_day(last + 1)}


def test_credits_of_one_share_do_not_hide_debts_of_the_other() -> None:
    view = seen([debt(employee_share=-500.0, employer_share=300.25)])
    assert (view.employee_debt[0], view.employer_debt[0], view.debt[0]) == (0.0, 300.25, 300.25)


def test_age_is_the_mean_weighted_by_amount() -> None:
    """The age of a debt is counted from the last month of its period, whenever it was booked."""
    old = debt(sequence="1", employee_share=300.0, employer_share=0.0, **period(JANUARY - 10))
    new = debt(sequence="2", employee_share=0.0, employer_share=100.0, **period(JANUARY - 2, months=3))
    paid = debt(sequence="3", employee_share=0.0, employer_share=0.0, **period(JANUARY - 30))
    view = seen([old, new, paid])
    assert view.debt_age[0] == pytest.approx(8.0)
    assert features.mean_debt_age(view)[0] == pytest.approx(6.0)
    assert features.open_debts(view)[0] == 2.0
    assert seen([headcount()]).debt_age[0] == 0.0
    assert math.isnan(features.mean_debt_age(seen([headcount()]))[0])
    assert seen([debt(**period(JANUARY + 50))]).debt_age[0] == 0.0


def test_the_newest_period_that_was_not_paid_in_time_stays_known_when_it_is_paid() -> None:
    debts = [debt(**period(JANUARY - k)) for k in (9, 4)]
    paid = debt(version=2, employee_share=0.0, employer_share=0.0, **period(JANUARY - 4))
    assert features.months_since_debt(seen([*debts, paid]))[0] == 4.0
    assert math.isnan(features.months_since_debt(seen([headcount()]))[0])


def test_what_is_disputed_within_the_debt() -> None:
    told = [debt(sequence="1", disputed=True), debt(sequence="2", employee_share=5000.0)]
    assert features.disputed_part(seen(told))[0] == pytest.approx(2000.0 / 8000.0)
    settled = debt(sequence="1", version=2, disputed=False)
    assert features.disputed_part(seen([*told, settled]))[0] == 0.0
    assert math.isnan(features.disputed_part(seen([headcount()]))[0])


def test_the_employee_share_within_the_debt() -> None:
    assert features.employee_part(seen([debt(employee_share=900.0, employer_share=300.0)]))[0] == 0.75
    assert math.isnan(features.employee_part(seen([debt(employee_share=0.0, employer_share=0.0)]))[0])


def test_history_is_what_was_owed_at_the_month_ends() -> None:
    amounts = [100.0 * k for k in range(1, 16)]
    events = [owing(JANUARY + k, euros) for k, euros in enumerate(amounts)]
    view = lived([headcount(month=JANUARY - 1), *events])
    assert view.debt[0] == amounts[-1]
    assert [view.debt_lag(k)[0] for k in range(1, 13)] == amounts[-2:-14:-1]
    assert features.months_in_debt(view)[0] == 12
    # Forty employees are guessed at 600 euros each.
    assert view.contribution_scale[0] == 24_000.0
    assert view.owed[:, 0].tolist() == [100 * x for x in amounts[-1:-14:-1]]
    assert view.debt_steps[:, 0].tolist() == [10_000] * 12
    assert [view.debt_change(k)[0] for k in (1, 12)] == pytest.approx([100.0 / 24_000.0, 1_200.0 / 24_000.0])
    # The firm has been seen at the ends of fourteen months, and this one is the fifteenth.
    assert view.months_known[0] == 15.0


def test_debts_that_stood_when_the_data_began_are_not_growth() -> None:
    start = [headcount(month=JANUARY - 1), owing(JANUARY, 30_000.0)]
    assert lived([*start, clock(on(JANUARY + 2))]).debt_growth[0] == 0.0
    assert lived([*start, clock(on(JANUARY + 3))]).debt_growth[0] == 0.0
    grown = lived([*start, clock(on(JANUARY + 3)), owing(JANUARY + 3, 54_000.0)])
    # No contribution is known: forty employees are guessed at 600 euros each.
    assert grown.debt_growth[0] == pytest.approx(1.0)


@pytest.mark.parametrize(("euros", "expected"), [(3_999.0, False), (4_001.0, True)])
def test_the_expert_rule_is_a_fifth_of_a_mean_contribution_in_three_months(euros: float, expected: bool) -> None:
    paid = [contribution(month=JANUARY - k, due=20_000.0, known_at=on(JANUARY, 2)) for k in range(1, 13)]
    view = lived([headcount(month=JANUARY - 1), *paid, clock(on(JANUARY + 3)), owing(JANUARY + 3, euros)])
    assert view.monthly_contribution[0] == 20_000.0
    assert bool(view.expert_rule[0]) is expected


def test_a_mean_contribution_is_over_the_months_known() -> None:
    assert seen([contribution(due=900.0), contribution(month=JANUARY - 1, due=300.0)]).monthly_contribution[0] == 600.0
    assert seen([contribution(months=12, due=1200.0)]).monthly_contribution[0] == 1200.0
    year = [contribution(month=JANUARY - k, due=100.0 * k) for k in range(20)]
    assert seen(year).monthly_contribution[0] == pytest.approx(sum(100.0 * k for k in range(12)) / 12)
    assert seen(year).mean_contributions[1, 0] == pytest.approx(100.0)
    assert seen([headcount()]).monthly_contribution[0] == 0.0


def test_debts_are_measured_against_a_floor() -> None:
    assert seen([contribution(due=10.0)]).contribution_scale[0] == 500.0
    assert seen([debt()]).contribution_scale[0] == 6_000.0
    assert seen([headcount(heads=0)]).contribution_scale[0] == 500.0


def unpaid(events: Sequence[FirmEvent]) -> float:
    return float(seen(events).unpaid_over(0, 12)[0])


def test_the_unpaid_share_leaves_unknown_payments_out() -> None:
    told = [contribution(due=100.0, paid=25.0), contribution(month=JANUARY - 1, due=100.0, paid=None)]
    assert unpaid(told) == 0.75
    assert math.isnan(unpaid(told[1:]))
    assert unpaid([contribution(due=100.0, paid=-900.0)]) == 1.0
    assert unpaid([contribution(due=100.0, paid=900.0)]) == 0.0


def test_the_unpaid_share_of_a_window_further_back() -> None:
    view = seen([contribution(month=JANUARY - k, due=100.0, paid=100.0 - 10 * k) for k in range(10)])
    assert view.unpaid_over(0, 3)[0] == pytest.approx(0.1)
    assert view.unpaid_over(3, 3)[0] == pytest.approx(0.4)
    assert math.isnan(view.unpaid_over(11, 2)[0])


def test_hours_stand_by_month_however_long_ago_they_were() -> None:
    view = seen([use(month=JANUARY, hours=70.0), use(month=JANUARY - 3, hours=30.5)], month=JANUARY + 2)
    assert [view.hours_used(1, back)[0] for back in range(13)] == [0.0, 0.0, 70.0, 0.0, 0.0, 30.5, *[0.0] * 7]
    assert features.months_with_hours(view)[0] == 2
    assert not seen([use()], month=JANUARY + 13).hours_used(13).any()


@pytest.mark.parametrize(("day", "running"), [(14, 1.0), (15, 1.0), (16, 0.0)])
def test_requests_and_schedules_run_to_their_last_day(day: int, running: float) -> None:
    events: list[FirmEvent] = [request(end=on(JANUARY)), schedule(due_on=on(JANUARY))]
    view = seen(events, day=day)
    assert (view.request_running[0], view.schedule_running[0]) == (running, running)
    assert view.schedule_amount[0] == running * 5000.0


def test_an_unknown_headcount_is_not_zero() -> None:
    assert math.isnan(seen([debt()]).headcount[0])
    assert seen([headcount(heads=0)]).headcount[0] == 0.0
    assert [seen(e).staff[0] for e in ([debt()], [headcount(heads=0)], [headcount(heads=25)])] == [10.0, 1.0, 25.0]


def test_the_change_of_headcount_is_relative_and_unknown_is_none() -> None:
    start: list[AnyEvent] = [headcount(month=JANUARY - 1, heads=40), clock(on(JANUARY + 3, 2))]
    view = lived([*start, headcount(month=JANUARY + 2, known_at=on(JANUARY + 3, 3), heads=30)])
    assert view.headcount_change(3)[0] == pytest.approx(-0.25)
    assert math.isnan(view.headcount_change(12)[0])
    doubled = lived([*start, headcount(month=JANUARY + 2, known_at=on(JANUARY + 3, 3), heads=400)])
    assert doubled.headcount_change(3)[0] == 1.0


def test_the_age_of_a_commission() -> None:
    assert math.isnan(features.months_since_commission(seen([headcount()]))[0])
    assert features.months_since_commission(seen([commission()]))[0] == 0.0
    assert features.months_since_commission(seen([commission()], month=JANUARY + 12))[0] == pytest.approx(
        12.0, abs=0.05
    )


def test_a_proceeding_once_opened_is_never_forgotten() -> None:
    assert seen([proceeding()], month=JANUARY + 100).in_proceeding[0]
    assert not seen([headcount()]).in_proceeding[0]


def test_every_firm_is_seen_on_its_own_day() -> None:
    panel = applied([schedule("000000001", due_on=on(JANUARY)), schedule("000000002", due_on=on(JANUARY))])
    days = np.array([on(JANUARY).toordinal(), on(JANUARY, 16).toordinal()], np.int32)
    assert View(panel, np.array([0, 1]), JANUARY, days).schedule_running.tolist() == [1.0, 0.0]


@pytest.mark.parametrize("looked_at", [False, True])
def test_some_of_the_firms_look_as_they_do_among_all(looked_at: bool) -> None:
    events: list[FirmEvent] = [headcount(f"00000000{n}", month=JANUARY - 1, heads=10 * n) for n in range(1, 4)]
    events += [debt("000000002"), contribution("000000003"), use("000000001", hours=20.0)]
    panel, rows = applied(events), np.arange(3)
    days = np.full(3, on(JANUARY, 15).toordinal(), np.int32)
    view, places = View(panel, rows, JANUARY, days), np.array([2, 0])
    if looked_at:
        codes(view)
    some, alone = view.at(places), View(panel, rows[places], JANUARY, days[places])
    assert matrix(some).tobytes() == matrix(alone).tobytes()
    assert repr(quantities(some)) == repr(quantities(alone))
    assert pasts(some) == pasts(alone)
