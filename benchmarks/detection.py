"""How well the present model detects, on simulated worlds, beside batch models: two tables.

`python -m benchmarks.detection --firms 4000 --months 72 --seeds 1,2,3`. Each world is replayed, judged, and its
references are fitted on itself alone; the last rows are of all worlds' firm-months together. A second table has
the figures half-year by half-year, and of all worlds by size, sector and region.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import numpy as np

from alerts.alert import Alert
from benchmarks.files import FAR
from benchmarks.tables import interval, number, row
from detectors.evaluation.comparison import Reference
from detectors.evaluation.firm_months import FirmMonths, Proceedings, Sirens
from detectors.evaluation.leads import Lead
from detectors.evaluation.measures import Figures
from detectors.evaluation.report import Alerts, Evaluation, EvaluationOptions, Given, Group, Known, evaluate
from detectors.outcome import Scores
from streams import ingest
from streams.evaluate import Judging, gather
from streams.replay import Replay, ReplayOptions
from streams.report import Report
from streams.simulate import World, simulate

COLUMNS = ("average_precision", "auroc", "ece", "brier_skill", "strong_precision", "strong_recall", "best_f05")
HEADER = (
    *(
        "world",
        "months",
        "who",
        "AP",
        "AP, mean of months",
        "AUROC",
        "ECE",
        "Brier skill",
        "strong P",
        "strong R",
        "best F0.5",
    ),
    *("lead, strong", "6 months ahead", "Vigie's, at its precision", "Vigie's AP over its", "CPU s"),
)
PARTS = ("world", "of", "part", "firm-months", "failing", "ECE", "AP", "AUROC", "strong P", "strong R")


@dataclass
class _Kept:
    """The scores and alerts of a replay, in memory."""

    scored: list[Scores]
    told: list[Alert]

    def scores(self, scores: Scores, model_version: str) -> None:  # noqa: ARG002  a sink's signature
        """Keep them."""
        self.scored.append(scores)

    def alert(self, alert: Alert) -> None:
        """Keep it, if it calls a firm at risk."""
        if alert.kind != "lowered":
            self.told.append(alert)

    def rows(self) -> FirmMonths:
        """All scores."""
        return FirmMonths(
            sirens=np.concatenate([s.sirens for s in self.scored]),
            months=np.concatenate([np.full(len(s.sirens), s.month, np.int32) for s in self.scored]),
            probabilities=np.concatenate([s.probabilities for s in self.scored]),
            tiers=np.concatenate([s.tiers for s in self.scored]),
        )

    def alerts(self) -> Alerts:
        """All alerts kept."""
        return Alerts(
            np.array([int(alert.siren) for alert in self.told], np.uint32),
            np.array([alert.as_of.toordinal() for alert in self.told], np.int32),
        )


def main() -> None:
    """Simulate, replay, judge, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__)
    parser.add_argument("--firms", type=int, default=4_000)
    parser.add_argument("--months", type=int, default=72)
    parser.add_argument("--seeds", default="1", help="worlds, as 1,2,3")
    parser.add_argument("--moratorium", default="auto", help="as of `vigie simulate`")
    parser.add_argument("--references", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--bootstrap", type=int, default=200, help="samples of firms behind each interval")
    options = parser.parse_args()
    world = World(firms=options.firms, months=options.months, moratorium=options.moratorium)
    run(world, list(map(int, options.seeds.split(","))), options.references, options.bootstrap)


def run(world: World, seeds: Sequence[int], references: bool, bootstrap: int) -> None:
    """Print the table, each world's rows as they are found."""
    judged, givens, parts = EvaluationOptions(bootstrap=bootstrap), list[Given](), list[list[str]]()
    print(row(HEADER), row("---" for _ in HEADER), sep="\n", flush=True)
    for seed in seeds:
        given, replayed, referred = _given(world, seed, references)
        givens.append(given)
        evaluation = evaluate(given, judged)
        _print(f"seed {seed}", evaluation, replayed, referred)
        parts += _half_years(f"seed {seed}", evaluation)
    if len(givens) > 1:
        evaluation = evaluate(pooled(givens), judged)
        _print("all", evaluation, None, None)
        parts += _half_years("all", evaluation)
    parts += _groups("all" if len(givens) > 1 else f"seed {seeds[0]}", evaluation)
    print("", row(PARTS), row("---" for _ in PARTS), *map(row, parts), sep="\n")


def _given(world: World, seed: int, references: bool) -> tuple[Given, float, float]:
    """A world replayed and ready to be judged; CPU seconds of the replay, and of the rest."""
    with tempfile.TemporaryDirectory() as name:
        folder, kept = Path(name), _Kept([], [])
        simulate(folder, world, seed)
        began = time.process_time()
        Replay(ReplayOptions(), kept, datetime(2026, 1, 1, tzinfo=UTC)).run(
            ingest.frames([folder], Report(), today=FAR)
        )
        replayed = time.process_time()
        judging = Judging(kept.rows(), [folder], alerts=kept.alerts(), references=references)
        given = gather(judging, Report(), ingest.IngestOptions(), FAR)
    print(f"seed {seed} done", file=sys.stderr)
    return given, replayed - began, time.process_time() - replayed


def pooled(givens: list[Given]) -> Given:
    """The firm-months of several worlds as one: a firm of one world is no firm of another."""
    apart = [_renumbered(given, start) for given, start in zip(givens, _starts(givens), strict=True)]
    columns = zip(*(given.references.values() for given in apart if given.references), strict=True)
    names = (givens[0].references or {}).keys()
    alerts = [given.alerts for given in apart if given.alerts is not None]
    return replace(
        givens[0],
        rows=_joined([given.rows for given in apart]),
        known=_joined([given.known for given in apart]),
        proceedings=_joined([given.proceedings for given in apart]),
        alerts=_joined(alerts) if alerts else None,
        references=None if not names else dict(zip(names, map(np.concatenate, columns), strict=True)),
    )


def _starts(givens: list[Given]) -> Iterator[int]:
    """The first number for the firms of each world."""
    start = 0
    for given in givens:
        yield start
        start += len(_firms(given))


def _firms(given: Given) -> Sirens:
    told = [] if given.alerts is None else [given.alerts.sirens]
    return np.unique(np.concatenate([given.rows.sirens, given.proceedings.sirens, *told]))


def _renumbered(given: Given, start: int) -> Given:
    firms = _firms(given)

    def numbered(sirens: Sirens) -> Sirens:
        return (np.searchsorted(firms, sirens) + start).astype(np.uint32)

    return replace(
        given,
        rows=replace(given.rows, sirens=numbered(given.rows.sirens)),
        proceedings=Proceedings(numbered(given.proceedings.sirens), given.proceedings.days),
        alerts=None if given.alerts is None else Alerts(numbered(given.alerts.sirens), given.alerts.days),
    )


T = TypeVar("T", FirmMonths, Known, Proceedings, Alerts)


def _joined(parts: list[T]) -> T:
    return type(parts[0])(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(parts[0])))


