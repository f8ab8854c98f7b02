"""Partial unemployment: requests, their later versions, and the hours used month by month."""

from dataclasses import dataclass

import numpy as np

from streams.simulate import sectors
from streams.simulate.arrays import Bools, Floats, Ints, Rows, sigmoid
from streams.simulate.lives import Lives
from streams.simulate.population import Establishments, Firms
from streams.simulate.world import Calendar

ECONOMIC, SUPPLY, WEATHER, RESTRUCTURING, EXCEPTIONAL = 1, 2, 3, 4, 5
_MONTH_HOURS = 151.67

REQUEST = np.dtype(
    [
        ("establishment", "i8"),
        ("rank", "i8"),
        ("decided", "i8"),
        ("first", "i8"),
        ("months", "i8"),
        ("reason", "i8"),
        ("hours", "f8"),
        ("rate", "f8"),
        ("authorised", "i8"),
        ("headcount", "i8"),
        ("firm_headcount", "i8"),
        ("hours_used", "f8"),
        ("headcount_used", "i8"),
    ]
)
"""A version of a request, the `rank`-th of its establishment. `decided` is a day (ordinal), `rate` euros an hour; the
two `_used` fields are states at extraction."""

USE = np.dtype(
    [
        ("establishment", "i8"),
        ("rank", "i8"),
        ("month", "i8"),
        ("hours", "f8"),
        ("rate", "f8"),
        ("headcount", "i8"),
        ("request", "i8"),
    ]
)
"""Hours paid in a month (index) under the request at place `request` of those granted."""


@dataclass(frozen=True)
class PartialUnemployment:
    """Requests (all versions) and uses, in order of writing."""

    requests: Rows
    uses: Rows


def partial_unemployment(
    rng: np.random.Generator, of: Firms, at: Establishments, lives: Lives, headcount: Ints, calendar: Calendar
) -> PartialUnemployment:
    """What the establishments ask for and use, from the first month written on; `headcount` is months x firms."""
    ask, change, spend = rng.spawn(3)
    covered, rank = np.zeros(len(at), dtype=np.int64), np.zeros(len(at), dtype=np.int64)
    weather, granted = ask.random(len(of)), [np.empty(0, dtype=REQUEST)]
    for t in range(calendar.opens, calendar.length):
        people = np.rint(headcount[t][at.firm] * at.share).astype(np.int64)
        reason = _reasons(ask, of, at, lives, calendar, t, weather)
        rows = _requests(ask, calendar, t, people, reason, (covered <= t) & (people > 0))
        rows["firm_headcount"] = headcount[t][at.firm[rows["establishment"]]]
        rows["rank"] = rank[rows["establishment"]]
        rank[rows["establishment"]] += 1
        covered[rows["establishment"]] = rows["first"] + rows["months"]
        granted.append(rows)
    requests = np.concatenate(granted)
    uses = _uses(spend, requests, at, lives, calendar)
    _add_totals(requests, uses)
    return PartialUnemployment(_with_amendments(change, requests, calendar), uses)


def _reasons(
    rng: np.random.Generator, of: Firms, at: Establishments, lives: Lives, calendar: Calendar, t: int, weather: Floats
) -> Ints:
    """The reason for which each establishment asks in month t, 0 for none."""
    draw, sort, firm = rng.random((3, len(at))), rng.random(len(at)), at.firm
    strain, month = -lives.health[t, firm], (calendar.first + t) % 12
    sector = of.sector[firm]
    ailing = draw[0] < 0.0008 + 0.06 * sigmoid(1.8 * (strain - 2.0))
    usual = np.select(
        [sort < 0.80, sort < 0.88, sort < 0.90, sort < 0.92],
        [ECONOMIC, SUPPLY, 6, 7],
        np.where(strain > 2, RESTRUCTURING, ECONOMIC),
    )
    wintry = 0.10 if month in {11, 0, 1} else 0.01
    stopped = draw[1] < wintry * sectors.column("weather")[sector] * weather[firm]
    reason = np.where(stopped, WEATHER, np.where(ailing, usual, 0))
    if calendar.during_moratorium(t):
        shut = draw[2] < 0.05 + 0.45 * sectors.column("exposure")[sector]
        reason = np.where(shut, EXCEPTIONAL, reason)
    allowed = lives.employs[t][firm] & (lives.liquidated[firm] > t)
    reasons: Ints = reason * allowed
    return reasons


