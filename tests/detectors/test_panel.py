"""The panel against plain dictionaries, and what must not matter: order, repetition, batches."""

import math
import random
from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.recfunctions import repack_fields

from detectors import rings
from detectors.batch import batch_of
from detectors.events import FirmEvent
from detectors.evidence import quantities
from detectors.features import matrix
from detectors.months import first_day
from detectors.panel import MONTH_ZERO, NO_DAY, SUMS_OF_ACCOUNTS, UNKNOWN, Panel, Rows, heads
from detectors.perimeter import PerimeterOptions, in_perimeter
from detectors.rings import NEVER
from detectors.view import View
from tests.detectors.applying import applied, apply, facts, view_of
from tests.detectors.making import (
    JANUARY,
    SIREN,
    contribution,
    debt,
    firm,
    headcount,
    on,
    proceeding,
    request,
    schedule,
    site,
    use,
)
from tests.detectors.reference import ReferenceFirm, by_siren
from tests.detectors.strategies import MONTHS, START, cuts, event_lists


def assert_same(panel: Panel, row: int, expected: ReferenceFirm) -> None:
    """Every fact of the row is what the reference says."""
    f = panel.firms[row]
    assert (f["debt_employee"], f["debt_employer"]) == (expected.debt_employee(), expected.debt_employer())
    assert (f["debt_disputed"], f["debts_known"]) == (expected.debt_disputed(), len(expected.debts()))
    assert_same_age(f, expected)
    assert_same_contributions(f, expected)
    assert_same_unemployment(f, expected)
    own, sites = expected.heads()
    assert f["heads_of_firm"] == (UNKNOWN if own is None else own)
    assert f["heads_of_sites"] == sites
    assert f["heads_month"] == (expected.heads_month() or NEVER)
    employees = float(heads(f["heads_of_firm"], f["heads_of_sites"], f["heads_month"]))
    assert (None if math.isnan(employees) else employees) == expected.headcount()
    assert f["schedule_until"] == ordinal(expected.schedule_until())
    assert f["schedule_amount"] == expected.schedule_amount()
    assert f["commission_day"] == ordinal(expected.commission_day())
    first = expected.first_proceeding()
    assert f["proceeding_day"] == (NO_DAY if first is None else first.toordinal())
    assert f["proceeding_action"] == expected.worst_action()
    assert panel.names[row] == expected.described("name")
    assert f["department"].decode() == (expected.described("department") or "")
    assert f["activity"].decode() == (expected.described("activity") or "")


def assert_same_age(f: np.void, expected: ReferenceFirm) -> None:
    total = int(f["debt_employee"] + f["debt_employer"])
    mean = expected.mean_debt_month()
    assert (mean is None) == (total == 0)
    if mean is not None:
        assert f["debt_moment"] / total + MONTH_ZERO == pytest.approx(mean, rel=1e-9)
    open_months = expected.open_months()
    assert f["debts_open"] == len(open_months)
    assert f["debts_moment"] == sum(open_months) - MONTH_ZERO * len(open_months)
    newest = expected.newest_debt()
    assert f["debt_newest"] == (NEVER if newest is None else newest)


def assert_same_contributions(f: np.void, expected: ReferenceFirm) -> None:
    span = expected.contribution_months()
    assert (f["first_month"], f["paid_month"]) == (span or (NEVER, NEVER))
    assert series(f, "paid_month", "due") == expected.due()
    assert series(f, "paid_month", "paid") == expected.paid()
    assert series(f, "paid_month", "due_answered") == expected.answered()


def assert_same_unemployment(f: np.void, expected: ReferenceFirm) -> None:
    assert f["unemployment_month"] == (expected.unemployment_month() or NEVER)
    assert series(f, "unemployment_month", "hours_used") == expected.hours_used()
    assert series(f, "unemployment_month", "hours_authorised") == expected.hours_authorised()
    assert f["request_until"] == ordinal(expected.request_until())


