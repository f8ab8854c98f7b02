"""What real files do to good rows: some are doubled, some displaced, a few spoiled."""

from dataclasses import dataclass

import numpy as np

from streams.simulate.arrays import Ints
from streams.simulate.corruption import faults
from streams.simulate.tables import Table
from streams.simulate.world import World


@dataclass(frozen=True)
class Disorder:
    """Rows ready to be written, and what was done to them."""

    rows: list[list[str]]
    doubled: int
    displaced: int
    late: int
    """Rows known long after their period, copies included."""
    corrupt: list[tuple[int, str]]
    """Place in `rows` and sort of each spoiled row."""


def disordered(rng: np.random.Generator, table: Table, world: World) -> Disorder:
    """The rows of a table, doubled, displaced and spoiled; spoiling draws apart, so --clean changes nothing else."""
    arrange, spoil = rng.spawn(2)
    count = len(table.columns[0])
    copies = np.flatnonzero(arrange.random(count) < world.doubled)
    place = np.concatenate([np.arange(count), copies])
    moved = arrange.random(len(place)) < world.displaced
    anywhere = arrange.random(len(place)) * count
    order = np.argsort(np.where(moved, anywhere, place), kind="stable")
    place = place[order]
    cells = [[column[index] for index in place.tolist()] for column in table.columns]
    rows = [list(row) for row in zip(*cells, strict=True)]
    corrupt = [] if world.clean else _spoil(spoil, table.kind, rows, world.corrupt)
    return Disorder(rows, len(copies), int(moved.sum()), int(table.late[place].sum()), corrupt)


def _spoil(rng: np.random.Generator, kind: str, rows: list[list[str]], share: float) -> list[tuple[int, str]]:
    sorts = faults(kind)
    chosen: Ints = np.flatnonzero(rng.random(len(rows)) < share)
    done = []
    for row, draw in zip(chosen.tolist(), rng.random(len(chosen)).tolist(), strict=True):
        fault = sorts[int(draw * len(sorts))]
        rows[row] = fault.spoil(rows[row])
        done.append((row, fault.sort))
    return done
