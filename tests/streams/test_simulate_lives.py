"""The simulated lives: base rates, what shows before a proceeding, the moratorium, seasons."""

from dataclasses import replace

import numpy as np
import pytest

from detectors.errors import UnusableInput
from streams.simulate import World, sectors
from streams.simulate.arrays import NEVER, Floats, Ints
from streams.simulate.lives import KINDS
from streams.simulate.places import DEPARTMENTS, commune, postcode
from streams.simulate.run import BLOCK_FIRMS, live
from streams.simulate.summary import Exposure, perimeter
from streams.simulate.tables import Block
from streams.simulate.world import calendar

WORLD = World(firms=3000, months=84, moratorium="2022-01:2022-06")
SHOCK = range(36 + 48, 36 + 54)
"""The moratorium, as indices of months."""


def blocks(world: World, seed: int) -> list[Block]:
    span = calendar(world)
    starts = range(0, world.firms, BLOCK_FIRMS)
    return [live(world, seed, start, min(BLOCK_FIRMS, world.firms - start), span) for start in starts]


@pytest.fixture(scope="module")
def shaken() -> list[Block]:
    return blocks(WORLD, 1)


@pytest.fixture(scope="module")
def calm() -> list[Block]:
    return blocks(replace(WORLD, moratorium="none"), 1)


def owed(block: Block) -> Ints:
    """months x firms: cents outstanding at each month's end, from the versions written."""
    debts, months = block.books.debts, block.calendar.length
    debts = debts[np.lexsort((debts["version"], debts["sequence"], debts["first"], debts["account"]))]
    amount = debts["employee"] + debts["employer"]
    key = np.stack([debts[name] for name in ("account", "first", "sequence")])
    follows = np.r_[False, np.all(key[:, 1:] == key[:, :-1], axis=0)]
    before = np.where(follows, np.r_[0, amount[:-1]], 0)
    ends = np.array([block.calendar.day(t + 1) for t in range(months)])
    change = np.zeros((months, len(block.firms)), dtype=np.int64)
    month = np.searchsorted(ends, debts["treated"], side="right")
    np.add.at(change, (month, firm_of(block, debts["account"])), amount - before)
    return np.cumsum(change, axis=0)


def firm_of(block: Block, account: Ints) -> Ints:
    return block.accounts.firm[account]


def burden(block: Block) -> Floats:
    """months x firms: debt over the mean monthly contribution of the last 12 months."""
    rows, months = block.books.contributions, block.calendar.length
    due = np.zeros((months + 1, len(block.firms)))
    np.add.at(due, (rows["end"], firm_of(block, rows["account"])), rows["due"])
    total = np.cumsum(due, axis=0)
    year = np.array([total[t + 1] - total[max(0, t - 11)] for t in range(months)])
    return owed(block) / (year / 12 + 1000)


def auroc(positive: Floats, negative: Floats) -> float:
    """The chance that a positive ranks above a negative, ties counting half."""
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left")
    upto = np.searchsorted(ordered, positive, side="right")
    return float(np.mean((below + upto) / 2) / len(negative))


def before_proceeding(of: list[Block], lead: int) -> float:
    """AUROC of the debt burden `lead` months before a proceeding, against firms without one in 18 months."""
    positive, negative = [], []
    for block in of:
        ratio, inside, opening = burden(block), perimeter(block), block.lives.opening
        for firm in np.flatnonzero(opening < NEVER).tolist():
            t = int(opening[firm]) - lead
            if t > block.calendar.opens + 6 and inside[t, firm]:
                positive.append(float(ratio[t, firm]))
        for t in range(block.calendar.opens + 6, block.calendar.length - 18, 7):
            negative.append(ratio[t, inside[t] & (opening > t + 18)])
    return auroc(np.array(positive), np.concatenate(negative))


@pytest.mark.parametrize("seed", [2, 3])
def test_the_base_rate_lies_in_its_band(seed: int) -> None:
    exposure = Exposure()
    for block in blocks(World(firms=4000, months=60, moratorium="none"), seed):
        exposure.add(block)
    assert 0.033 < exposure.entries / (exposure.firm_months / 12) < 0.05
    assert 0.05 < exposure.followed / exposure.observed < 0.075


