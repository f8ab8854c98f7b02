"""The activities of the simulated firms: all NAF sections, O and P (outside the perimeter) among them."""

from typing import NamedTuple

import numpy as np

from streams.simulate.arrays import Bools, Floats, Texts, texts


class Sector(NamedTuple):
    """An activity and what it does to its firms."""

    naf: str
    section: str
    weight: float
    """Share of the firms, relative to the others."""
    swing: float
    """Seasonal swing of the headcount, as a share of it."""
    peak: int
    """Month of the seasonal peak, 0 for January."""
    exposure: float
    """How hard a moratorium's crisis hits, 0 to 1."""
    fragility: float
    """Chance of trouble relative to the average firm."""
    wage: float
    """Gross monthly wage, euros a head."""
    weather: float
    """How often bad weather stops the work, 0 to 1."""


SECTORS = (
    Sector("01.13Z", "A", 2.0, 0.40, 8, 0.2, 0.8, 1900, 0.5),
    Sector("01.61Z", "A", 0.7, 0.35, 6, 0.2, 0.8, 1900, 0.5),
    Sector("08.12Z", "B", 0.4, 0.03, 5, 0.4, 0.8, 2600, 0.6),
    Sector("10.71C", "C", 3.0, 0.02, 11, 0.3, 1.1, 2000, 0.0),
    Sector("25.62B", "C", 4.0, 0.00, 0, 0.5, 1.0, 2700, 0.0),
    Sector("28.29B", "C", 3.0, 0.00, 0, 0.5, 0.8, 3000, 0.0),
    Sector("31.09B", "C", 2.0, 0.02, 9, 0.6, 1.1, 2300, 0.0),
    Sector("35.11Z", "D", 0.4, 0.00, 0, 0.1, 0.4, 3600, 0.0),
    Sector("38.11Z", "E", 0.9, 0.02, 6, 0.2, 0.7, 2300, 0.0),
    Sector("41.20A", "F", 4.0, 0.04, 6, 0.6, 1.7, 2400, 1.0),
    Sector("43.21A", "F", 5.0, 0.03, 6, 0.5, 1.4, 2400, 0.6),
    Sector("43.99C", "F", 5.0, 0.04, 6, 0.6, 1.6, 2300, 1.0),
    Sector("45.20A", "G", 3.0, 0.00, 0, 0.5, 0.9, 2200, 0.0),
    Sector("46.39B", "G", 5.0, 0.02, 11, 0.4, 0.9, 2600, 0.0),
    Sector("47.11D", "G", 4.0, 0.04, 11, 0.2, 0.9, 1900, 0.0),
    Sector("47.71Z", "G", 3.5, 0.08, 11, 0.9, 1.4, 1900, 0.0),
    Sector("49.41A", "H", 4.0, 0.02, 10, 0.4, 1.2, 2300, 0.0),
    Sector("53.20Z", "H", 0.8, 0.06, 11, 0.2, 1.2, 2000, 0.0),
    Sector("55.10Z", "I", 3.0, 0.35, 6, 1.0, 1.1, 2000, 0.0),
    Sector("56.10A", "I", 6.0, 0.15, 6, 1.0, 1.5, 1900, 0.0),
    Sector("58.14Z", "J", 0.8, 0.00, 0, 0.4, 1.0, 3200, 0.0),
    Sector("62.01Z", "J", 3.0, 0.00, 0, 0.2, 0.8, 3600, 0.0),
    Sector("66.22Z", "K", 2.0, 0.00, 0, 0.1, 0.4, 3300, 0.0),
    Sector("68.31Z", "L", 1.8, 0.00, 0, 0.3, 0.7, 2700, 0.0),
    Sector("69.10Z", "M", 1.8, 0.00, 0, 0.2, 0.4, 3200, 0.0),
    Sector("71.12B", "M", 3.0, 0.00, 0, 0.3, 0.6, 3300, 0.0),
    Sector("73.11Z", "M", 1.5, 0.00, 0, 0.7, 1.2, 2900, 0.0),
    Sector("78.20Z", "N", 1.5, 0.08, 9, 0.7, 1.0, 2000, 0.0),
    Sector("80.10Z", "N", 1.0, 0.02, 6, 0.4, 1.3, 1900, 0.0),
    Sector("81.21Z", "N", 3.0, 0.00, 0, 0.3, 1.1, 1700, 0.0),
    Sector("84.11Z", "O", 0.7, 0.02, 6, 0.1, 0.1, 2500, 0.0),
    Sector("84.13Z", "O", 0.3, 0.00, 0, 0.1, 0.1, 2500, 0.0),
    Sector("85.31Z", "P", 1.0, 0.05, 9, 0.1, 0.3, 2400, 0.0),
    Sector("85.59A", "P", 1.5, 0.05, 9, 0.5, 0.8, 2500, 0.0),
    Sector("86.10Z", "Q", 1.5, 0.00, 0, 0.2, 0.4, 2600, 0.0),
    Sector("88.10A", "Q", 2.5, 0.02, 6, 0.2, 0.6, 1900, 0.0),
    Sector("90.01Z", "R", 0.8, 0.15, 6, 1.0, 1.1, 2300, 0.0),
    Sector("93.13Z", "R", 1.2, 0.05, 0, 1.0, 1.2, 1900, 0.0),
    Sector("94.99Z", "S", 2.5, 0.02, 8, 0.4, 0.5, 2200, 0.0),
    Sector("96.02A", "S", 2.0, 0.02, 5, 0.8, 1.1, 1800, 0.0),
    Sector("97.00Z", "T", 0.1, 0.00, 0, 0.2, 0.5, 1700, 0.0),
    Sector("99.00Z", "U", 0.1, 0.00, 0, 0.1, 0.2, 3200, 0.0),
)


def column(name: str) -> Floats:
    """A numeric field of all sectors, as an array indexed by sector."""
    return np.array([getattr(sector, name) for sector in SECTORS], dtype=np.float64)


NAF: Texts = texts([sector.naf for sector in SECTORS])
OUTSIDE: Bools = np.array([sector.section in {"O", "P"} for sector in SECTORS])
"""The sectors that the network leaves out: public administration and teaching."""
