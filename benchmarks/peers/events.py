"""The events of all engines: payment delays as vigie.events has them, their order and contents decided by a seed.

Few firms have many of the events, and few owe much, as in life: so an alert comes of some hundredths of the events, in
Vigie's own chain (3 %) as in the reduced work. Amounts are whole euros, so that sums are exact in any order. An event's
version is its number, from 1: an alert that tells it tells which event is behind it.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from detectors.events import PaymentDelay
from streams import wire
from streams.partitioner import partitions_of

PERIODS = 24
SEQUENCES = 4
FIRST_KNOWN = date(2024, 6, 1)
MONTH_DAYS = 28
"""All events are of one month: month ends are measured by `benchmarks.month_end`."""


@dataclass(frozen=True)
class Sent:
    """Events of a topic, in the order of their sending; `partitions[i]` is where event i goes."""

    keys: list[bytes]
    values: list[bytes]
    partitions: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.keys)

    def first(self, count: int) -> "Sent":
        """The first events."""
        return self.at(np.arange(min(count, len(self))))

    def at(self, places: NDArray[np.int64]) -> "Sent":
        """The events at these places."""
        return Sent(
            [self.keys[i] for i in places.tolist()],
            [self.values[i] for i in places.tolist()],
            self.partitions[places],
        )


def sirens(firms: int) -> list[str]:
    """So many different SIRENs."""
    return [str(100_000_000 + i * 44_017 % 899_999_999) for i in range(firms)]


def events(count: int, firms: int, seed: int = 7) -> Iterator[PaymentDelay]:
    """So many events of so many firms."""
    dice, of = random.Random(seed), sirens(firms)
    sizes = [(i * 7_919 % 1_000 / 1_000) ** 2 for i in range(firms)]
    months = [date(2022 + m // 12, m % 12 + 1, 1) for m in range(PERIODS + 2)]
    for number in range(count):
        place = int(firms * dice.random() ** 1.5)
        siren, size = of[place], sizes[place]
        month = dice.randrange(PERIODS)
        yield PaymentDelay(
            siren=siren,
            siret=siren + "00011",
            known_at=FIRST_KNOWN + timedelta(days=number * MONTH_DAYS // count),
            account="7" + siren[::-1] + "01",
            period_start=months[month],
            period_end=months[month + 1],
            sequence=str(101 + dice.randrange(SEQUENCES)),
            version=number + 1,
            employee_share=float(int(4_000 * size * dice.random() ** 2)),
            employer_share=float(int(12_000 * size * dice.random() ** 2)),
            counted_from=months[month + 2],
            account_state=1,
            proceeding_code=None,
            operation_code=None,
            reason_code=None,
            disputed=False,
        )


def sent(count: int, firms: int, partitions: int, seed: int = 7) -> Sent:
    """The events as records."""
    keys, values = [], []
    for event in events(count, firms, seed):
        keys.append(event.siren.encode())
        values.append(wire.encode(event))
    return Sent(keys, values, partitions_of(np.array(keys).astype(np.uint32), partitions))