def test_the_base_rate_follows_its_parameter() -> None:
    few, many = (
        sum(int((block.lives.opening < NEVER).sum()) for block in blocks(World(2000, 48, failures=rate), 4))
        for rate in (0.02, 0.06)
    )
    assert 2 < many / few < 4


def test_debt_announces_proceedings_without_giving_them_away(calm: list[Block], shaken: list[Block]) -> None:
    assert 0.65 < before_proceeding(calm, 6) < 0.9
    assert 0.62 < before_proceeding(shaken, 6) < 0.9
    assert before_proceeding(calm, 12) < before_proceeding(calm, 6) < before_proceeding(calm, 1) < 0.97


def test_sudden_failures_come_with_little_warning(calm: list[Block]) -> None:
    warned = dict.fromkeys(("slow", "sudden"), 0.0)
    for kind in warned:
        shares = []
        for block in calm:
            ratio, lives = burden(block), block.lives
            failed = np.flatnonzero((lives.opening < NEVER) & (lives.kind == KINDS.index(kind)))
            failed = failed[lives.opening[failed] > block.calendar.opens + 12]
            shares.append(ratio[lives.opening[failed] - 5, failed] > 0.25)
        warned[kind] = float(np.concatenate(shares).mean())
    assert warned["slow"] > 0.6
    assert warned["sudden"] < warned["slow"] / 2


def test_most_firms_are_well_at_any_time(calm: list[Block]) -> None:
    for t in (40, 80, 110):
        well = [block.lives.health[t][perimeter(block)[t]] > -1.5 for block in calm]
        assert 0.85 < np.concatenate(well).mean() < 0.98


def test_every_kind_of_life_and_both_endings(calm: list[Block]) -> None:
    kinds = np.concatenate([block.lives.kind for block in calm])
    failed = np.concatenate([block.lives.opening < NEVER for block in calm])
    assert set(kinds.tolist()) == set(range(len(KINDS)))
    recovering = KINDS.index("recovering")
    assert 0.1 < failed[kinds == recovering].mean() < 0.45
    assert failed[kinds == KINDS.index("healthy")].mean() < 0.01
    converted = np.concatenate([block.lives.conversion for block in calm])
    assert np.all(converted[converted < NEVER] > np.concatenate([b.lives.opening for b in calm])[converted < NEVER])
    assert np.sum(converted < NEVER) > 50


def test_headcount_shrinks_before_slow_failures(calm: list[Block]) -> None:
    change = []
    for block in calm:
        lives, people = block.lives, block.firm_headcount
        slow = lives.kind == KINDS.index("slow")
        failed = np.flatnonzero(slow & (lives.opening < NEVER) & (lives.opening > block.calendar.opens + 24))
        failed = failed[people[lives.opening[failed] - 24, failed] >= 10]
        change.append(people[lives.opening[failed], failed] / people[lives.opening[failed] - 24, failed])
    assert np.median(np.concatenate(change)) < 0.93


def test_nothing_is_lived_after_the_end(calm: list[Block]) -> None:
    for block in calm:
        gone = block.lives.liquidated < block.calendar.length - 4
        assert not block.firm_headcount[-1, gone].any()
        born = block.lives.employs.argmax(axis=0)
        assert np.all(born[block.lives.employs.any(axis=0)] == block.firms.born[block.lives.employs.any(axis=0)])


def total_owed(of: list[Block]) -> Ints:
    total: Ints = np.sum([owed(block).sum(axis=1) for block in of], axis=0)
    return total


def hours(of: list[Block]) -> Floats:
    used = np.zeros(of[0].calendar.length)
    for block in of:
        np.add.at(used, block.partial.uses["month"], block.partial.uses["hours"])
    return used


def openings(of: list[Block], months: range) -> int:
    return sum(int(np.isin(block.lives.opening, months).sum()) for block in of)


