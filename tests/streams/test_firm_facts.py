"""Facts in columns against the chain's own state at the same month ends."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from detectors.evaluation.firm_months import FirmMonths
from detectors.evaluation.references import MonthEnd
from detectors.events import AnyEvent
from detectors.months import month_text
from detectors.panel import NO_DAY
from detectors.usual_features import NAMES
from streams import ingest
from streams.firm_facts import Collector, FirmFacts
from streams.frames import Frames
from streams.month_ends import MonthEnds
from streams.report import Report
from streams.simulate import World, simulate
from tests.detectors.making import JANUARY, SIREN, clock, contribution, debt, firm, headcount, on, proceeding
from tests.streams.running_frames import frames_of as run_of

FAR = date(2100, 1, 1)


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> tuple[FirmFacts, list[MonthEnd], MonthEnds]:
    folder: Path = tmp_path_factory.mktemp("world")
    simulate(folder, World(firms=120, months=20), 4)
    collector, ends = Collector(), MonthEnds()
    for run in ingest.frames([folder], Report(), today=FAR):
        collector.add(run)
        ends.add(run)
    return collector.facts(), ends.found, ends


def rows_of(found: list[MonthEnd]) -> FirmMonths:
    sirens = np.concatenate([end.sirens for end in found])
    months = np.concatenate([np.full(len(end.sirens), end.month, np.int32) for end in found])
    return FirmMonths(sirens, months, np.zeros(len(sirens)), np.zeros(len(sirens), np.uint8))


def test_they_are_what_the_chain_knew_at_each_month_end(
    gathered: tuple[FirmFacts, list[MonthEnd], MonthEnds],
) -> None:
    facts, found, _ = gathered
    known = facts.known(rows_of(found))
    usual = dict(zip(NAMES, np.concatenate([end.usual for end in found]).T, strict=True))
    assert known.debts == pytest.approx(usual["employee_debt"] + usual["employer_debt"], rel=1e-6, abs=0.01)
    assert (known.debts > 0).mean() > 0.1
    assert np.maximum(np.nan_to_num(known.headcounts, nan=10.0), 1.0) == pytest.approx(usual["headcount"], rel=1e-6)
    there = known.contributions > 500
    assert there.mean() > 0.8
    assert known.debts[there] / known.contributions[there] == pytest.approx(
        usual["debt_to_contribution"][there], rel=1e-5, abs=1e-5
    )
    assert set(known.sections) > {"F construction"}
    assert set(known.regions) > {"Île-de-France"}


def test_proceedings_are_those_that_the_chain_answers_with(
    gathered: tuple[FirmFacts, list[MonthEnd], MonthEnds],
) -> None:
    facts, _, ends = gathered
    panel = ends._chain.panel
    firms = panel.firms[: len(panel)]
    assert np.array_equal(facts.proceedings().days_of(firms["siren"]), firms["proceeding_day"])
    assert (firms["proceeding_day"] < NO_DAY).sum() > 3


def test_rows_keep_their_order(gathered: tuple[FirmFacts, list[MonthEnd], MonthEnds]) -> None:
    facts, found, _ = gathered
    rows = rows_of(found)
    order = np.random.default_rng(1).permutation(len(rows))
    known, shuffled = facts.known(rows), facts.known(rows.of(order))
    for name in ("headcounts", "sections", "regions", "debts", "contributions"):
        assert np.array_equal(getattr(known, name)[order], getattr(shuffled, name), equal_nan=name == "headcounts")


def facts_of(*runs: Frames) -> FirmFacts:
    collector = Collector()
    for run in runs:
        collector.add(run)
    return collector.facts()


def row(month: int, siren: str = SIREN) -> FirmMonths:
    return FirmMonths(np.array([siren], np.uint32), np.array([month], np.int32), np.zeros(1), np.zeros(1, np.uint8))


def test_two_firms_without_establishment_are_not_one() -> None:
    other = "005520135"
    events: list[AnyEvent] = [
        headcount(siret=None, account=None, heads=20),
        headcount(other, siret=None, account=None, heads=300),
    ]
    facts = facts_of(run_of(events))
    assert facts.known(row(JANUARY + 1)).headcounts.tolist() == [20.0]
    assert facts.known(row(JANUARY + 1, other)).headcounts.tolist() == [300.0]


def test_nothing_counts_before_it_was_known() -> None:
    facts = facts_of(run_of([debt(known_at=on(JANUARY + 2)), contribution(month=JANUARY + 2), headcount()]))
    before, after = facts.known(row(JANUARY + 1)), facts.known(row(JANUARY + 3))
    assert (before.debts[0], after.debts[0]) == (0.0, 2000.0)
    assert (before.contributions[0], after.contributions[0]) == (0.0, 1000.0)
    assert (facts.known(row(JANUARY)).headcounts[0], before.headcounts[0]) == (pytest.approx(np.nan, nan_ok=True), 40.0)


def test_the_highest_version_of_a_debt_counts_and_credits_hide_nothing() -> None:
    newer = debt(known_at=on(JANUARY, 20), version=3, employee_share=-5.0, employer_share=10.0)
    older = debt(known_at=on(JANUARY, 25), version=2, employee_share=700.0, employer_share=700.0)
    facts = facts_of(run_of([debt(), newer]), run_of([older]))
    assert facts.known(row(JANUARY)).debts.tolist() == [10.0]


def test_the_register_keeps_what_was_told_of_each_kind() -> None:
    facts = facts_of(run_of([firm(department="29", activity="41.20A"), firm(activity=None, name="X")]))
    known = facts.known(row(JANUARY))
    assert (known.sections.tolist(), known.regions.tolist()) == (["F construction"], ["Bretagne"])
    assert facts.known(row(JANUARY, "005520135")).sections.tolist() == ["unknown"]


def test_stages_that_open_nothing_are_left_out() -> None:
    ends = proceeding(known_at=on(JANUARY), stage="fin_procedure")
    unknown = proceeding(known_at=on(JANUARY + 1), stage=None)
    later = proceeding(known_at=on(JANUARY + 2))
    found = facts_of(run_of([later, ends, unknown])).proceedings()
    assert (found.sirens.tolist(), found.days.tolist()) == ([int(SIREN)], [on(JANUARY + 1).toordinal()])


@pytest.mark.parametrize(("day", "month"), [((1, 1), "2017-12"), ((1, 31), "2018-01"), ((2, 27), "2018-01")])
def test_the_last_month_is_the_last_whole_one(day: tuple[int, int], month: str) -> None:
    last = facts_of(run_of([clock(date(2018, *day))])).last_month()
    assert last is not None
    assert month_text(last) == month


def test_without_a_dated_event_there_is_no_last_month() -> None:
    assert facts_of(run_of([firm(name="X")])).last_month() is None
