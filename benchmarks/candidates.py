"""Vigie's ensemble beside its own members, River's models and hazards on shorter horizons, all learning online.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.candidates --firms 2000 --months 66 --seeds 31,32

All are told of the same firms, score each month end before they learn what is answered at its end, and learn nothing
before its horizon has passed. Of a cohort each learns `--rows` firms at most; where there are more, candidates draw
evenly, Vigie as its reservoir does. All but Vigie, which does so itself, are calibrated by a line fitted on their own
answered scores of twelve months. Judged are the months in which all had scores. The last rows are means of log-odds of
Vigie and another, to see what the other would add.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from benchmarks.contenders import Contender, contenders, size
from benchmarks.history import History, history
from benchmarks.tables import interval, number, row
from detectors.blending import fit_line
from detectors.evaluation.bootstrap import Resampling
from detectors.evaluation.comparison import Comparison, compare
from detectors.evaluation.firm_months import Days, FirmMonths
from detectors.evaluation.measures import Figures
from detectors.evaluation.ranking import Bools, Floats
from detectors.labels import HORIZON
from detectors.logits import sigmoid
from streams.simulate import World

HEADER = ("who", "AP", "AP by world", "AUROC", "log-loss", "ECE", "Vigie's AP over its", "CPU s", "MB")
VIGIE = "Vigie"
ADDED = ("hazards, relative regression", "hazards, renewed trees", "logistic regression, binned features")
"""What is averaged with Vigie."""
_RECENT = 12
"""Answered months whose scores calibrate."""
_DRAWN_TO_IDENTITY = 20.0
"""Failed firms that weigh as much as identity."""


@dataclass(frozen=True)
class Cost:
    """What a contender took in one world, to learn and to score."""

    cpu_seconds: float
    megabytes: float


@dataclass
class Scored:
    """What was said in a world, by name and month, log-odds of the month's firms; and what it cost."""

    logits: dict[str, dict[int, Floats]] = field(default_factory=dict)
    costs: dict[str, Cost] = field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    """The firm-months of a world that all had scored and that are answered: n rows."""

    rows: FirmMonths
    days: Days
    """The first proceeding of each row's firm."""
    others: dict[str, Floats]
    """The probabilities of all but Vigie, (n,) each."""
    costs: dict[str, Cost]


