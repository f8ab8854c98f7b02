"""The watches on made-up worlds: calm, seasonal, shaken; and what they remember."""

from itertools import pairwise

import msgspec
import numpy as np
import pytest

from detectors.errors import UnusableInput
from detectors.features import FEATURES, THEMES, names, themes_of
from detectors.month_scores import MonthScores
from detectors.observer import PAST, Memory, Observer
from detectors.portfolio import Counts
from detectors.regime import WATCHES, Regime, RegimeOptions, began, changes

FIRMS, FIRST, HORIZON = 800, 2018 * 12, 18
DEBT = np.flatnonzero(themes_of() == THEMES.index("debt"))


def portfolio(random: np.random.Generator, shift: float = 0.0) -> Counts:
    """Every feature around its own place; debt moved by `shift` deviations."""
    centres = np.full(len(FEATURES), 120.0)
    centres[DEBT] += 15 * shift
    codes = np.clip(random.normal(centres, 15, (FIRMS, len(FEATURES))), 1, 255).astype(int)
    return np.stack([np.bincount(column, minlength=256) for column in codes.T]).astype(np.int64)


def scores(random: np.random.Generator, openings: int) -> MonthScores:
    cells = np.clip(random.normal(80, 16, FIRMS), 1, 255).astype(int)
    row = np.bincount(cells, minlength=256).astype(np.int64)[None]
    return MonthScores(("75",), row, np.zeros_like(row), FIRMS, openings)


def watched(shifts: list[float], frozen: range = range(0), seed: int = 1) -> list[Regime]:
    """The regime after each month; in `frozen` no proceeding opens."""
    random, observer = np.random.default_rng(seed), Observer(RegimeOptions(), Memory())
    seen = []
    for i, shift in enumerate(shifts):
        openings = 0 if i in frozen else int(random.poisson(4.2))
        seen.append(observer.see(FIRST + i, portfolio(random, shift), scores(random, openings), HORIZON, learned=True))
    return seen


def test_a_calm_world_is_calm() -> None:
    begun = dict.fromkeys(WATCHES, 0)
    for seed in range(4):
        seen = watched([0.0] * 84, seed=seed)
        for watch in WATCHES:
            begun[watch] += sum(began(a, b, watch) for a, b in pairwise(seen))
    # 4 x 60 months with limits, a budget of one in 180 for each watch.
    assert all(count <= 4 for count in begun.values())


def test_seasons_pass() -> None:
    """What comes back every year is no change, however large."""
    seen = watched([1.5 if i % 12 in (6, 7) else 0.0 for i in range(84)])
    assert all(regime.inputs.state == "calm" for regime in seen)


def test_a_shock_is_found_at_once_named_and_over_when_it_is_over() -> None:
    shifts = [0.0] * 40 + [1.5] * 6 + [0.0] * 10
    seen = watched(shifts, frozen=range(40, 46))
    states = [regime.inputs.state for regime in seen]
    assert states[40:46] == ["alarm"] * 6
    assert states[46:50] == ["recovering", "recovering", "calm", "calm"]
    assert seen[40].inputs.since == FIRST + 40
    assert {names().index(name) for name in seen[40].moved} <= set(DEBT.tolist())
    assert [regime.holds for regime in seen[39:47]] == [False] + [True] * 6 + [False]
    assert (seen[47].moved, seen[48].moved) == (seen[45].moved, ())
    errors = [regime.errors.state for regime in seen]
    assert "alarm" in errors[40:46]


def test_a_world_that_stays_changed_becomes_the_usual_one() -> None:
    seen = watched([0.0] * 40 + [1.5] * 44)
    states = [regime.inputs.state for regime in seen]
    assert states[40] == "alarm"
    assert "calm" in states[41:57]
    assert states[60:] == ["calm"] * 24


def test_it_goes_on_from_its_memory_as_if_never_stopped() -> None:
    def see(observer: Observer, i: int) -> Regime:
        random = np.random.default_rng(i)
        shift = 1.5 if 30 <= i < 34 else 0.0
        return observer.see(FIRST + i, portfolio(random, shift), scores(random, 4), HORIZON, learned=True)

    whole, stopped = Observer(RegimeOptions(), Memory()), Observer(RegimeOptions(), Memory())
    for i in range(40):
        stored = msgspec.msgpack.encode(stopped.memory)
        stopped = Observer(RegimeOptions(), msgspec.msgpack.decode(stored, type=Memory))
        assert see(whole, i) == see(stopped, i)
    assert whole.memory == stopped.memory
    assert all(len(past) <= PAST for past in whole.memory.past.values())


def test_beginning_and_end_are_told_once() -> None:
    seen = [Regime(), *watched([0.0] * 40 + [1.5] * 4 + [0.0] * 8)]
    lines = [line for a, b in pairwise(seen) for line in changes(a, b) if "on inputs" in line]
    assert lines[0].startswith("2021-05: regime alarm on inputs begins: moved most: ")
    assert lines[1:] == ["2021-11: regime alarm on inputs is over, after 6 months"]


def test_scores_are_watched_once_something_was_learned() -> None:
    observer, random = Observer(RegimeOptions(), Memory()), np.random.default_rng(1)
    for i in range(14):
        regime = observer.see(FIRST + i, portfolio(random), scores(random, 4), HORIZON, learned=False)
    assert (regime.score_index, observer.memory.scores) == (0, {})
    assert regime.mean_score > 0


def test_without_scores_the_inputs_are_watched_alone() -> None:
    observer, random = Observer(RegimeOptions(), Memory()), np.random.default_rng(1)
    for i in range(14):
        regime = observer.see(FIRST + i, portfolio(random), None, HORIZON, learned=True)
    assert set(regime.themes) == set(THEMES)
    assert regime.promised == 0


@pytest.mark.parametrize("months", [0.0, 11.0, float("nan"), float("inf")])
def test_a_budget_that_means_nothing_is_refused(months: float) -> None:
    with pytest.raises(UnusableInput, match="--false-alarm-months"):
        RegimeOptions(months)
