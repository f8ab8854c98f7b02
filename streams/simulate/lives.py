"""The hidden lives of firms: health as a stochastic process, from which everything visible follows.

Health is about 0 for an ordinary firm, with a spread of about 0.7 between firms and over time; -2 is trouble, -5 is
close to failing. Three sorts of episodes press on it: a slow decline over 8 to 26 months, a sudden one within 1 to 3
months (a client lost), and a trouble that passes. A proceeding opens by chance, ever more likely as health falls: a
firm in a passing trouble may fail of it, a failing one may hang on for long.
"""

from dataclasses import dataclass

import numpy as np

from streams.simulate import sectors
from streams.simulate.arrays import NEVER, Bools, Floats, Ints, sigmoid
from streams.simulate.population import Firms
from streams.simulate.world import Calendar

HEALTHY, SLOW, SUDDEN, RECOVERING = range(4)
KINDS = ("healthy", "slow", "sudden", "recovering")
LIQUIDATION, REDRESSEMENT, SAUVEGARDE = range(3)
ACTIONS = ("liquidation", "redressement", "sauvegarde")

_RATES = np.array([0.0350, 0.0130, 0.0420])
"""Episodes a year and firm, by kind from SLOW on, in a world whose `failures` is _RATED_FOR."""
_RATED_FOR = 0.043
_CLOSURES = 0.005
"""Firms a year that stop without owing anything."""
_FAILS_AT = 4.8
_WORST_CHANCE = 0.5
"""Chance of a proceeding in a month, at the worst health."""


@dataclass(frozen=True)
class Lives:
    """What befalls each firm. Months are indices of the calendar, NEVER for what does not happen in the span."""

    health: Floats
    """months x firms."""
    employs: Bools
    """months x firms: whether the firm has employees."""
    kind: Ints
    """The kind of the firm's last episode, HEALTHY where it has none in the span."""
    onset: Ints
    """Month in which that episode begins."""
    opening: Ints
    """Month of the first proceeding."""
    action: Ints
    """What it is: LIQUIDATION, REDRESSEMENT or SAUVEGARDE."""
    conversion: Ints
    """Month in which a redressement or sauvegarde turns into liquidation."""
    plan: Ints
    """Month in which a plan is adopted instead."""
    liquidated: Ints
    """Month of liquidation, direct or by conversion."""


@dataclass
class _Episodes:
    """The episode that each firm is in now; kind HEALTHY for none."""

    kind: Ints
    onset: Ints
    rise: Floats
    hold: Floats
    fall: Floats
    depth: Floats

    def stress(self, t: int) -> Floats:
        """How hard the episode presses in month t; it grows on slowly once a decline has reached its depth."""
        age = t - self.onset
        up = np.clip(age / self.rise, 0, 1)
        down = np.where(self.kind == RECOVERING, np.clip((age - self.rise - self.hold) / self.fall, 0, 1), 0.0)
        drag = np.where(self.kind == RECOVERING, 0.0, 0.05 * np.maximum(age - self.rise, 0))
        pressing: Floats = np.where(self.kind == HEALTHY, 0.0, self.depth * (up - down) + drag)
        return pressing

    def past(self, t: int) -> Bools:
        """Passing troubles that are over."""
        over: Bools = np.logical_and(self.kind == RECOVERING, t - self.onset >= self.rise + self.hold + self.fall)
        return over


def lives(rng: np.random.Generator, of: Firms, calendar: Calendar, failures: float) -> Lives:
    """The lives of firms, month by month: a month's draws depend on no later month."""
    count = len(of)
    frailty = rng.gamma(3, 1 / 3, count) * sectors.column("fragility")[of.sector] * np.exp(-0.12 * (of.size - 3))
    usual = rng.normal(0, 0.35, count) - 0.35 * np.log(frailty + 0.1)
    rates = _RATES / 12 * failures / _RATED_FOR
    path = rng.random((4, count))
    episodes, mood = _no_episodes(count), rng.normal(0, 0.55, count)
    opening, closure = np.full(count, NEVER), np.full(count, NEVER)
    health = np.empty((calendar.length, count))
    for t in range(calendar.length):
        mood = 0.85 * mood + rng.normal(0, 0.29, count)
        _begin(rng, episodes, t, rates, frailty, (opening == NEVER) & (closure == NEVER) & (of.born <= t))
        health[t] = usual + mood - episodes.stress(t) - _crisis(calendar, t) * sectors.column("exposure")[of.sector]
        going = (opening == NEVER) & (closure == NEVER) & (of.born < t)
        failed = going & (rng.random(count) < _failure_chance(health[t], calendar, t))
        closes = going & ~failed & (rng.random(count) < _CLOSURES / 12) & (episodes.kind == HEALTHY)
        if t < calendar.opens:
            _clear(episodes, failed)
        else:
            opening[failed] = t
            closure[closes] = t
        _clear(episodes, episodes.past(t), forget=False)
        sheltered = opening < t
        health[t, sheltered] = usual[sheltered] + mood[sheltered] - 0.8
    return _followed(of, calendar, episodes, health, opening, closure, path)