def test_the_moratorium_shows_in_every_aggregate(shaken: list[Block]) -> None:
    before = range(SHOCK.start - 6, SHOCK.start)
    assert total_owed(shaken)[SHOCK.stop - 1] > 2 * total_owed(shaken)[SHOCK.start - 1]
    assert hours(shaken)[SHOCK].sum() > 10 * hours(shaken)[before].sum()
    assert openings(shaken, SHOCK) < openings(shaken, before) / 2
    reasons = np.concatenate([block.partial.requests for block in shaken])
    assert np.mean(reasons["reason"][np.isin(reasons["first"], SHOCK)] == 5) > 0.8


def test_courts_catch_up_after_the_moratorium(shaken: list[Block], calm: list[Block]) -> None:
    after = range(SHOCK.stop, SHOCK.stop + 12)
    assert openings(shaken, after) > openings(calm, after)


def test_without_a_moratorium_nothing_of_it_shows(calm: list[Block]) -> None:
    before = range(SHOCK.start - 6, SHOCK.start)
    assert total_owed(calm)[SHOCK.stop - 1] < 1.4 * total_owed(calm)[SHOCK.start - 1]
    assert hours(calm)[SHOCK].sum() < 2 * hours(calm)[before].sum()
    assert openings(calm, SHOCK) > openings(calm, before) / 2
    assert not any((block.partial.requests["reason"] == 5).any() for block in calm)


def test_the_moratorium_changes_nothing_before_it(shaken: list[Block], calm: list[Block]) -> None:
    for one, other in zip(shaken, calm, strict=True):
        assert np.array_equal(one.lives.health[: SHOCK.start], other.lives.health[: SHOCK.start])
        first = one.calendar.day(SHOCK.start)
        early, same = (block.books.debts[block.books.debts["treated"] < first] for block in (one, other))
        assert np.array_equal(early, same)


def test_seasons(calm: list[Block]) -> None:
    """Hotels grow in summer; bad weather stops building sites in winter."""
    hotel = [sector.naf for sector in sectors.SECTORS].index("55.10Z")
    july, january, winter, summer = 0, 0, 0, 0
    for block in calm:
        people = block.firm_headcount[36:84, block.firms.sector == hotel].reshape(4, 12, -1)
        july += int(people[:, 6].sum())
        january += int(people[:, 0].sum())
        weather = block.partial.requests[block.partial.requests["reason"] == 3]
        month = (block.calendar.first + weather["first"]) % 12
        winter += int(np.isin(month, [11, 0, 1]).sum())
        summer += int(np.isin(month, [5, 6, 7]).sum())
    assert july > 1.4 * january
    assert winter > 3 * summer


def test_sizes_sectors_and_places(calm: list[Block]) -> None:
    size = np.concatenate([np.exp(block.firms.size) for block in calm])
    assert 0.5 < np.mean(size >= 10) < 0.75
    sections = {sectors.SECTORS[i].section for block in calm for i in block.firms.sector.tolist()}
    assert len(sections) >= 19
    outside = np.concatenate([sectors.OUTSIDE[block.firms.sector] for block in calm])
    assert 0.01 < outside.mean() < 0.08
    seen = {str(DEPARTMENTS[i]) for block in calm for i in block.firms.department.tolist()}
    assert seen >= {"75", "13", "2A", "2B", "974"}
    assert len(DEPARTMENTS) == len(set(DEPARTMENTS.tolist())) == 101


def test_codes_of_places() -> None:
    assert (commune("01", 7), commune("2A", 4), commune("974", 11)) == ("01007", "2A004", "97411")
    assert (postcode("01", 70), postcode("2B", 40), postcode("974", 11)) == ("01070", "20040", "97411")


def test_sirens_are_distinct_across_blocks() -> None:
    sirens = [siren for block in blocks(World(firms=2500, months=1), 8) for siren in block.firms.siren.tolist()]
    assert len(set(sirens)) == 2500
    ids = [number for block in blocks(World(firms=2500, months=1), 8) for number in block.accounts.number.tolist()]
    assert len(set(ids)) == len(ids) > 2500


def test_the_moratorium_by_default_begins_at_three_fifths() -> None:
    assert calendar(World(months=50)).moratorium == (36 + 30, 36 + 36)
    assert calendar(World(months=23)).moratorium is None
    assert calendar(World(moratorium="none")).moratorium is None
    with pytest.raises(UnusableInput, match="write YYYY-MM"):
        calendar(World(moratorium="2020-3:2020-08"))