def main() -> None:
    """Simulate, score, learn, judge, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.candidates", description=__doc__)
    parser.add_argument("--firms", type=int, default=2_000)
    parser.add_argument("--months", type=int, default=66)
    parser.add_argument("--seeds", default="31", help="worlds, as 31,32")
    parser.add_argument("--moratorium", default="auto", help="as of `vigie simulate`")
    parser.add_argument("--rows", type=int, default=1_500, help="firms of a cohort that are learned")
    parser.add_argument(
        "--river", action=argparse.BooleanOptionalAction, default=True, help="River's models, which take the time"
    )
    parser.add_argument("--bootstrap", type=int, default=200, help="samples of firms behind each interval")
    parser.add_argument("--processes", type=int, default=1, help="worlds at a time")
    options = parser.parse_args()
    world = World(firms=options.firms, months=options.months, moratorium=options.moratorium)
    run(world, list(map(int, options.seeds.split(","))), options)


def run(world: World, seeds: Sequence[int], options: argparse.Namespace) -> None:
    """Print the table of all worlds together."""
    one = partial(judged, world, options.rows, options.river)
    if options.processes == 1:
        report([one(seed) for seed in seeds], options.bootstrap)
    else:
        with ProcessPoolExecutor(options.processes) as pool:
            report(list(pool.map(one, seeds)), options.bootstrap)


def report(worlds: Sequence[Judged], samples: int) -> None:
    """Print the table; `samples` of firms are behind each interval."""
    whole = comparison(worlds, samples)
    apart = [comparison([of], 0) for of in worlds]
    print(f"{whole.first_month} to {whole.last_month}, {whole.firm_months} firm-months, {whole.positives} positive\n")
    print(row(HEADER), row("---" for _ in HEADER), sep="\n")
    for line in table(whole, apart, worlds):
        print(row(line))


def judged(world: World, rows: int, river: bool, seed: int) -> Judged:
    """One world: everything scored as it went, calibrated, and cut to what all had scored."""
    past = history(world, seed)
    said = scored(past, contenders(rows, river))
    print(f"seed {seed} done", file=sys.stderr, flush=True)
    return common(past, said)


def scored(past: History, of: Sequence[Contender]) -> Scored:
    """Take contenders through a world: score a month end, then learn what is answered at its end."""
    said, last = Scored(), past.ends[-1].month - HORIZON
    for contender in of:
        began, names = time.process_time(), list[str]()
        for end in past.ends:
            if end.month > last:
                break
            for name, logits in contender.scores(end).items():
                said.logits.setdefault(name, {})[end.month] = logits
                names.append(name)
            contender.learn(past.known(end.month))
        if names:
            said.costs[names[0]] = Cost(time.process_time() - began, size(contender))
            print(f"{names[0]}: {said.costs[names[0]]}", file=sys.stderr, flush=True)
    return said


def common(past: History, said: Scored) -> Judged:
    """The probabilities of the firm-months that all have scored."""
    ends = {end.month: end for end in past.ends}
    months = sorted(set.intersection(*(set(by_month) for by_month in said.logits.values())))
    sirens = np.concatenate([ends[month].cohort.sirens for month in months])
    of_rows = np.concatenate([np.full(len(ends[month].cohort), month, np.int32) for month in months])
    named = {name: by_month if name == VIGIE else calibrated(past, by_month) for name, by_month in said.logits.items()}
    flat = {name: np.concatenate([by_month[month] for month in months]) for name, by_month in named.items()}
    flat |= {f"{VIGIE} and {name}": (flat[VIGIE] + flat[name]) / 2 for name in ADDED if name in flat}
    rows = FirmMonths(sirens, of_rows, sigmoid(flat.pop(VIGIE)), np.zeros(len(sirens), np.uint8))
    others = {name: sigmoid(logits) for name, logits in flat.items()}
    return Judged(rows, past.proceedings.days_of(sirens), others, said.costs)


def calibrated(past: History, by_month: dict[int, Floats]) -> dict[int, Floats]:
    """Each month's log-odds by the line that fits the answered months before it; as they are until there are any."""
    ends, found = {end.month: end for end in past.ends}, dict[int, Floats]()
    for month, logits in by_month.items():
        answered = [m for m in by_month if m + HORIZON < month][-_RECENT:]
        slope, shift = 1.0, 0.0
        if answered:
            raw = np.concatenate([by_month[m] for m in answered])
            known = past.known(month - 1)
            labels: Bools = np.concatenate([known.answers(ends[m].month, HORIZON) for m in answered])
            # As in Vigie: the answers of a firm overlap by all but a month.
            weights = np.full(len(raw), 1 / HORIZON)
            design = np.column_stack([raw, np.ones(len(raw))])
            identity = np.array([1.0, 0.0])
            slope, shift = fit_line(design, labels, weights, identity, np.full(2, _DRAWN_TO_IDENTITY))
        found[month] = slope * logits + shift
    return found


def comparison(worlds: Sequence[Judged], samples: int) -> Comparison:
    """Vigie and the others on the firm-months of all worlds; a firm of one is no firm of another."""
    rows = [of.rows for of in worlds]
    sirens, start = [], 0
    for of in rows:
        firms, numbers = np.unique(of.sirens, return_inverse=True)
        sirens.append((numbers + start).astype(np.uint32))
        start += len(firms)
    together = FirmMonths(
        np.concatenate(sirens),
        *(np.concatenate([getattr(of, name) for of in rows]) for name in ("months", "probabilities", "tiers")),
    )
    given = {name: np.concatenate([of.others[name] for of in worlds]) for name in worlds[0].others}
    days = np.concatenate([of.days for of in worlds])
    found = compare(together, np.ones(len(together), bool), days, given, HORIZON, Resampling(samples))
    assert found is not None, "all rows are answered, and all have scored them"
    return found


def table(whole: Comparison, apart: Sequence[Comparison], worlds: Sequence[Judged]) -> Iterator[list[str]]:
    """The lines, Vigie's first."""

    def line(name: str, figures: Figures, by_world: Sequence[Figures], ratio: str) -> list[str]:
        costs = [of.costs[name] for of in worlds if name in of.costs]
        return [
            name,
            interval(figures["average_precision"]),
            " ".join(number(of["average_precision"].value) for of in by_world),
            *(number(figures[figure].value) for figure in ("auroc", "log_loss", "ece")),
            ratio,
            number(float(np.mean([cost.cpu_seconds for cost in costs])), 0) if costs else "",
            number(float(np.mean([cost.megabytes for cost in costs])), 1) if costs else "",
        ]

    yield line(VIGIE, whole.vigie, [of.vigie for of in apart], "")
    for i, other in enumerate(whole.references):
        by_world = [of.references[i].figures for of in apart]
        yield line(other.name, other.figures, by_world, interval(other.ratios["average_precision"]))


if __name__ == "__main__":
    main()
