"""A firm's months on one axis: what the alerts tell, each figure once, the later word right."""

from datetime import date
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Months, Proceeding, Schedule, decode, encode
from alerts.console.axis import Axis, axis_of, month_of, parsed, written
from alerts.console.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH
from alerts.console.timeline import LABELS, past_of, timeline
from tests.alerts.making import live
from tests.alerts.samples import MONTHS

JANUARY = 2026 * 12


def of(last: str, **series: Any) -> Any:
    """An alert of a month, with what it tells of months."""
    return live(as_of=date.fromisoformat(f"{last}-15"), months=Months(last, **series))


def test_alerts_overlap_and_the_later_one_is_right() -> None:
    alerts = [
        of("2025-12", employee=[5, 3, 1], headcount=[40]),
        of("2026-02", employee=[9, 8, None], employer=[7]),
        of("2025-11", employee=[2, 2]),
        live(as_of=date(2026, 2, 20)),
    ]
    expected = {
        "employee": {JANUARY + 1: 9, JANUARY: 8, JANUARY - 1: 5, JANUARY - 2: 3, JANUARY - 3: 1},
        "employer": {JANUARY + 1: 7},
        "headcount": {JANUARY - 1: 40},
    }
    assert past_of(alerts).series == past_of(alerts[::-1]).series == expected


def test_schedules_are_told_once_and_a_procedure_stays() -> None:
    first, later = Schedule(date(2026, 1, 30), 500), Schedule(date(2026, 6, 1), 900)
    opened = Proceeding("sauvegarde", date(2026, 1, 9))
    found = past_of(
        [of("2026-03", schedule=later), of("2026-01", schedule=first, proceeding=opened), of("2026-02", schedule=later)]
    )
    assert found.schedules == [
        (date(2026, 1, 15), date(2026, 1, 30), 500),
        (date(2026, 2, 15), date(2026, 6, 1), 900),
    ]
    assert found.proceeding == opened


def test_every_figure_drawn_stands_in_its_table() -> None:
    drawn = timeline([live(months=MONTHS)], "en")
    assert drawn is not None
    assert [chart["name"] for chart in drawn["charts"]] == ["debts", "contributions", "unemployment", "headcount"]
    debts, contributions, unemployment, headcount = drawn["charts"]
    assert debts["rows"][0] == ("2026-03", ["45,200", "8,100"])
    assert debts["rows"][-1] == ("2025-12", ["0", "unknown"])
    assert len(debts["marks"]) == sum(cell not in ("0", "unknown") for _, cells in debts["rows"] for cell in cells)
    assert contributions["rows"][0] == ("2026-02", ["9,000", "2,000"])
    assert unemployment["rows"][0] == ("2026-03", ["0", "700"])
    assert headcount["points"].count(",") == len(headcount["rows"]) == 4
    assert [row[0] for row in drawn["help"]["rows"]] == ["Payment schedule", "Receivership"]
    assert len(drawn["help"]["marks"]) == 2
    assert drawn["opened"] is not None


def test_an_alert_of_an_older_version_has_its_risk_alone() -> None:
    raw = msgspec.json.decode(encode(live()))
    del raw["months"]
    old = decode(msgspec.json.encode(raw))
    assert old == live()
    drawn = timeline([old], "fr")
    assert drawn is not None
    assert (drawn["charts"], drawn["help"], drawn["opened"]) == ([], None, None)
    assert len(drawn["risk"]["curve"].dots) == 1
    assert timeline([], "fr") is None


def test_both_languages_have_the_same_words() -> None:
    assert LABELS["fr"].keys() == LABELS["en"].keys()


series = st.lists(st.none() | st.integers(0, 10**9), max_size=13)
told = st.builds(
    Months,
    st.integers(0, 40).map(lambda number: f"{2020 + number // 12}-{number % 12 + 1:02d}"),
    employee=series,
    employer=series,
    due=series,
    paid=series,
    used=series,
    authorised=series,
    headcount=series,
    schedule=st.none() | st.builds(Schedule, st.dates(date(2015, 1, 1), date(2030, 1, 1)), st.integers(0, 10**6)),
    proceeding=st.none() | st.builds(Proceeding, st.just("liquidation"), st.dates(date(2015, 1, 1), date(2030, 1, 1))),
)


@given(st.lists(told, min_size=1, max_size=3))
def test_whatever_is_told_stays_within_its_chart(months: list[Months]) -> None:
    alerts = [live(as_of=date.fromisoformat(f"{one.last}-28"), months=one) for one in months]
    drawn = timeline(alerts, "fr")
    assert drawn is not None
    for chart in drawn["charts"]:
        for mark in chart["marks"]:
            assert LEFT <= mark.x <= mark.x + mark.width <= WIDTH - RIGHT + 0.2
            assert TOP - 0.2 <= mark.y <= mark.y + mark.height <= HEIGHT - BOTTOM + 0.2
    for mark in drawn["help"]["marks"] if drawn["help"] else ():
        assert LEFT <= mark.x <= mark.x + mark.width <= WIDTH


@given(st.lists(st.dates(date(1990, 1, 1), date(2040, 1, 1)), min_size=1, max_size=5))
def test_days_stand_in_their_order_and_in_their_months(days: list[date]) -> None:
    axis = axis_of([], days)
    places = [axis.at(day) for day in sorted(days)]
    assert places == sorted(places)
    for day in days:
        month = month_of(day)
        assert axis.begin(month) <= axis.at(day) <= axis.begin(month) + axis.slot
        assert parsed(written(month, "en")) == month


def test_what_lies_outside_stands_at_the_end() -> None:
    axis = Axis(JANUARY, JANUARY + 1)
    assert (axis.at(date(1999, 1, 1)), axis.at(date(2027, 1, 1))) == (LEFT, WIDTH - RIGHT)
    assert written(JANUARY, "fr") == "01/2026"