def ordinal(day: date | None) -> int:
    return 0 if day is None else day.toordinal()


def series(f: np.void, latest: str, name: str) -> dict[int, int]:
    """A ring as a dictionary, empty where nothing was ever told."""
    month = int(f[latest])
    if month == NEVER:
        assert not f[name].any()
        return {}
    values = rings.ordered(np.array([month], np.int32), f[name][None, None])[0][:, 0].tolist()
    return {month - back: value for back, value in enumerate(values)}


def rows(panel: Panel, sirens: Sequence[str]) -> list[int]:
    found = panel.rows_of(np.array([int(s) for s in sirens], np.uint32), make=False)
    return [int(row) for row in found]


@settings(max_examples=150, deadline=None)
@given(event_lists)
def test_facts_are_those_of_plain_dictionaries(events: list[FirmEvent]) -> None:
    panel, expected = applied(events), by_siren(events)
    assert len(panel) == len(expected)
    for row, siren in zip(rows(panel, list(expected)), expected, strict=True):
        assert_same(panel, row, expected[siren])


@settings(max_examples=80, deadline=None)
@given(event_lists, st.integers(0, 10**6))
def test_any_order_gives_the_same_facts(events: list[FirmEvent], seed: int) -> None:
    shuffled = random.Random(seed).sample(events, len(events))
    assert facts(applied(shuffled)) == facts(applied(events))


@settings(max_examples=60, deadline=None)
@given(event_lists, st.integers(0, 10**6))
def test_any_repetition_gives_the_same_facts(events: list[FirmEvent], seed: int) -> None:
    rng = random.Random(seed)
    again = events + rng.choices(events, k=len(events)) if events else []
    assert facts(applied([*events, *again])) == facts(applied(events))


@settings(max_examples=60, deadline=None)
@given(st.data(), event_lists)
def test_any_cut_into_batches_gives_the_same_facts(data: st.DataObject, events: list[FirmEvent]) -> None:
    assert facts(applied(events, data.draw(cuts(len(events))))) == facts(applied(events))


@settings(max_examples=80, deadline=None)
@given(event_lists)
def test_what_is_summed_again_is_what_was_summed(events: list[FirmEvent]) -> None:
    panel = applied(events)
    before = panel.firms.copy()
    for name in SUMS_OF_ACCOUNTS:
        panel.firms[name][: len(panel)] = 7
    panel.recount(np.arange(len(panel)))
    assert repack_fields(panel.firms).tobytes() == repack_fields(before).tobytes()


@settings(max_examples=80, deadline=None)
@given(event_lists)
def test_a_firm_that_is_told_to_look_as_before_does(events: list[FirmEvent]) -> None:
    """Whatever is decided of a firm: its features, its perimeter and what an agent is shown."""
    panel = Panel()
    for event in events:
        batch = batch_of([event])
        rows = panel.rows_of(batch.rows["siren"])
        before = looks(panel, rows)
        changed = panel.apply(batch, np.zeros(1, np.intp), rows)
        assert changed.shape == (1,)
        assert changed[0] or looks(panel, rows) == before


def looks(panel: Panel, rows: Rows) -> list[bytes]:
    found = []
    for month in (START + 6, START + MONTHS):
        view = View(panel, rows, month, np.array([first_day(month).toordinal()], np.int32))
        inside = in_perimeter(view, PerimeterOptions())
        found += [matrix(view).tobytes(), inside.tobytes(), repr(quantities(view)).encode()]
    return found


@pytest.mark.parametrize(
    ("event", "again"),
    [
        (debt(version=2), debt(version=1, employee_share=7.0)),
        (contribution(), firm(name="A", department="33")),
        (headcount(siret=None, account=None, heads=40), headcount(heads=25, account="A2")),
        (request(), request()), (schedule(), schedule()), (proceeding(), proceeding(stage="fin_procedure")),
    ],
    ids=lambda x: type(x).__name__,
)  # fmt: skip
def test_what_changes_nothing_is_known_to(event: FirmEvent, again: FirmEvent) -> None:
    panel = Panel()
    changes = []
    for one in (event, again):
        batch = batch_of([one])
        changes += panel.apply(batch, np.zeros(1, np.intp), panel.rows_of(batch.rows["siren"])).tolist()
    assert changes == [True, False]


