"""How well a cap on alerts is kept by department, in a simulated world.

    OPENBLAS_NUM_THREADS=1 .venv/bin/python -m benchmarks.capping --alerts-per-week 0.1

Counts alerts of new risks and jumps after a warm-up, in the departments that have a floor at the end. Prints JSON.
"""

import argparse
import json
import tempfile
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

from alerts.alert import Alert
from benchmarks.files import FAR
from detectors.capping import CapOptions
from detectors.outcome import Scores
from streams import ingest
from streams.replay import Replay, ReplayOptions
from streams.report import Report
from streams.simulate import World, simulate

WARM_MONTHS = 36


class _Counted:
    def __init__(self, since: date) -> None:
        self._since = since
        self.told: Counter[str | None] = Counter()

    def scores(self, scores: Scores, model_version: str) -> None:
        """Drop them."""

    def alert(self, alert: Alert) -> None:
        """Count what an agent has to look at."""
        if alert.kind != "lowered" and alert.as_of >= self._since:
            self.told[alert.department] += 1


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--alerts-per-week", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--firms", type=int, default=1_500)
    parser.add_argument("--months", type=int, default=84)
    given = parser.parse_args()
    world = World(firms=given.firms, months=given.months, start="2018-01", moratorium="none")
    counted = _Counted(date(2018 + WARM_MONTHS // 12, 1, 1))
    with tempfile.TemporaryDirectory() as name:
        simulate(Path(name), world, given.seed)
        options = ReplayOptions(cap=CapOptions(given.alerts_per_week))
        run = Replay(options, counted, datetime(2026, 1, 1, tzinfo=UTC))
        run.run(ingest.frames([Path(name)], Report(), today=FAR))
    weeks = (given.months - WARM_MONTHS) * 365.25 / 12 / 7
    rates = {code: counted.told[code or None] / weeks for code in run.model.floors}
    found = {
        "departments_with_a_floor": len(rates),
        "alerts_a_week_there": round(sum(rates.values()) / max(len(rates), 1), 3),
        "alerts": counted.told.total(),
        "busiest": {str(code): round(n / weeks, 3) for code, n in counted.told.most_common(5)},
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
