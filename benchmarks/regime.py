"""How often the regime watches cry wolf in calm worlds, and how soon they see a moratorium.

    OPENBLAS_NUM_THREADS=1 .venv/bin/python -m benchmarks.regime --seeds 11 12 13 14 15 16

Each world is simulated and replayed whole, learning as it goes. Prints one JSON object.
"""

import argparse
import json
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

from alerts.alert import Alert
from detectors.chain import Outcome, Scores
from detectors.months import month_text, parse_month
from detectors.observer import LEAST_PAST, YEAR
from detectors.regime import WATCHES, Regime, Watch, began
from streams import ingest
from streams.replay import Replay, ReplayOptions
from streams.report import Report
from streams.simulate import World, simulate

FAR = date(2100, 1, 1)
CALM = "none"
FIRST_LIMIT = YEAR + LEAST_PAST
"""Months before the inputs are held against anything."""


class _Nowhere:
    def scores(self, scores: Scores, model_version: str) -> None:
        """Drop them."""

    def alert(self, alert: Alert) -> None:
        """Drop it."""


class _Watched(Replay):
    """A replay that keeps what the watches say of each month."""

    seen: list[Regime]

    def _take(self, outcome: Outcome, start: int) -> None:
        super()._take(outcome, start)
        if outcome.scores is not None:
            self.seen.append(self.model.regime)


def alarms(world: World, seed: int) -> list[tuple[Watch, int, int]]:
    """Each alarm of a simulated world: its watch, its month, and how many months it lasted."""
    with tempfile.TemporaryDirectory() as name:
        simulate(Path(name), world, seed)
        run = _Watched(ReplayOptions(), _Nowhere(), datetime(2026, 1, 1, tzinfo=UTC))
        run.seen = [Regime()]
        run.run(ingest.events([Path(name)], Report(), today=FAR))
    found = []
    for watch in WATCHES:
        for i in range(1, len(run.seen)):
            if began(run.seen[i - 1], run.seen[i], watch):
                since = run.seen[i].finding(watch).since
                lasted = sum(regime.finding(watch).since == since for regime in run.seen)
                found.append((watch, since, lasted))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13])
    parser.add_argument("--firms", type=int, default=1_500)
    parser.add_argument("--months", type=int, default=84)
    parser.add_argument("--moratorium", default=CALM)
    given = parser.parse_args()
    world = World(firms=given.firms, months=given.months, moratorium=given.moratorium)
    first = None if given.moratorium == CALM else parse_month(given.moratorium.split(":")[0])
    worlds = []
    for seed in given.seeds:
        told = [
            {
                "watch": watch,
                "month": month_text(month),
                "lasted_months": lasted,
                **({} if first is None else {"months_after_the_beginning": month - first}),
            }
            for watch, month, lasted in alarms(world, seed)
        ]
        worlds.append({"seed": seed, "alarms": told})
    count = sum(len(w["alarms"]) for w in worlds if isinstance(w["alarms"], list))
    watched = len(given.seeds) * (given.months - FIRST_LIMIT)
    print(json.dumps({"worlds": worlds, "alarms": count, "months_with_limits": watched}, indent=1))


if __name__ == "__main__":
    main()
