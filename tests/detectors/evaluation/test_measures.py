"""Every figure by name, and its interval."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, fbeta_score, precision_score, recall_score

from detectors.evaluation.bootstrap import Estimate, Resampling, estimates, interval, numbered
from detectors.evaluation.measures import NAMES, Figures, Measures, Series, figures

RNG = np.random.default_rng(5)
FIRMS = np.repeat(np.arange(60), 10)
LABELS = np.repeat(RNG.random(60) < 0.2, 10)
SCORES = np.clip(RNG.normal(np.where(LABELS, 0.4, 0.15), 0.15), 0, 1).round(2).astype(np.float64)
TIERS = (SCORES > 0.25).astype(np.uint8) + (SCORES > 0.4)
SERIES = Series("vigie", SCORES, TIERS.astype(np.uint8))


def values(found: Figures) -> dict[str, float | None]:
    return {name: estimate.value for name, estimate in found.items()}


def test_every_name_has_its_figure() -> None:
    found = values(figures(SERIES, LABELS, FIRMS, Resampling(0)))
    assert tuple(found) == NAMES
    assert found["base_rate"] == LABELS.mean()
    assert found["average_precision"] == pytest.approx(average_precision_score(LABELS, SCORES))
    for level, name in ((2, "strong"), (1, "moderate")):
        called = level <= TIERS
        assert found[f"{name}_precision"] == pytest.approx(precision_score(LABELS, called))
        assert found[f"{name}_recall"] == pytest.approx(recall_score(LABELS, called))
        assert found[f"{name}_f05"] == pytest.approx(fbeta_score(LABELS, called, beta=0.5))
        assert found[f"{name}_f2"] == pytest.approx(fbeta_score(LABELS, called, beta=2.0))


def test_under_weights_all_figures_are_those_of_the_repeated_rows() -> None:
    times = RNG.integers(0, 3, len(LABELS))
    weighed = Measures(SERIES, LABELS).of(times.astype(float))
    again = Measures(SERIES.of(np.repeat(np.arange(len(LABELS)), times)), np.repeat(LABELS, times))
    repeated = again.of(np.ones(times.sum()))
    same = [i for i, name in enumerate(NAMES) if name != "ece"]  # its bins are those of the rows as they are
    assert weighed[same] == pytest.approx(repeated[same])


def test_what_has_no_levels_or_is_no_probability_has_no_figure_of_them() -> None:
    found = values(figures(Series("debt", SCORES * 7, probabilities=False), LABELS, FIRMS, Resampling(0)))
    missing = {name for name, value in found.items() if value is None}
    assert missing == {"brier", "brier_skill", "log_loss", "ece"} | {n for n in NAMES if n[:4] in ("stro", "mode")}


def test_the_interval_is_by_firm_and_holds_the_figure() -> None:
    by_firm = figures(SERIES, LABELS, FIRMS, Resampling(200, 3))["average_precision"]
    by_row = figures(SERIES, LABELS, np.arange(len(LABELS)), Resampling(200, 3))["average_precision"]
    assert by_firm.low is not None
    assert by_firm.high is not None
    assert by_row.low is not None
    assert by_row.high is not None
    assert by_firm.low < (by_firm.value or 0) < by_firm.high
    assert by_firm.high - by_firm.low > 1.5 * (by_row.high - by_row.low)


def test_the_same_seed_gives_the_same_interval_and_another_another() -> None:
    one, same, other = (figures(SERIES, LABELS, FIRMS, Resampling(50, seed)) for seed in (1, 1, 2))
    assert one == same
    assert one["auroc"].value == other["auroc"].value
    assert one["auroc"] != other["auroc"]


def test_the_interval_of_a_mean_is_that_of_theory() -> None:
    firms = np.arange(2000)
    x = np.random.default_rng(1).normal(0, 1, 2000)
    (found,) = estimates(lambda w: np.array([w @ x / w.sum()]), firms, Resampling(2000))
    assert found.low is not None
    assert found.high is not None
    assert (found.high - found.low) / 2 == pytest.approx(1.96 / np.sqrt(2000), rel=0.08)


def test_undefined_figures() -> None:
    assert interval(np.nan, np.array([1.0])) == Estimate(None)
    assert interval(1.0, np.array([np.nan])) == Estimate(1.0)
    assert interval(1.0, np.zeros(0)) == Estimate(1.0)
    assert list(Resampling(5).weights(np.zeros(0, np.intp))) == []


def test_firms_are_numbered_whatever_the_order_of_rows() -> None:
    assert numbered(np.array([9, 3, 9, 5], np.uint32)).tolist() == [2, 0, 2, 1]
