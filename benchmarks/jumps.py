"""How often quiet firms jump, and how soon firms do whose trouble begins, on simulated worlds whose truth is known.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.jumps --firms 2000 --months 72 --seeds 41,42

Each world is replayed, learning as it goes. A firm-month counts where the firm had been scored at enough month ends to
jump. A firm is quiet where the simulator has no episode for it in all of its span, and no proceeding; a month is
without debt where nothing was owed at any month end of the year around it. Prints two tables: jumps for 100 firm-years,
and the share of onsets after which a firm jumps, or jumps or reaches a level, within so many months. A quiet firm from
a month drawn for it stands for chance. A firm that reaches a level is told of that and not of a jump; with `--alone` no
level is ever reached, to see the rule of jumps by itself.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.files import FAR
from benchmarks.nowhere import Nowhere
from benchmarks.tables import interval, number, row
from detectors.chain import ChainOptions
from detectors.decisions import DecisionOptions
from detectors.evaluation.bootstrap import Estimate, Resampling, estimates
from detectors.evaluation.firm_months import Months
from detectors.evaluation.ranking import Bools, Floats
from detectors.jumps import JumpOptions
from detectors.learning import Learner
from detectors.models import Thresholds
from detectors.months import last_day, month_of, parse_month
from detectors.outcome import Outcome
from detectors.view import View
from streams import ingest
from streams.replay import Replay, ReplayOptions
from streams.report import Report
from streams.simulate import World, simulate
from streams.simulate.summary import Hidden
from streams.simulate.world import calendar

AROUND = 6
"""Months before and after a month that are the year around it."""
WITHIN = (3, 6)
"""Months after an onset."""
KINDS = ("sudden", "slow", "recovering")
RATES = ("who", "firm-years", "jumps", "jumps for 100 firm-years", "alerts of jumps and levels for 100 firm-years")
FOUND = ("onset", "firms", *(f"{what} within {n}" for what in ("jump", "jump or level") for n in WITHIN))

_OUT_OF_REACH = Thresholds(moderate=1 - 1e-9, strong=1 - 1e-9)


@dataclass(frozen=True)
class Lives:
    """What became of the firms of one world or several; a firm of one is no firm of another.

    Firm-months at which a firm could jump, n of them, in any order; onsets, o of them.
    """

    firms: NDArray[np.intp]
    months: Months
    jumps: Floats
    """Jumps of the firm in the month, (n,)."""
    levels: Floats
    """Levels that it reached, (n,)."""
    quiet: Bools
    debtless: Bools
    moratorium: Bools
    learned: Bools
    """Whether the model of the month had learned from firms that failed."""
    onset_firms: NDArray[np.intp]
    kinds: NDArray[np.str_]
    """Of each onset; the empty one is a quiet firm's, from a month drawn for it."""
    to_jump: Floats
    """Months from the onset to the first jump since, (o,); infinite where there is none."""
    to_alert: Floats
    """The same to the first jump or level reached."""


def main() -> None:
    """Simulate, replay, count, print."""
    usual = JumpOptions()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.jumps", description=__doc__)
    parser.add_argument("--firms", type=int, default=2_000)
    parser.add_argument("--months", type=int, default=72)
    parser.add_argument("--seeds", default="41", help="worlds, as 41,42")
    parser.add_argument("--moratorium", default="auto", help="as of `vigie simulate`")
    parser.add_argument("--rise", type=float, default=usual.rise)
    parser.add_argument("--deviations", type=float, default=usual.deviations)
    parser.add_argument("--alone", action="store_true", help="no levels, jumps by themselves")
    parser.add_argument("--bootstrap", type=int, default=200, help="samples of firms behind each interval")
    given = parser.parse_args()
    world = World(firms=given.firms, months=given.months, moratorium=given.moratorium)
    options = JumpOptions(given.rise, given.deviations)
    run(world, list(map(int, given.seeds.split(","))), options, given.alone, given.bootstrap)


def run(world: World, seeds: Sequence[int], options: JumpOptions, alone: bool, bootstrap: int) -> None:
    """Print both tables, of all worlds together."""
    worlds = []
    for seed in seeds:
        worlds.append(lives(world, seed, options, alone))
        print(f"seed {seed} done", file=sys.stderr, flush=True)
    whole, resampling = together(worlds), Resampling(bootstrap)
    for header, lines in ((RATES, rates(whole, resampling)), (FOUND, found(whole, resampling))):
        print(row(header), row("---" for _ in header), *map(row, lines), "", sep="\n")


