"""A world of four firms and three months, small enough to judge by hand."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from detectors.errors import UnusableInput
from detectors.evaluation.firm_months import FirmMonths, Proceedings
from detectors.evaluation.ranking import Point
from detectors.evaluation.report import Alerts, EvaluationOptions, Given, Known, evaluate

JANUARY = 2018 * 12
MONTHS = np.repeat(np.arange(JANUARY, JANUARY + 3, dtype=np.int32), 4)
SIRENS = np.tile(np.array([11, 12, 13, 14], np.uint32), 3)
# Firm 11 opens in March, firm 12 in July: with a horizon of two months and data to April, January and February are
# judged, 11 is a yes in both, and 12 in none.
PROCEEDINGS = Proceedings(
    np.array([11, 12], np.uint32), np.array([date(2018, 3, 10).toordinal(), date(2018, 7, 1).toordinal()], np.int32)
)
PROBABILITIES = np.array([0.5, 0.6, 0.2, 0.1, 0.8, 0.3, 0.2, 0.1, 0.9, 0.4, 0.2, 0.1])
TIERS = np.array([1, 2, 0, 0, 2, 1, 0, 0, 2, 1, 0, 1], np.uint8)
GIVEN = Given(
    rows=FirmMonths(SIRENS, MONTHS, PROBABILITIES, TIERS),
    known=Known(
        headcounts=np.tile([12.0, 30.0, np.nan, 12.0], 3),
        sections=np.tile(["F construction", "unknown"], 6),
        regions=np.tile(["Bretagne", "Corse", "Corse", "Corse"], 3),
        debts=np.tile([500.0, 0.0, 100.0, 0.0], 3),
        contributions=np.tile([100.0, 100.0, 0.0, 50.0], 3),
    ),
    proceedings=PROCEEDINGS,
    horizon=2,
    last=JANUARY + 3,
)
OPTIONS = EvaluationOptions(bootstrap=0, top=1, at_precision=(0.6, 1.0))


def test_what_is_judged() -> None:
    found = evaluate(GIVEN, OPTIONS)
    assert (found.until, found.first_month, found.last_month) == ("2018-04", "2018-01", "2018-02")
    assert (found.firm_months.scored, found.firm_months.judged, found.firm_months.pending) == (12, 8, 4)
    assert (found.firms, found.failing_firms) == (4, 1)


def test_the_figures_by_hand() -> None:
    overall = {name: estimate.value for name, estimate in evaluate(GIVEN, OPTIONS).overall.items()}
    # Judged: .8 yes, .6 no, .5 yes, .3 no, .2 no twice, .1 no twice.
    assert overall["base_rate"] == 0.25
    assert overall["average_precision"] == pytest.approx((1 + 2 / 3) / 2)
    assert overall["auroc"] == pytest.approx(11 / 12)
    assert overall["brier"] == pytest.approx((0.04 + 0.36 + 0.25 + 0.09 + 2 * 0.04 + 2 * 0.01) / 8)
    assert overall["strong_precision"] == 0.5
    assert overall["strong_recall"] == 0.5
    assert overall["moderate_precision"] == 0.5
    assert overall["moderate_recall"] == 1.0
    assert overall["moderate_f2"] == pytest.approx(5 * 0.5 / (4 * 0.5 + 1))
    assert overall["strong_f05"] == pytest.approx(0.5)


def test_the_mean_of_the_months() -> None:
    # January ranks the yes second, February first.
    assert evaluate(GIVEN, OPTIONS).monthly_average_precision == 0.75


def test_the_list_of_each_month() -> None:
    assert evaluate(GIVEN, OPTIONS).precision_at_top == 0.5


def test_leads_count_months_that_are_not_judged_too() -> None:
    leads = evaluate(GIVEN, OPTIONS).leads
    assert set(leads) == {"moderate", "strong"}
    assert (leads["moderate"].firms, leads["moderate"].called) == (1, 1)
    from_january = (date(2018, 3, 10) - date(2018, 1, 31)).days / (365.25 / 12)
    assert leads["moderate"].median_months == pytest.approx(from_january)
    assert leads["strong"].by_month == (1, 0, 0)


def test_recall_and_lead_at_a_precision() -> None:
    low, high = evaluate(GIVEN, OPTIONS).at_precision
    assert (low.cut, low.recall) == (0.5, 1.0)
    assert low.precision == pytest.approx(2 / 3)
    assert (high.cut, high.precision, high.recall) == (0.8, 1.0, 0.5)
    assert high.lead is not None
    assert high.lead.median_months == pytest.approx(10 / (365.25 / 12))


def test_baselines() -> None:
    dummies = evaluate(GIVEN, OPTIONS).baselines
    assert dummies["base_rate"]["average_precision"].value == 0.25
    assert dummies["base_rate"]["brier_skill"].value == pytest.approx(0.0)
    # A debt of 100 without a contribution ranks above one of five contributions.
    assert dummies["debt_to_contribution"]["average_precision"].value == 0.5
    assert dummies["any_debt"]["average_precision"].value == 0.5


def test_alerts_a_week_from_levels_leave_out_the_first_month() -> None:
    found = evaluate(GIVEN, OPTIONS)
    # February: 11 rises to strong; 12 falls. March: 14 comes to moderate.
    assert [(load.month, load.count) for load in found.load] == [("2018-02", 1), ("2018-03", 1)]
    assert found.alerts_per_week == pytest.approx(2 / (59 / 7))
    assert found.alerts_from == "levels"


def test_alerts_of_a_file() -> None:
    days = [date(2018, 2, 3), date(2018, 2, 4), date(2018, 1, 2)]
    alerts = Alerts(np.array([11, 13, 11], np.uint32), np.array([day.toordinal() for day in days], np.int32))
    found = evaluate(replace(GIVEN, alerts=alerts), OPTIONS)
    assert [(load.month, load.count) for load in found.load] == [("2018-02", 2), ("2018-03", 0)]
    assert found.leads["alerts"].called == 1
    assert found.leads["alerts"].median_months == pytest.approx((date(2018, 3, 10) - days[2]).days / (365.25 / 12))


def test_groups_share_out_the_judged_rows() -> None:
    found = evaluate(GIVEN, OPTIONS)
    assert [(g.name, g.firm_months, g.positives) for g in found.by_month] == [("2018-01", 4, 1), ("2018-02", 4, 1)]
    assert [(g.name, g.firm_months) for g in found.by_size] == [("10 to 19", 4), ("20 to 49", 2), ("unknown", 2)]
    assert [(g.name, g.firms) for g in found.by_region] == [("Bretagne", 1), ("Corse", 3)]
    assert [(g.name, g.firm_months) for g in found.by_sector] == [("F construction", 4), ("unknown", 4)]
    (half,) = found.by_half_year
    assert half.figures == found.overall


def test_curve_and_reliability() -> None:
    found = evaluate(GIVEN, OPTIONS)
    assert found.curve == tuple(Point(i / 100, 1.0 if i <= 50 else 2 / 3) for i in range(1, 101))
    assert sum(b.firm_months for b in found.reliability) == 8


def test_references_are_compared_where_all_have_a_score() -> None:
    known = np.repeat([np.nan, 1.0, 1.0], 4)
    given = replace(GIVEN, references={"one": known * PROBABILITIES, "other": known * (1 - PROBABILITIES)})
    found = evaluate(given, replace(OPTIONS, bootstrap=20)).references
    assert found is not None
    assert (found.first_month, found.last_month, found.firm_months, found.positives) == ("2018-02", "2018-02", 4, 1)
    one, other = found.references
    ratio = one.ratios["average_precision"]
    assert (ratio.value, ratio.low, ratio.high) == (1.0, 1.0, 1.0)
    assert one.by_half_year == found.vigie_by_half_year == {"2018-H1": 1.0}
    assert (one.monthly_average_precision, other.monthly_average_precision) == (1.0, 0.25)
    assert other.ratios["average_precision"].value == pytest.approx(4.0)
    assert one.strong is not None
    assert (one.strong.precision, one.strong.recall) == (1.0, 1.0)
    assert one.strong == one.vigie_at_its_precision


def test_references_without_a_month_in_common() -> None:
    given = replace(GIVEN, references={"one": np.repeat([np.nan, np.nan, 1.0], 4) * PROBABILITIES})
    assert evaluate(given, OPTIONS).references is None


def test_what_comes_after_the_last_month_plays_no_part() -> None:
    later = Proceedings(
        np.array([11, 12, 13], np.uint32), np.append(PROCEEDINGS.days, date(2018, 5, 2).toordinal()).astype(np.int32)
    )
    assert evaluate(replace(GIVEN, proceedings=later), OPTIONS) == evaluate(GIVEN, OPTIONS)


@pytest.mark.parametrize(
    "wrong", [{"bootstrap": -1}, {"seed": -1}, {"top": 0}, {"at_precision": (0.0,)}, {"at_precision": (1.5,)}]
)
def test_options_that_cannot_be(wrong: dict[str, object]) -> None:
    with pytest.raises(UnusableInput):
        EvaluationOptions(**wrong)  # type: ignore[arg-type]
