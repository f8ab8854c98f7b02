"""What an alert tells of a firm's last months: each as it stood at its end, the last one as it stands."""

from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from alerts.alert import Proceeding
from alerts.alert import Schedule as ToldSchedule
from detectors.events import AnyEvent
from detectors.past import Past, Schedule, pasts
from detectors.rings import MONTHS
from detectors.view import View
from tests.detectors.making import (
    JANUARY,
    SIREN,
    clock,
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

OTHER = "000000077"
HOURS = {0: 80, 1: 20, 3: 120}


def past(events: list[AnyEvent], siren: str = SIREN) -> Past:
    """What is told of the firm once the chain has taken the events."""
    chain = Run().take_all(events).chain
    rows = chain.panel.rows_of(np.array([int(siren)], np.uint32), make=False)
    (found,) = pasts(View(chain.panel, rows, chain.swept + 1, np.array([chain.day], np.int32)))
    return found


def owing(month: int, employee: float, employer: float = 0.0, siren: str = SIREN) -> AnyEvent:
    """From now on this much is owed."""
    return debt(
        siren, known_at=on(month, 10), version=month, employee_share=employee, employer_share=employer, sequence="1",
        period_start=date(2017, 12, 1), period_end=date(2018, 1, 1),
    )  # fmt: skip


def test_month_by_month_the_latest_first() -> None:
    found = past(
        [
            headcount(month=JANUARY - 1, heads=40),
            contribution(month=JANUARY - 1, due=1000.4, paid=600.0),
            owing(JANUARY, 200.0, 300.0),
            use(month=JANUARY, hours=50.0),
            contribution(month=JANUARY, due=1100.0, paid=0.0),
            owing(JANUARY + 1, 700.5, 0.0),
            clock(on(JANUARY + 2, 5)),
            headcount(month=JANUARY + 1, heads=38),
            owing(JANUARY + 2, 0.0, 900.0),
        ]
    )
    assert found.month == JANUARY + 2
    assert (found.employee_debt, found.employer_debt) == ([0, 701, 200], [900, 0, 300])
    assert (found.due, found.paid) == ([None, None, 1100, 1000], [None, None, 0, 600])
    assert found.hours_used[:3] == [0, 0, 50]
    assert found.hours_authorised == []
    assert found.headcount == [38, 40, 40]
    assert (found.schedule, found.proceeding) == (None, None)


def test_what_was_never_told_is_left_out_and_what_is_unknown_is_none() -> None:
    found = past([clock(on(JANUARY)), owing(JANUARY, 0.0)])
    assert found[1:8] == ([], [], [], [], [], [], [])
    found = past([owing(JANUARY, 5.0), clock(on(JANUARY + 1)), headcount(month=JANUARY, heads=12)])
    assert (found.employee_debt, found.headcount) == ([5, 5], [12, None])


def test_never_more_months_than_are_kept() -> None:
    found = past([owing(JANUARY, 5.0, 7.0), headcount(month=JANUARY - 1, heads=3), clock(on(JANUARY + 30))])
    assert found.employee_debt == [5] * MONTHS
    assert found.headcount == [3] * MONTHS


def test_schedules_and_proceedings() -> None:
    granted = [
        schedule(known_at=on(JANUARY, day), case_number=str(day), due_on=on(JANUARY + 6 + day, 1), amount=100.0 * day)
        for day in range(1, 7)
    ]
    found = past([*granted, proceeding(known_at=on(JANUARY, 20))])
    assert found.schedule == Schedule(on(JANUARY + 12, 1).toordinal(), 2100)
    assert found.proceeding == ("redressement", on(JANUARY, 20).toordinal())


def test_hours_stand_in_their_months_whenever_they_are_looked_at() -> None:
    told = [
        request(known_at=on(JANUARY + month), hours=hours, request_id=f"R{month}") for month, hours in HOURS.items()
    ]
    chain = Run().take_all(told).chain
    rows = chain.panel.rows_of(np.array([int(SIREN)], np.uint32), make=False)
    for month in (3, 1):
        (found,) = pasts(View(chain.panel, rows, JANUARY + month, np.array([chain.day], np.int32)))
        assert found.hours_authorised[: month + 1] == [HOURS.get(month - back, 0) for back in range(month + 1)]


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.sampled_from([SIREN, OTHER]), st.integers(0, 10**6), st.integers(0, 10**6)),
        min_size=1,
        max_size=12,
    )
)
def test_a_firm_is_told_of_alike_alone_and_among_others(story: list[tuple[int, str, int, int]]) -> None:
    events = [owing(JANUARY + month, a / 100, b / 100, siren) for month, siren, a, b in sorted(story)]
    chain = Run().take_all([*events, headcount(OTHER, month=JANUARY + 20)]).chain
    rows = np.arange(len(chain.panel))

    def of(some: NDArray[np.intp]) -> list[Past]:
        return pasts(View(chain.panel, some, chain.swept + 1, np.full(len(some), chain.day, np.int32)))

    assert of(rows) == [past for row in rows for past in of(np.array([row]))]


def test_an_alert_carries_them() -> None:
    run = Run().take_all(
        [
            headcount(month=JANUARY - 1, heads=40),
            schedule(known_at=on(JANUARY, 2), due_on=on(JANUARY + 6, 1), amount=900.0),
            owing(JANUARY, 400_000.0, 300_000.0),
            proceeding(known_at=on(JANUARY, 20), action="liquidation"),
        ]
    )
    raised, lowered = (alert.months for alert in run.alerts)
    assert raised is not None
    assert lowered is not None
    assert (raised.last, raised.employee, raised.employer, raised.headcount) == ("2018-01", [400_000], [300_000], [40])
    assert raised.schedule == ToldSchedule(on(JANUARY + 6, 1), 900)
    assert (raised.proceeding, lowered.proceeding) == (None, Proceeding("liquidation", on(JANUARY, 20)))
