"""What a simulation wrote, and what it hid: counts to compare with, and the truth about each firm."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from detectors.months import month_text
from streams.simulate import sectors
from streams.simulate.arrays import NEVER, Bools, Ints
from streams.simulate.lives import ACTIONS, KINDS
from streams.simulate.tables import Block

PERIMETER_HEADCOUNT = 10
HORIZON_MONTHS = 18


@dataclass
class FileCount:
    """The rows of one file, header apart; every other number is a part of `rows`."""

    rows: int = 0
    corrupt: int = 0
    corrupt_sorts: dict[str, int] = field(default_factory=dict)
    doubled: int = 0
    displaced: int = 0
    late: int = 0

    def add(self, rows: int, sorts: list[str], doubled: int, displaced: int, late: int) -> None:
        """Counts one block's rows in; `sorts` has one element a corrupt row."""
        self.rows += rows
        self.corrupt += len(sorts)
        self.corrupt_sorts = dict(sorted((Counter(self.corrupt_sorts) + Counter(sorts)).items()))
        self.doubled += doubled
        self.displaced += displaced
        self.late += late


@dataclass(frozen=True)
class Hidden:
    """The truth about one firm, which no file tells."""

    siren: str
    kind: str
    """healthy, slow, sudden or recovering: its last episode in the span."""
    onset: str | None
    """Month (YYYY-MM) in which that episode began."""
    proceeding: str | None
    """Month of its first proceeding."""
    action: str | None
    """liquidation, redressement or sauvegarde."""


@dataclass
class Truth:
    """The truth about every firm, in order of creation."""

    firms: list[Hidden] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """Writes it as CSV: siren,kind,onset,proceeding,action; nothing is an empty cell."""
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(["siren", "kind", "onset", "proceeding", "action"])
            writer.writerows([[one.siren, one.kind, one.onset, one.proceeding, one.action] for one in self.firms])


@dataclass
class Exposure:
    """Firm-months of the perimeter and the proceedings among them, summed over blocks."""

    firm_months: int = 0
    entries: int = 0
    observed: int = 0
    """Firm-months followed by a full horizon inside the span."""
    followed: int = 0
    """Those of them with a proceeding within the horizon."""

    def add(self, block: Block) -> None:
        """Counts one block in."""
        inside = perimeter(block)
        opening, months = block.lives.opening, np.arange(block.calendar.length)[:, None]
        before = np.flatnonzero(opening < NEVER)
        self.firm_months += int(inside.sum())
        self.entries += int(inside[np.maximum(opening[before] - 1, block.calendar.opens), before].sum())
        observed = inside & (months + HORIZON_MONTHS < block.calendar.length)
        self.observed += int(observed.sum())
        self.followed += int((observed & (opening <= months + HORIZON_MONTHS)).sum())


def perimeter(block: Block) -> Bools:
    """Months x firms: ten employees or more, no public body nor school, before any proceeding, within the span."""
    months = np.arange(block.calendar.length)[:, None]
    going = (months >= block.calendar.opens) & (months <= block.lives.opening)
    large: Bools = block.firm_headcount >= PERIMETER_HEADCOUNT
    return large & going & ~sectors.OUTSIDE[block.firms.sector]


def hidden(block: Block) -> Iterator[Hidden]:
    """The truth about each firm of a block."""
    lives, first = block.lives, block.calendar.first
    for i, siren in enumerate(block.firms.siren.tolist()):
        opened = int(lives.opening[i]) < NEVER
        yield Hidden(
            siren=siren,
            kind=KINDS[int(lives.kind[i])],
            onset=_month(lives.onset, i, first),
            proceeding=_month(lives.opening, i, first),
            action=ACTIONS[int(lives.action[i])] if opened else None,
        )


def _month(months: Ints, i: int, first: int) -> str | None:
    return month_text(int(months[i]) + first) if int(months[i]) < NEVER else None


@dataclass
class Summary:
    """What was written; `truth` is what was not."""

    seed: int
    start: str
    months: int
    moratorium: str | None
    firms: int
    files: dict[str, FileCount]
    proceedings: int = 0
    """Firms that enter a proceeding in the span, in the perimeter or not."""
    exposure: Exposure = field(default_factory=Exposure)
    truth: Truth = field(default_factory=Truth)

    @property
    def rows(self) -> int:
        """Rows in all files, headers apart."""
        return sum(one.rows for one in self.files.values())

    @property
    def corrupt(self) -> int:
        """Corrupt rows in all files."""
        return sum(one.corrupt for one in self.files.values())

    @property
    def base_rate(self) -> float:
        """Proceedings a year and firm of the perimeter."""
        return self.exposure.entries / max(self.exposure.firm_months / 12, 1)

    @property
    def base_rate_horizon(self) -> float | None:
        """Share of the perimeter's firm-months followed by a proceeding within 18 months; None in a short world."""
        return self.exposure.followed / self.exposure.observed if self.exposure.observed else None

    def add(self, block: Block) -> None:
        """Counts one block's firms in."""
        self.proceedings += int((block.lives.opening < NEVER).sum())
        self.exposure.add(block)
        self.truth.firms.extend(hidden(block))

    def as_json(self) -> dict[str, Any]:
        """The summary without the truth, ready for JSON."""
        horizon = self.base_rate_horizon
        return {
            "seed": self.seed,
            "start": self.start,
            "months": self.months,
            "moratorium": self.moratorium,
            "firms": self.firms,
            "rows": self.rows,
            "corrupt_rows": self.corrupt,
            "proceedings": self.proceedings,
            "perimeter_firm_months": self.exposure.firm_months,
            "base_rate_per_year": round(self.base_rate, 5),
            "base_rate_18_months": None if horizon is None else round(horizon, 5),
            "files": {f"{kind}.csv": asdict(count) for kind, count in self.files.items()},
        }