def _requests(rng: np.random.Generator, calendar: Calendar, t: int, people: Ints, reason: Ints, able: Bools) -> Rows:
    """The requests of month t: up to six months from this month or the next, for a part of the staff."""
    draw = rng.random((6, len(people)))
    asking = np.flatnonzero(able & (reason > 0))
    draw, why, staff = draw[:, asking], reason[asking], people[asking]
    rows = np.zeros(len(asking), dtype=REQUEST)
    rows["establishment"], rows["reason"], rows["headcount"] = asking, why, staff
    rows["first"] = t + (draw[0] < 0.4) * (why != EXCEPTIONAL)
    rows["months"] = np.where(why == WEATHER, 1, 1 + (draw[1] * 6).astype(np.int64))
    rows["decided"] = calendar.day(t) + (draw[2] * 28).astype(np.int64)
    rows["authorised"] = np.maximum(1, np.rint(staff * (0.2 + 0.8 * draw[3])).astype(np.int64))
    intensity = np.where(why == EXCEPTIONAL, 0.9, 0.2 + 0.5 * draw[4])
    rows["hours"] = np.round(rows["authorised"] * _MONTH_HOURS * rows["months"] * intensity, 2)
    rows["rate"] = np.round(7.2 + 1.5 * draw[5], 2)
    return rows


def _uses(rng: np.random.Generator, requests: Rows, at: Establishments, lives: Lives, calendar: Calendar) -> Rows:
    """The hours used under each request, month after month; troubled establishments use more of what they may."""
    index = np.repeat(np.arange(len(requests)), requests["months"])
    granted = requests[index]
    step = np.arange(len(index)) - np.searchsorted(index, index)
    month = granted["first"] + step
    draw = rng.random((len(index), 2))
    firm = at.firm[granted["establishment"]]
    inside = np.minimum(month, calendar.length - 1)
    need = np.clip(0.45 - 0.1 * lives.health[inside, firm], 0.2, 0.9) + 0.3 * (granted["reason"] == EXCEPTIONAL)
    hours = np.round(granted["hours"] / granted["months"] * np.minimum(need * (0.5 + draw[:, 0]), 1.0), 2)
    used = (month < calendar.length) & (draw[:, 1] > 0.15) & lives.employs[inside, firm] & (hours > 0)
    rows = np.zeros(int(used.sum()), dtype=USE)
    rows["establishment"], rows["rank"], rows["month"] = (
        granted["establishment"][used],
        granted["rank"][used],
        month[used],
    )
    rows["hours"], rows["rate"], rows["request"] = hours[used], granted["rate"][used], index[used]
    rows["headcount"] = np.minimum(granted["authorised"][used], 1 + (hours[used] / 40).astype(np.int64))
    return rows


def _add_totals(requests: Rows, uses: Rows) -> None:
    """Writes what was used until extraction on each request, whenever it was made: the trap of the real files."""
    requests["hours_used"] = np.round(np.bincount(uses["request"], weights=uses["hours"], minlength=len(requests)), 2)
    np.maximum.at(requests["headcount_used"], uses["request"], uses["headcount"])


def _with_amendments(rng: np.random.Generator, requests: Rows, calendar: Calendar) -> Rows:
    """Some requests come again, decided later, with other hours and a later end."""
    draw = rng.random((len(requests), 3))
    again = requests.copy()
    again["decided"] += 15 + (draw[:, 1] * 45).astype(np.int64)
    again["hours"] = np.round(again["hours"] * (0.6 + draw[:, 2]), 2)
    again["months"] += draw[:, 2] > 0.6
    kept = (draw[:, 0] < 0.15) & (again["decided"] < calendar.extraction)
    return np.concatenate([requests, again[kept]])
