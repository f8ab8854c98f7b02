"""Employees: a slow walk around each firm's size, its season, and layoffs that follow trouble."""

import numpy as np

from streams.simulate import sectors
from streams.simulate.arrays import Bools, Floats, Ints
from streams.simulate.lives import Lives
from streams.simulate.population import Accounts, Firms
from streams.simulate.world import Calendar

_LAYOFFS = 0.014
"""What a month at health -1.5 takes from the logarithm of the headcount."""


def headcounts(rng: np.random.Generator, of: Firms, accounts: Accounts, lives: Lives, calendar: Calendar) -> Ints:
    """Employees by month and account; a firm with employees has at least one, on its first account."""
    shape = lives.health.shape
    swing, peak = sectors.column("swing")[of.sector], sectors.column("peak")[of.sector]
    trend, walk = rng.normal(0.0008, 0.002, len(of)), np.zeros(len(of))
    out = np.empty((shape[0], len(accounts)), dtype=np.int64)
    leads = np.flatnonzero(np.diff(accounts.firm, prepend=-1))
    for t, month in enumerate(calendar.months.tolist()):
        worry = np.clip(-lives.health[max(t - 2, 0)] - 0.5, 0, 4)
        walk = 0.99 * walk + rng.normal(0, 0.012, len(of)) - _LAYOFFS * worry
        season = 1 + swing * np.cos(2 * np.pi * (month % 12 - peak) / 12)
        total = np.exp(of.size + walk + trend * (t - calendar.opens)) * season
        spread = np.rint(total[accounts.firm] * accounts.share).astype(np.int64)
        spread[leads] = np.maximum(spread[leads], 1)
        out[t] = spread * lives.employs[t][accounts.firm]
    return out


def by_firm(of: Firms, accounts: Accounts, headcount: Ints) -> Ints:
    """Employees by month and firm, from those by month and account."""
    leads = np.flatnonzero(np.diff(accounts.firm, prepend=-1))
    totals: Ints = np.add.reduceat(headcount, leads, axis=1)
    if totals.shape[1] != len(of):
        raise AssertionError("every firm has an account")
    return totals


def unknown(rng: np.random.Generator, shape: tuple[int, int], share: float) -> Bools:
    """Cells that the partner left empty, month-major."""
    draws: Floats = rng.random(shape)
    return draws < share


def dues(rng: np.random.Generator, of: Firms, accounts: Accounts, headcount: Ints, calendar: Calendar) -> Ints:
    """Contributions owed by month and account, in cents: some 43 % of wages, half the firms paying a bonus a year."""
    bonus = np.where(rng.random(len(of)) < 0.5, rng.uniform(0.3, 1.0, len(of)), 0.0)
    out = np.empty(headcount.shape, dtype=np.int64)
    for t, month in enumerate(calendar.months.tolist()):
        extra = bonus * (0.7 if month % 12 == 11 else 0.3 if month % 12 == 5 else 0.0)
        base = headcount[t] * (of.wage * (1 + extra))[accounts.firm] * 0.43
        out[t] = np.rint(base * np.exp(rng.normal(0, 0.03, len(accounts))) * 100)
    return out