def _no_episodes(count: int) -> _Episodes:
    return _Episodes(
        np.zeros(count, dtype=np.int64),
        np.full(count, NEVER),
        np.ones(count),
        np.ones(count),
        np.ones(count),
        np.zeros(count),
    )


def _begin(rng: np.random.Generator, episodes: _Episodes, t: int, rates: Floats, frailty: Floats, able: Bools) -> None:
    """Lets new episodes begin in month t, among the firms that are able to have one and are in none."""
    draw, shape, depth = rng.random(len(able)), rng.random((3, len(able))), rng.normal(0, 1, len(able))
    kind = 1 + np.searchsorted(np.cumsum(rates), draw / np.maximum(frailty, 1e-9))
    new = able & _idle(episodes, t) & (kind < len(KINDS))
    rises = np.stack([np.ones_like(draw), 8 + 18 * shape[0] ** 1.3, 1 + 2 * shape[0], 3 + 7 * shape[0]])
    depths = np.stack([np.zeros_like(draw), 5.3 + 0.6 * depth, 6.0 + 0.6 * depth, 3.5 + 0.7 * depth])
    chosen, index = np.minimum(kind, 3), np.arange(len(able))
    episodes.kind[new] = chosen[new]
    episodes.onset[new] = t
    episodes.rise[new] = rises[chosen, index][new]
    episodes.depth[new] = np.maximum(depths[chosen, index][new], 1.0)
    episodes.hold[new] = (6 * shape[1])[new]
    episodes.fall[new] = (5 + 10 * shape[2])[new]


def _idle(episodes: _Episodes, t: int) -> Bools:
    idle: Bools = np.logical_or(episodes.kind == HEALTHY, episodes.past(t))
    return idle


def _clear(episodes: _Episodes, which: Bools, *, forget: bool = True) -> None:
    """Ends episodes; those that are not forgotten keep their kind and onset, and press no more."""
    if forget:
        episodes.kind[which] = HEALTHY
        episodes.onset[which] = NEVER
    episodes.depth[which] = 0.0


def _crisis(calendar: Calendar, t: int) -> float:
    """How hard the moratorium's crisis presses on a fully exposed firm: at once, then fading over a year and a half."""
    if calendar.moratorium is None or t < calendar.moratorium[0]:
        return 0.0
    return 0.9 * float(np.clip(1 - (t - calendar.moratorium[1]) / 18, 0, 1))


def _failure_chance(health: Floats, calendar: Calendar, t: int) -> Floats:
    """Chance of a proceeding in month t: courts all but stop in a moratorium, then catch up for a year."""
    chance = _WORST_CHANCE * sigmoid(3 * (-health - _FAILS_AT))
    if calendar.moratorium is None or t < calendar.moratorium[0]:
        return chance
    since = t - calendar.moratorium[1]
    return chance * (0.1 if since < 0 else 0.6 if since < 3 else 1.3 if since < 15 else 1.0)


def _followed(
    of: Firms, calendar: Calendar, episodes: _Episodes, health: Floats, opening: Ints, closure: Ints, path: Floats
) -> Lives:
    """What follows each opening: the court's choice, a conversion or a plan, and the end of the business."""
    action, conversion, plan = _court(episodes.kind, opening, path)
    liquidated = np.where((opening < NEVER) & (action == LIQUIDATION), opening, conversion)
    end = np.minimum(np.where(liquidated < NEVER, liquidated + 1 + (path[3] * 3).astype(np.int64), NEVER), closure)
    t = np.arange(calendar.length)[:, None]
    seen = (opening < NEVER) | (episodes.onset < NEVER)
    return Lives(
        health=health,
        employs=(t >= of.born) & (t < end),
        kind=np.where(seen, episodes.kind, HEALTHY),
        onset=episodes.onset,
        opening=opening,
        action=action,
        conversion=conversion,
        plan=plan,
        liquidated=liquidated,
    )


def _court(kind: Ints, opening: Ints, path: Floats) -> tuple[Ints, Ints, Ints]:
    """The action, the month of conversion into liquidation and the month of a plan."""
    direct = np.array([0.5, 0.55, 0.82, 0.4])[kind]
    action = np.where(path[0] < direct, LIQUIDATION, np.where(path[0] < 0.93, REDRESSEMENT, SAUVEGARDE))
    opened = (opening < NEVER) & (action != LIQUIDATION)
    converts = path[1] < np.where(action == REDRESSEMENT, 0.6, 0.3)
    conversion = np.where(opened & converts, opening + 3 + (path[2] * 12).astype(np.int64), NEVER)
    plan = np.where(opened & ~converts, opening + 8 + (path[2] * 10).astype(np.int64), NEVER)
    return action, conversion, plan