def _print(world: str, evaluation: Evaluation, replayed: float | None, referred: float | None) -> None:
    span = f"{evaluation.first_month} to {evaluation.last_month}"
    vigie = _cells(evaluation.overall, evaluation.monthly_average_precision)
    print(row([world, span, "Vigie", *vigie, *_early(evaluation.leads["strong"]), "", "", number(replayed, 0)]))
    debt = _cells(evaluation.baselines["debt_to_contribution"], None)
    print(row([world, span, "debt over contribution", *debt, "", "", "", "", ""]))
    found = evaluation.references
    if found is not None:
        span = f"{found.first_month} to {found.last_month}"
        vigie = _cells(found.vigie, found.vigie_monthly_average_precision)
        print(row([world, span, "Vigie, same months", *vigie, "", "", "", "", number(referred, 0)]))
        for reference in found.references:
            print(row([world, span, reference.name, *_reference(reference)]))
    sys.stdout.flush()


def _reference(reference: Reference) -> list[str]:
    strong, same = reference.strong, reference.vigie_at_its_precision
    return [
        *_cells(reference.figures, reference.monthly_average_precision),
        *(_early(strong.lead) if strong else ("", "")),
        number(same.lead.share_6_months, 2) if same else "",
        interval(reference.ratios["average_precision"]),
        "",
    ]


def _early(lead: Lead) -> tuple[str, str]:
    """How early the firms were called, and the share of those that failed called at least six months ahead."""
    return number(lead.median_months, 1), number(lead.share_6_months, 2)


def _half_years(world: str, evaluation: Evaluation) -> list[list[str]]:
    """Calibration is asked for apart in quiet times and in a moratorium."""
    return _parts(world, "half-year", evaluation.by_half_year)


def _groups(world: str, evaluation: Evaluation) -> list[list[str]]:
    """Whom the model serves better and worse."""
    groups = {"size": evaluation.by_size, "sector": evaluation.by_sector, "region": evaluation.by_region}
    return [line for name, of in groups.items() for line in _parts(world, name, of)]


def _parts(world: str, of: str, groups: Sequence[Group]) -> list[list[str]]:
    names = ("base_rate", "ece", "average_precision", "auroc", "strong_precision", "strong_recall")
    return [
        [world, of, group.name, str(group.firm_months), *(number(group.figures[name].value) for name in names)]
        for group in groups
    ]


def _cells(figures: Figures, monthly: float | None) -> list[str]:
    first, *others = (figures[name] for name in COLUMNS)
    return [interval(first), number(monthly), *(number(estimate.value) for estimate in others)]


if __name__ == "__main__":
    main()