def lives(world: World, seed: int, options: JumpOptions, alone: bool) -> Lives:
    """The firm-months and the onsets of one world."""
    with tempfile.TemporaryDirectory() as name:
        truth = simulate(Path(name), world, seed).truth.firms
        chain = ChainOptions(decisions=DecisionOptions(jumps=options))
        watched = _Watched(ReplayOptions(chain=chain, wording=False), Nowhere(), datetime(2026, 1, 1, tzinfo=UTC))
        watched.watch(options.month_ends, alone)
        watched.run(ingest.frames([Path(name)], Report(), today=FAR))
    return _lives(watched, {int(one.siren): one for one in truth}, world, seed)


def together(worlds: Sequence[Lives]) -> Lives:
    """Several as one."""
    starts = np.cumsum([0, *(int(of.firms.max(initial=-1)) + 1 for of in worlds)])
    columns = {
        name: np.concatenate([getattr(of, name) for of in worlds])
        for name in Lives.__dataclass_fields__
        if name not in ("firms", "onset_firms")
    }
    return Lives(
        firms=np.concatenate([of.firms + start for of, start in zip(worlds, starts, strict=False)]),
        onset_firms=np.concatenate([of.onset_firms + start for of, start in zip(worlds, starts, strict=False)]),
        **columns,
    )


def rates(of: Lives, resampling: Resampling) -> Iterator[list[str]]:
    """The lines of the first table."""
    for name, rows in (
        ("all firms", np.ones(len(of.firms), bool)),
        ("quiet firms", of.quiet),
        ("quiet firms, by the scorecard alone", of.quiet & ~of.learned),
        ("quiet firms, once learned", of.quiet & of.learned & ~of.moratorium),
        ("quiet firms, in the moratorium", of.quiet & of.moratorium),
        ("any firm, in a year without debt", of.debtless),
        ("any firm, in a year without debt, once learned", of.debtless & of.learned),
    ):
        if rows.any():
            jumps = _per_100_years(of.firms[rows], of.jumps[rows], resampling)
            alerts = _per_100_years(of.firms[rows], of.jumps[rows] + of.levels[rows], resampling)
            counts = (number(rows.sum() / 12, 0), number(of.jumps[rows].sum(), 0))
            yield [name, *counts, interval(jumps), interval(alerts)]


def found(of: Lives, resampling: Resampling) -> Iterator[list[str]]:
    """The lines of the second table."""
    for kind in (*KINDS, ""):
        rows = of.kinds == kind
        if rows.any():
            shares = [
                _share(of.onset_firms[rows], months[rows] <= within, resampling)
                for months in (of.to_jump, of.to_alert)
                for within in WITHIN
            ]
            yield [kind or "none: chance", number(rows.sum(), 0), *map(interval, shares)]


class _Watched(Replay):
    """A replay that keeps who could jump at each month end, who owed something, and who was told of."""

    def watch(self, month_ends: int, alone: bool) -> None:
        """Begin; a firm can jump after so many month ends, and with `alone` levels are out of reach."""
        self.seen: list[tuple[int, NDArray[np.uint32], Bools, Bools]] = []
        self.jumps: list[tuple[int, int]] = []
        """SIREN and month of each."""
        self.levels: list[tuple[int, int]] = []
        """The same of levels reached."""
        self.learned: list[int] = []
        """Months whose events were scored by a model that had learned."""
        self._least, self._alone = month_ends, alone
        self._without_levels()

    def _take(self, outcome: Outcome, start: int) -> None:
        super()._take(outcome, start)
        for decision in outcome.decisions:
            kept = {"jump": self.jumps, "raised": self.levels}.get(decision.kind)
            if kept is not None:
                kept.append((int(decision.siren), month_of(date.fromordinal(decision.day))))
        if outcome.scores is not None and outcome.cohort is not None:
            # The panel is as it was when the month ended: the step goes on only when it is asked for more.
            month, sirens, panel = outcome.scores.month, outcome.cohort.sirens, self.chain.panel
            rows = panel.rows_of(sirens, make=False)
            owing = View(panel, rows, month, np.full(len(rows), last_day(month).toordinal(), np.int32)).debt > 0
            if self.model.relative is not None:
                # It scores from the next month on.
                self.learned.append(month + 1)
            self.seen.append((month, sirens, panel.firms["month_ends"][rows] > self._least, owing))

    def _learn(self, learner: Learner, outcome: Outcome, cohort: int) -> None:
        super()._learn(learner, outcome, cohort)
        self._without_levels()

    def _without_levels(self) -> None:
        if self._alone:
            self.chain.use(msgspec.structs.replace(self.model, thresholds=_OUT_OF_REACH))


