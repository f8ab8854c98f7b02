"""The quantities an agent is shown are those of the firm, now and at the last month end."""

import math
from datetime import date

from detectors.events import AnyEvent
from detectors.evidence import Quantity, quantities
from tests.detectors.applying import applied, view_of
from tests.detectors.making import JANUARY, SIREN, clock, commission, contribution, debt, headcount, on, schedule, use
from tests.detectors.running import Run

FIELDS = (
    "debt_employee_euros", "debt_employer_euros", "debt_age_months", "debt_growth_3m_ratio",
    "contribution_monthly_euros", "unpaid_ratio", "partial_unemployment_hours_12m", "partial_unemployment_hours_month",
    "partial_unemployment_authorised_hours_12m", "headcount", "headcount_change_12m_ratio", "schedule_running",
    "schedule_amount_euros", "commission_months", "expert_rule",
)  # fmt: skip


def shown(events: list[AnyEvent]) -> dict[str, Quantity]:
    """What is shown of the firm once the chain has taken the events."""
    chain = Run().take_all(events).chain
    ((*found,),) = quantities(view_of(chain.panel, chain.swept + 1, chain.day, SIREN))
    return {q.field: q for q in found}


def owing(day: date, employee: float, employer: float, version: int) -> AnyEvent:
    return debt(
        known_at=day, employee_share=employee, employer_share=employer, version=version, sequence="1",
        period_start=date(2017, 12, 1), period_end=date(2018, 1, 1),
    )  # fmt: skip


STORY: list[AnyEvent] = [
    headcount(month=JANUARY - 1, heads=40),
    contribution(month=JANUARY - 1, due=1000.0, paid=1000.0),
    owing(on(JANUARY), 200.0, 300.0, 1),
    use(month=JANUARY, hours=50.0),
    clock(on(JANUARY + 1, 5)),
    owing(on(JANUARY + 1, 10), 700.5, 300.0, 2),
    schedule(known_at=on(JANUARY + 1, 11), amount=900.0),
    commission(known_at=on(JANUARY + 1, 12)),
]


def test_each_quantity_now_and_at_the_last_month_end() -> None:
    found = shown(STORY)
    assert tuple(found) == FIELDS
    assert found["debt_employee_euros"][1:] == (700.5, 200.0)
    assert found["debt_employer_euros"][1:] == (300.0, 300.0)
    assert found["headcount"][1:] == (40.0, 40.0)
    assert found["contribution_monthly_euros"].now == 1000.0
    assert found["partial_unemployment_hours_12m"].now == 50.0
    assert found["partial_unemployment_hours_month"][1:] == (50.0, 0.0)
    assert (found["schedule_running"].now, found["schedule_amount_euros"].now) == (1.0, 900.0)
    assert found["commission_months"].now == 0.0


def test_what_is_unknown_is_not_a_number() -> None:
    (found,) = quantities(view_of(applied([debt()]), JANUARY, on(JANUARY).toordinal()))
    by_field = {q.field: q for q in found}
    assert math.isnan(by_field["headcount"].now)
    assert math.isnan(by_field["headcount"].before)
    assert math.isnan(by_field["commission_months"].now)
    assert math.isnan(by_field["debt_age_months"].before)


def test_firms_stand_in_the_order_of_the_view() -> None:
    panel = applied([debt("000000002", employee_share=2.0), debt("000000001", employee_share=1.0)])
    assert panel.firms["siren"][:2].tolist() == [1, 2]
    views = [view_of(panel, JANUARY, siren=s) for s in ("000000001", "000000002")]
    assert [quantities(view)[0][0].now for view in views] == [1.0, 2.0]


def test_an_alert_carries_them() -> None:
    run = Run().take_all([headcount(month=JANUARY - 1), owing(on(JANUARY), 400_000.0, 400_000.0, 1)])
    evidence = {e.field: e.value for e in run.alerts[0].evidence}
    assert tuple(evidence) == FIELDS
    assert evidence["debt_employee_euros"] == 400_000.0
    assert evidence["commission_months"] is None
