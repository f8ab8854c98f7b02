"""Worlds pooled for the benchmark, and the benchmark itself on a small world."""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.detection import HEADER, PARTS, pooled, run
from detectors.evaluation.measures import Figures
from detectors.evaluation.report import Alerts, evaluate
from streams.simulate import World
from tests.detectors.evaluation.test_report import GIVEN, OPTIONS, PROBABILITIES


def values(figures: Figures) -> dict[str, float]:
    return {name: estimate.value for name, estimate in figures.items() if estimate.value is not None}


def test_a_world_and_itself_have_the_figures_of_the_one_and_twice_its_firms() -> None:
    alerts = Alerts(np.array([11], np.uint32), np.array([736_700], np.int32))
    given = replace(GIVEN, alerts=alerts, references={"one": np.repeat([np.nan, 1.0, 1.0], 4) * PROBABILITIES})
    one, both = evaluate(given, OPTIONS), evaluate(pooled([given, given]), OPTIONS)
    assert values(both.overall) == pytest.approx(values(one.overall))
    assert values(both.baselines["any_debt"]) == pytest.approx(values(one.baselines["any_debt"]))
    assert (both.firms, both.failing_firms) == (2 * one.firms, 2 * one.failing_firms)
    assert both.leads["alerts"].called == 2 * one.leads["alerts"].called
    assert one.references is not None
    assert both.references is not None
    assert values(both.references.vigie) == pytest.approx(values(one.references.vigie))
    assert both.references.firms == 2 * one.references.firms


def test_worlds_without_references_and_alerts() -> None:
    both = evaluate(pooled([GIVEN, GIVEN, GIVEN]), OPTIONS)
    assert both.references is None
    assert both.firms == 12


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    run(World(firms=60, months=26, failures=0.1, clean=True), [1, 2], references=False, bootstrap=5)
    whole, halves = (text.splitlines() for text in capsys.readouterr().out.split("\n\n"))
    assert {line.count("|") for line in whole} == {len(HEADER) + 1}
    assert [line.split(" | ")[0] for line in whole[2:]] == [
        f"| {world}" for world in ("seed 1", "seed 1", "seed 2", "seed 2", "all", "all")
    ]
    assert {line.count("|") for line in halves} == {len(PARTS) + 1}
    firm_months = defaultdict[tuple[str, str], int](int)
    for line in halves[2:]:
        world, of, _, count = line.removeprefix("| ").split(" | ")[:4]
        firm_months[world, of] += int(count)
    whole_of = {world: firm_months[world, "half-year"] for world in ("seed 1", "seed 2", "all")}
    assert whole_of["all"] == whole_of["seed 1"] + whole_of["seed 2"] > 0
    assert {firm_months["all", of] for of in ("size", "sector", "region")} == {whole_of["all"]}