def test_the_highest_version_of_a_debt_is_what_is_outstanding() -> None:
    versions = [debt(version=v, employee_share=e, employer_share=2 * e) for v, e in ((1, 300.0), (3, 0.0), (2, 100.0))]
    panel = applied(versions[:1])
    assert (panel.firms["debt_employee"][0], panel.firms["debt_employer"][0]) == (30_000, 60_000)
    apply(panel, versions[1:])
    assert (panel.firms["debt_employee"][0], panel.firms["debt_employer"][0]) == (0, 0)
    assert panel.firms["debt_moment"][0] == 0
    assert (panel.firms["debts_open"][0], panel.firms["debts_known"][0]) == (0, 1)


@pytest.mark.parametrize(
    "versions",
    [[debt(counted_from=first_day(JANUARY + k)) for k in (0, 1)], [debt(disputed=x) for x in (True, False)]],
    ids=["booked to another month", "disputed"],
)
def test_versions_alike_but_for_one_thing_do_not_depend_on_order(versions: list[FirmEvent]) -> None:
    assert facts(applied(versions)) == facts(applied(versions[::-1]))


def test_a_sequence_number_comes_back_in_another_period() -> None:
    periods = [(JANUARY, 1), (JANUARY + 1, 1), (JANUARY, 3), (JANUARY, 12)]
    debts = [
        debt(period_start=first_day(start), period_end=first_day(start + length), employee_share=100.0)
        for start, length in periods
    ]
    assert applied(debts).firms["debt_employee"][0] == 4 * 10_000
    assert len(applied(debts).debts) == 4


def test_a_contribution_of_a_quarter_and_one_of_its_last_month_add_up() -> None:
    panel = applied([contribution(months=1, due=100.0), contribution(months=3, due=300.0)])
    assert series(panel.firms[0], "paid_month", "due")[JANUARY] == 40_000


def test_an_unknown_payment_is_no_answer() -> None:
    panel = applied([contribution(due=100.0, paid=None)])
    assert series(panel.firms[0], "paid_month", "due")[JANUARY] == 10_000
    assert series(panel.firms[0], "paid_month", "due_answered")[JANUARY] == 0
    apply(panel, [contribution(due=100.0, paid=40.0)])
    assert series(panel.firms[0], "paid_month", "due_answered")[JANUARY] == 10_000
    assert series(panel.firms[0], "paid_month", "paid")[JANUARY] == 4_000


def test_months_older_than_a_year_leave_the_window() -> None:
    months = range(JANUARY, JANUARY + 20)
    panel = applied([contribution(month=m, due=float(m - JANUARY + 1)) for m in months])
    expected = {m: (m - JANUARY + 1) * 100 for m in list(months)[-13:]}
    assert series(panel.firms[0], "paid_month", "due") == expected
    apply(panel, [contribution(month=JANUARY + 6, due=1e6), contribution(month=JANUARY + 7, due=1e6)])
    assert series(panel.firms[0], "paid_month", "due") == expected | {JANUARY + 7: 10**8}


def test_a_value_for_a_month_to_come_is_passed_over() -> None:
    ahead: list[FirmEvent] = [
        contribution(month=JANUARY + 40, known_at=on(JANUARY)),
        use(month=JANUARY + 40, known_at=on(JANUARY)),
        headcount(month=JANUARY + 40, known_at=on(JANUARY), heads=7),
    ]
    panel = applied([contribution(), use(), headcount(heads=40), *ahead])
    assert facts(panel) == facts(applied([contribution(), use(), headcount(heads=40)]))


