"""All candidates are told the same, in time and no earlier; Vigie among them says what a replay says."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from alerts.alert import Alert
from benchmarks.candidates import ADDED, HEADER, VIGIE, Scored, common, report, scored
from benchmarks.contenders import INTERVALS, Ensemble, Hazards, Regression, Streamed, contenders, usual
from benchmarks.files import FAR
from benchmarks.history import History, read
from detectors.labels import HORIZON
from detectors.logits import sigmoid
from detectors.outcome import Scores
from streams import ingest
from streams.replay import Replay, ReplayOptions
from streams.report import Report
from streams.simulate import World, simulate

WORLD = World(firms=120, months=44, failures=0.15, clean=True)
SEED = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    simulate(folder, WORLD, SEED)
    return folder


@pytest.fixture(scope="module")
def past(folder: Path) -> History:
    return read(folder, WORLD.months)


@pytest.fixture(scope="module")
def said(past: History) -> Scored:
    return scored(past, contenders(40, river=True))


@dataclass
class Kept:
    scored: list[Scores] = field(default_factory=list)

    def scores(self, scores: Scores, model_version: str) -> None:
        self.scored.append(scores)

    def alert(self, alert: Alert) -> None:
        """Not looked at."""


def test_a_history_has_every_month_end_and_its_answers_in_time(past: History) -> None:
    months = [end.month for end in past.ends]
    assert months == list(range(months[0], months[0] + WORLD.months))
    now = months[20]
    known = past.known(now)
    assert max(known.ends) == now
    for horizon in (3, HORIZON):
        assert known.answers(now - horizon, horizon).any()
        with pytest.raises(LookupError, match="not known"):
            known.answers(now - horizon + 1, horizon)


def test_vigie_is_what_a_replay_of_the_same_files_is(past: History, folder: Path) -> None:
    kept = Kept()
    Replay(ReplayOptions(wording=False), kept, datetime(2026, 1, 1, tzinfo=UTC)).run(
        ingest.frames([folder], Report(), today=FAR)
    )
    said = scored(past, [Ensemble(1_500)]).logits[VIGIE]
    expected = {scores.month: scores.probabilities for scores in kept.scored}
    assert len(said) >= 3
    for month, logits in said.items():
        assert sigmoid(logits) == pytest.approx(expected[month], rel=1e-9)


def test_one_hazard_of_the_whole_horizon_is_the_relative_member(past: History) -> None:
    one = Hazards("one", Regression, 1_500, ((0, HORIZON),))
    said = scored(past, [Ensemble(1_500), one]).logits
    assert len(said["one"]) >= 3
    for month, logits in said["relative alone"].items():
        assert said["one"][month] == pytest.approx(logits, abs=1e-4)


def test_a_hazard_is_learned_as_soon_as_its_interval_has_passed(past: History) -> None:
    first = past.ends[0].month
    for horizon in (3, 12, HORIZON):
        hazards = Hazards("hazard", Regression, 1_500, ((0, horizon),))
        for end in past.ends:
            hazards.learn(past.known(end.month))
            if hazards.scores(end):
                break
        # The first month has no month before, and nobody is compared with it; then five failures are waited for.
        assert first + 2 + horizon <= end.month <= first + 9 + horizon


def test_hazards_composed_are_at_least_each_of_them(past: History) -> None:
    whole, first = Hazards("all", Regression, 1_500, INTERVALS), Hazards("first", Regression, 1_500, INTERVALS[:1])
    end = past.ends[-1]
    for hazards in (whole, first):
        for known in (past.known(month) for month in range(end.month - 12, end.month)):
            hazards.learn(known)
    assert (whole.scores(end)["all"] > first.scores(end)["first"]).all()


def test_a_streamed_model_counts_each_answered_firm_month_once(past: History) -> None:
    class Counting:
        learned = 0

        def learn_one(self, x: dict[int, float], y: bool) -> None:
            self.learned += 1

        def predict_proba_one(self, x: dict[int, float]) -> dict[bool, float]:
            return {}

    model = Counting()
    for end in past.ends:
        Streamed("counting", model, usual, 20).learn(past.known(end.month))
    sizes = [min(len(end.cohort), 20) for end in past.ends[1:-HORIZON]]
    assert model.learned == sum(sizes)


def test_every_contender_learns_and_says_what_it_costs(said: Scored) -> None:
    assert len(said.costs) == len(contenders(40, river=True))
    assert all(cost.megabytes > 0 for cost in said.costs.values())
    for name, by_month in said.logits.items():
        assert all(np.isfinite(logits).all() for logits in by_month.values())
        # Hoeffding trees do not split on so few rows, and the estimator's first period is longer than they are.
        few = "Hoeffding" in name or name.startswith("oblivious trees")
        assert few or any(np.ptp(logits) > 0 for logits in by_month.values())


def test_the_table(past: History, said: Scored, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a world and itself: each has the figures of the one."""
    report([common(past, said)] * 2, 3)
    _, table = capsys.readouterr().out.split("\n\n")
    assert {line.count("|") for line in table.splitlines()} == {len(HEADER) + 1}
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    assert lines[0][0] == VIGIE
    assert [line[0] for line in lines[-len(ADDED) :]] == [f"Vigie and {name}" for name in ADDED]
    for line in lines:
        assert line[2].split() == [line[1].split()[0]] * 2