def _lives(watched: _Watched, truth: dict[int, Hidden], world: World, seed: int) -> Lives:
    seen = watched.seen
    firms = np.unique(np.concatenate([sirens for _, sirens, _, _ in seen]))
    first, length = seen[0][0], seen[-1][0] - seen[0][0] + 1
    able, owing, known = (np.zeros((len(firms), length), bool) for _ in range(3))
    for month, sirens, could, owes in seen:
        at = np.searchsorted(firms, sirens)
        able[at, month - first], owing[at, month - first], known[at, month - first] = could, owes, True
    jumps, levels = (_counts(pairs, firms, first, length) for pairs in (watched.jumps, watched.levels))
    debtless = ~_around(owing) & ~_around(~known)
    quiet = np.array([truth[f].kind == "healthy" and truth[f].proceeding is None for f in firms.tolist()])
    span, shut = calendar(world), np.zeros(length, bool)
    if span.moratorium is not None:
        shut[span.moratorium[0] + span.first - first : span.moratorium[1] + span.first - first] = True
    # A jump in a month after which the firm was not scored again is one of a month at which it could jump.
    able |= jumps > 0
    at_firm, at_month = np.nonzero(able)
    onset_firms, onset_months, kinds = _onsets(firms, able, quiet, truth, first, seed)
    return Lives(
        firms=at_firm,
        months=(at_month + first).astype(np.int32),
        jumps=jumps[able],
        levels=levels[able],
        quiet=quiet[at_firm],
        debtless=debtless[able],
        moratorium=shut[at_month],
        learned=np.isin(at_month + first, watched.learned),
        onset_firms=onset_firms,
        kinds=kinds,
        to_jump=_months_to(jumps > 0, onset_firms, onset_months),
        to_alert=_months_to(jumps + levels > 0, onset_firms, onset_months),
    )


def _counts(pairs: Sequence[tuple[int, int]], firms: NDArray[np.uint32], first: int, length: int) -> Floats:
    """How many of the pairs of SIREN and month there are, (firms, months)."""
    counts = np.zeros((len(firms), length))
    for siren, month in pairs:
        at = int(np.searchsorted(firms, siren))
        # A firm that is told of and gone before any month end, or a month that has not ended, is no firm-month.
        if at < len(firms) and firms[at] == siren and month - first < length:
            counts[at, month - first] += 1
    return counts


def _around(there: Bools) -> Bools:
    """Whether it is so in any month of the year around, within the span; shape of `there` (firms, months)."""
    found = there.copy()
    for k in range(1, AROUND + 1):
        found[:, k:] |= there[:, :-k]
        found[:, :-k] |= there[:, k:]
    return found


def _onsets(
    firms: NDArray[np.uint32], able: Bools, quiet: Bools, truth: dict[int, Hidden], first: int, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.str_]]:
    """Firm, month and kind of each onset before which the firm could jump and after which WITHIN lies in the span."""
    draw, last = np.random.default_rng(seed), able.shape[1] - WITHIN[-1]
    rows, at, kinds = list[int](), list[int](), list[str]()
    for i, siren in enumerate(firms.tolist()):
        one, could = truth[siren], np.flatnonzero(able[i, :last])
        month = -1
        if quiet[i] and len(could):
            month, kind = int(draw.choice(could)), ""
        elif one.kind in KINDS and one.onset is not None:
            month, kind = parse_month(one.onset) - first, one.kind
        if 0 < month < last and (quiet[i] or able[i, month - 1]):
            rows.append(i)
            at.append(month)
            kinds.append(kind)
    return np.array(rows, np.intp), np.array(at, np.intp), np.array(kinds, dtype=str)


def _months_to(happens: Bools, firms: NDArray[np.intp], months: NDArray[np.intp]) -> Floats:
    """Months from each of these to the first in which it happens, (o,); infinite where it does not."""
    later = happens[firms] & (np.arange(happens.shape[1]) >= months[:, None])
    return np.where(later.any(axis=1), later.argmax(axis=1) - months, np.inf)


def _per_100_years(firms: NDArray[np.intp], counts: Floats, resampling: Resampling) -> Estimate:
    def rate(weights: Floats) -> Floats:
        return np.array([1200 * (weights @ counts) / weights.sum()])

    return estimates(rate, np.unique(firms, return_inverse=True)[1], resampling)[0]


def _share(firms: NDArray[np.intp], hits: Bools, resampling: Resampling) -> Estimate:
    def share(weights: Floats) -> Floats:
        return np.array([(weights @ hits) / weights.sum()])

    return estimates(share, np.unique(firms, return_inverse=True)[1], resampling)[0]


if __name__ == "__main__":
    main()
