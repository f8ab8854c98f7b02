"""Who lives in the simulated world: firms, their establishments and their URSSAF accounts."""

from dataclasses import dataclass

import numpy as np

from detectors.months import first_day
from streams.simulate import places, sectors
from streams.simulate.arrays import Floats, Ints, Texts, numbers, texts
from streams.simulate.names import names, surnames
from streams.simulate.world import Calendar

_PRIME = 999_999_937
"""The greatest prime below the number of SIRENs: multiplying by a constant modulo it never gives a SIREN twice."""


@dataclass(frozen=True)
class Firms:
    """Columns, one element a firm."""

    number: Ints
    """Place in the whole world, from 0."""
    siren: Texts
    sector: Ints
    department: Ints
    size: Floats
    """Natural logarithm of the usual headcount."""
    wage: Floats
    """Gross monthly wage, euros a head."""
    created: Ints
    """Day of creation, ordinal."""
    born: Ints
    """Index of the first month with employees; 0 for firms older than the world."""
    name: Texts
    legal_form: Texts

    def __len__(self) -> int:
        return len(self.number)


@dataclass(frozen=True)
class Establishments:
    """Columns, one element an establishment; a firm's seat comes first among its own."""

    firm: Ints
    siret: Texts
    department: Ints
    seat: Ints
    """1 for the seat of the firm, else 0."""
    share: Floats
    """Part of the firm's employees, summing to 1 over a firm."""

    def __len__(self) -> int:
        return len(self.firm)


@dataclass(frozen=True)
class Accounts:
    """Columns, one element an URSSAF account: one an establishment, sometimes two."""

    firm: Ints
    establishment: Ints
    number: Texts
    office: Texts
    share: Floats
    """Part of the firm's employees, summing to 1 over a firm."""
    period_months: Ints
    """1, 3 (small quarterly payers) or 12 (the smallest)."""
    short_period: Ints
    """1 where the office still writes periods as YYQM, else 0."""
    comma: Ints
    """1 where the office writes contributions with a decimal comma, 0 for a point."""

    def __len__(self) -> int:
        return len(self.firm)


def firms(rng: np.random.Generator, start: int, count: int, seed: int, calendar: Calendar) -> Firms:
    """The firms numbered from `start`; some 6 % are born in the first two years written (or the first half)."""
    weights = sectors.column("weight")
    sector = rng.choice(len(weights), count, p=weights / weights.sum())
    size = np.clip(rng.normal(np.log(14), 1.1, count), 0.2, np.log(4000))
    window = max(1, min(24, (calendar.length - calendar.opens) // 2))
    born = np.where(rng.random(count) < 0.06, calendar.opens + (rng.random(count) * window).astype(np.int64), 0)
    age = (180 + rng.exponential(4500, count).clip(0, 14_000)).astype(np.int64)
    birthdays = np.array([calendar.day(t) for t in range(calendar.length)], dtype=np.int64)[born]
    first_birthday = first_day(calendar.first).toordinal()
    person = (size < 1.8) & (rng.random(count) < 0.15)
    called = np.where(person, texts(surnames(rng, count)), texts(names(rng, count)))
    forms = np.where(
        person, "1000", rng.choice(np.array(["5499", "5710", "5505", "5498", "9220"], dtype=object), count)
    )
    return Firms(
        number=numbers(count, start),
        siren=_sirens(start, count, seed),
        sector=sector,
        department=rng.choice(len(places.SHARES), count, p=places.SHARES),
        size=size,
        wage=sectors.column("wage")[sector] * np.exp(rng.normal(0, 0.15, count)),
        created=np.where(born > 0, birthdays, first_birthday - age),
        born=born,
        name=called.astype(object),
        legal_form=forms.astype(object),
    )


def establishments(rng: np.random.Generator, of: Firms) -> Establishments:
    """One establishment for most firms, up to nine for the larger ones."""
    several = rng.random(len(of)) < np.clip(0.05 + 0.12 * (of.size - 2), 0.02, 0.6)
    counts = 1 + several * (1 + np.minimum(rng.poisson(1.2, len(of)), 7))
    firm = np.repeat(numbers(len(of)), counts)
    rank = numbers(len(firm)) - np.repeat(np.cumsum(counts) - counts, counts)
    weight = np.where(rank == 0, 2.0, 0.2 + rng.random(len(firm)))
    away = (rank > 0) & (rng.random(len(firm)) < 0.3)
    elsewhere = rng.choice(len(places.SHARES), len(firm), p=places.SHARES)
    check = rng.integers(0, 10, len(firm))
    sirens = of.siren[firm].tolist()
    nics = zip(sirens, rank.tolist(), check.tolist(), strict=True)
    return Establishments(
        firm=firm,
        siret=texts([f"{siren}{place + 1:04d}{digit}" for siren, place, digit in nics]),
        department=np.where(away, elsewhere, of.department[firm]),
        seat=(rank == 0).astype(np.int64),
        share=weight / np.bincount(firm, weights=weight)[firm],
    )


def accounts(rng: np.random.Generator, of: Firms, at: Establishments) -> Accounts:
    """The accounts of all establishments; small firms may pay by the quarter, the smallest by the year."""
    counts = 1 + (rng.random(len(at)) < 0.03)
    establishment = np.repeat(numbers(len(at)), counts)
    rank = numbers(len(establishment)) - np.repeat(np.cumsum(counts) - counts, counts)
    firm = at.firm[establishment]
    office = 100 + (at.department[establishment] * 7) % 900
    draw, size = rng.random(len(of))[firm], of.size[firm]
    quarterly = draw < np.where(size < np.log(11), 0.35, np.where(size < np.log(20), 0.12, 0.0))
    yearly = (size < np.log(4)) & (draw > 0.85)
    ids = zip(office.tolist(), of.number[firm].tolist(), establishment.tolist(), rank.tolist(), strict=True)
    return Accounts(
        firm=firm,
        establishment=establishment,
        number=texts([f"{place}{number:08d}{unit % 1_000_000:06d}{extra}" for place, number, unit, extra in ids]),
        office=texts([str(place) for place in office.tolist()]),
        share=at.share[establishment] / counts[establishment],
        period_months=np.where(yearly, 12, np.where(quarterly, 3, 1)),
        short_period=((office % 50) == 3).astype(np.int64),
        comma=((office % 10) != 1).astype(np.int64),
    )


def _sirens(start: int, count: int, seed: int) -> Texts:
    """Distinct SIRENs, scattered over all nine-digit numbers; a tenth begin with a zero."""
    rng = np.random.default_rng([seed, 0x51])
    factor, shift = (int(x) for x in rng.integers(10**8, _PRIME, 2))
    return texts([f"{(factor * (number + 1) + shift) % _PRIME:09d}" for number in range(start, start + count)])