def test_hours_count_until_their_request_is_known_not_to() -> None:
    panel = applied([use(month=JANUARY, hours=100.0), use(month=JANUARY + 1, hours=50.0)])
    assert series(panel.firms[0], "unemployment_month", "hours_used")[JANUARY] == 10_000
    apply(panel, [request(known_at=on(JANUARY + 2), reason=6, hours=500.0)])
    assert sum(series(panel.firms[0], "unemployment_month", "hours_used").values()) == 0
    assert sum(series(panel.firms[0], "unemployment_month", "hours_authorised").values()) == 0
    assert panel.firms["request_until"][0] == 0
    apply(panel, [request(known_at=on(JANUARY + 3), reason=3, hours=700.0), use(month=JANUARY + 2, hours=10.0)])
    used = series(panel.firms[0], "unemployment_month", "hours_used")
    assert [used[JANUARY + k] for k in range(3)] == [10_000, 5_000, 1_000]
    assert series(panel.firms[0], "unemployment_month", "hours_authorised")[JANUARY + 3] == 70_000


def test_a_request_known_later_replaces_the_one_before() -> None:
    first, second = request(hours=100.0), request(known_at=on(JANUARY + 2), hours=30.0, end=date(2018, 4, 30))
    for events in ([first, second], [second, first]):
        panel = applied(events)
        hours = series(panel.firms[0], "unemployment_month", "hours_authorised")
        assert hours == dict.fromkeys(range(JANUARY - 10, JANUARY + 2), 0) | {JANUARY + 2: 3_000}
        assert panel.firms["request_until"][0] == date(2018, 4, 30).toordinal()


def test_establishments_add_up_and_the_firms_own_figure_is_preferred() -> None:
    panel = applied([headcount(heads=10), headcount(siret=site(SIREN, 2), heads=5), headcount(account="B", heads=1)])
    assert view_of(panel, JANUARY).headcount[0] == 16.0
    apply(panel, [headcount(month=JANUARY + 1, heads=0)])
    assert view_of(panel, JANUARY).headcount[0] == 6.0
    apply(panel, [headcount(siret=None, account=None, heads=12)])
    assert view_of(panel, JANUARY).headcount[0] == 12.0


def test_the_last_word_of_reference_data_holds_and_null_leaves_what_is_known() -> None:
    told = [firm(name="Avant", department="2A", activity="62.01Z"), firm(name="Après"), firm(activity="85.31Z")]
    panel = applied(told)
    assert panel.names == ["Après"]
    assert (panel.firms["department"][0], panel.firms["activity"][0], panel.firms["division"][0]) == (
        b"2A", b"85.31Z", 85,
    )  # fmt: skip
    assert panel.firms["employer"][0] == 0


def test_a_schedule_without_an_end_lasts_as_long_as_it_says_or_a_year() -> None:
    day = on(JANUARY)
    for fields, length in (({"duration_days": 90}, 90), ({"duration_days": None}, 365)):
        assert applied([schedule(known_at=day, **fields)]).firms["schedule_until"][0] == day.toordinal() + length


def test_the_worst_action_and_the_first_day_of_all_proceedings() -> None:
    panel = applied([
        proceeding(known_at=on(JANUARY + 3), action="liquidation"),
        proceeding(known_at=on(JANUARY), action="sauvegarde"),
        proceeding(known_at=on(JANUARY - 9), action="redressement", stage="fin_procedure"),
    ])  # fmt: skip
    assert panel.firms["proceeding_day"][0] == on(JANUARY).toordinal()
    assert panel.firms["proceeding_action"][0] == 2


def test_a_thousand_firms_grow_the_panel() -> None:
    sirens = [f"{n:09d}" for n in range(1, 1001)]
    panel = applied([debt(s, employee_share=float(n)) for n, s in enumerate(sirens)])
    assert panel.firms["debt_employee"][rows(panel, sirens)].tolist() == [n * 100 for n in range(1000)]
    assert rows(panel, ["123456789"]) == [-1]
