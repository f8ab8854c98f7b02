"""From parameters to files: blocks of firms are lived and written one after the other, so memory stays bounded."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from detectors.months import month_text
from streams.simulate import headcounts, population
from streams.simulate.disorder import disordered
from streams.simulate.files import Files
from streams.simulate.ledger import keep_books
from streams.simulate.lives import lives
from streams.simulate.partial_unemployment import partial_unemployment
from streams.simulate.proceedings import proceedings
from streams.simulate.spelling import Spelling, spelling
from streams.simulate.summary import Summary
from streams.simulate.tables import Block, month_columns, tables
from streams.simulate.world import Calendar, World, calendar

BLOCK_FIRMS = 1000
"""Firms lived together. Part of what a seed means: another size gives another world."""


def simulate(
    directory: Path, world: World, seed: int, progress: Callable[[int], None] = lambda _firms: None
) -> Summary:
    """Writes a world's partner files into a directory and tells what it wrote.

    Effects, in order: the directory and the headers of all files (files of the same names are replaced), then the rows
    block by block; `progress` hears how many firms each block had. A kill leaves files that are valid but short. The
    same world and seed give the same bytes. Raises UnusableInput on parameters out of range or an unusable directory.
    """
    span = calendar(world)
    dates = spelling(_earliest(span), span.extraction + 1500)
    with Files(directory, month_columns(span)) as files:
        summary = Summary(seed, world.start, world.months, _moratorium_text(span), world.firms, files.counts)
        for start in range(0, world.firms, BLOCK_FIRMS):
            count = min(BLOCK_FIRMS, world.firms - start)
            block = live(world, seed, start, count, span)
            _write(files, block, world, seed, dates)
            summary.add(block)
            progress(count)
    return summary


def live(world: World, seed: int, start: int, count: int, span: Calendar) -> Block:
    """The lives of the firms numbered from `start`, which depend on no other firm, nor on any later month."""
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence([seed, start]).spawn(9)]
    firms = population.firms(streams[0], start, count, seed, span)
    at = population.establishments(streams[1], firms)
    accounts = population.accounts(streams[2], firms, at)
    life = lives(streams[3], firms, span, world.failures)
    headcount = headcounts.headcounts(streams[4], firms, accounts, life, span)
    by_firm = headcounts.by_firm(firms, accounts, headcount)
    due = headcounts.dues(streams[5], firms, accounts, headcount, span)
    return Block(
        firms=firms,
        at=at,
        accounts=accounts,
        lives=life,
        books=keep_books(streams[6], firms, accounts, life, due, span),
        partial=partial_unemployment(streams[7], firms, at, life, by_firm, span),
        proceedings=proceedings(streams[8], life, span),
        headcount=headcount,
        firm_headcount=by_firm,
        unknown=headcounts.unknown(np.random.default_rng([seed, start, 9]), headcount.shape, 0.01),
        calendar=span,
    )


def _write(files: Files, block: Block, world: World, seed: int, dates: Spelling) -> None:
    first = int(block.firms.number[0])
    for order, table in enumerate(tables(block, dates)):
        files.write(table.kind, disordered(np.random.default_rng([seed, first, 10, order]), table, world))


def _earliest(span: Calendar) -> int:
    """The earliest day that a file may hold: the creation of the oldest firm."""
    return span.day(0) - 14_500


def _moratorium_text(span: Calendar) -> str | None:
    if span.moratorium is None:
        return None
    begin, end = span.moratorium
    return f"{month_text(span.first + begin)}:{month_text(span.first + end - 1)}"
