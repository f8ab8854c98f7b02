"""How often the regime watches cry wolf in calm worlds, and how soon they see a moratorium.

    OPENBLAS_NUM_THREADS=1 .venv/bin/python -m benchmarks.regime --seeds 11 12 13 14 15 16

Each world is simulated and replayed whole, learning as it goes. Prints one JSON object. With a moratorium, also how
good the scores given in its months were; with `--chase`, calibration and levels are not
held in alarms.
"""

import argparse
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.files import FAR
from benchmarks.nowhere import Nowhere
from detectors.evaluation.prequential import Prequential, figures
from detectors.learning import LearningOptions
from detectors.months import month_text, parse_month
from detectors.observer import LEAST_PAST, YEAR
from detectors.outcome import Outcome
from detectors.regime import WATCHES, Regime, RegimeOptions, Watch, began
from streams import ingest
from streams.replay import Replay, ReplayOptions
from streams.report import Report
from streams.simulate import World, simulate

CALM = "none"
FIRST_LIMIT = YEAR + LEAST_PAST
"""Months before the inputs are held against anything."""


class _Watched(Replay):
    """A replay that keeps what the watches say of each month."""

    seen: list[Regime]
    answered: dict[int, Prequential]
    """By the month of scoring."""

    def _take(self, outcome: Outcome, start: int) -> None:
        super()._take(outcome, start)
        if outcome.scores is not None:
            self.seen.append(self.model.regime)
        if outcome.examples is not None:
            cohort = outcome.examples.cohort
            self.answered[cohort.month] = figures(cohort.logits, outcome.examples.labels)


def watched(world: World, seed: int, budget: float, *, hold: bool) -> _Watched:
    """The replay of a simulated world."""
    with tempfile.TemporaryDirectory() as name:
        simulate(Path(name), world, seed)
        run = _Watched(
            ReplayOptions(regime=RegimeOptions(budget), learning=LearningOptions(hold=hold)),
            Nowhere(),
            datetime(2026, 1, 1, tzinfo=UTC),
        )
        run.seen, run.answered = [Regime()], {}
        run.run(ingest.frames([Path(name)], Report(), today=FAR))
    return run


def alarms(run: _Watched) -> list[tuple[Watch, int, int]]:
    """Each alarm: its watch, its month, and how many months it lasted."""
    found = []
    for watch in WATCHES:
        for i in range(1, len(run.seen)):
            if began(run.seen[i - 1], run.seen[i], watch):
                since = run.seen[i].finding(watch).since
                lasted = sum(regime.finding(watch).since == since for regime in run.seen)
                found.append((watch, since, lasted))
    return found


def _in_span(run: _Watched, first: int, last: int) -> dict[str, float]:
    """Mean figures of the cohorts scored in these months."""
    of = [run.answered[month] for month in range(first, last + 1)]
    return {
        "average_precision": round(float(np.mean([f.average_precision for f in of])), 4),
        "log_loss": round(float(np.mean([f.log_loss for f in of])), 4),
        "calibration_error": round(float(np.mean([f.calibration_error for f in of])), 4),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13])
    parser.add_argument("--firms", type=int, default=1_500)
    parser.add_argument("--months", type=int, default=84)
    parser.add_argument("--moratorium", default=CALM)
    parser.add_argument("--false-alarm-months", type=float, default=60.0)
    parser.add_argument("--chase", action="store_true")
    given = parser.parse_args()
    world = World(firms=given.firms, months=given.months, moratorium=given.moratorium)
    span = [] if given.moratorium == CALM else [parse_month(month) for month in given.moratorium.split(":")]
    worlds = []
    for seed in given.seeds:
        run = watched(world, seed, given.false_alarm_months, hold=not given.chase)
        told = [
            {
                "watch": watch,
                "month": month_text(month),
                "lasted_months": lasted,
                **({"months_after_the_beginning": month - span[0]} if span else {}),
            }
            for watch, month, lasted in alarms(run)
        ]
        worlds.append({"seed": seed, "alarms": told, **(_in_span(run, span[0], span[1]) if span else {})})
    count = sum(len(w["alarms"]) for w in worlds if isinstance(w["alarms"], list))
    limited = len(given.seeds) * (given.months - FIRST_LIMIT)
    print(json.dumps({"worlds": worlds, "alarms": count, "months_with_limits": limited}, indent=1))


if __name__ == "__main__":
    main()
