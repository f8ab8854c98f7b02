"""Vigie's own worker, as anybody runs it: its progress is in its metrics, its state in its changelog."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.peers.events import Sent
from benchmarks.peers.site import PARTITIONS, Site
from detectors import models, pack
from detectors.chain import Chain
from streams.admission import admit
from streams.topics import CHANGELOG

READ_SECONDS = 0.5
"""Metrics are read no more often: the worker makes them each time, and its CPU is being measured."""
CHUNK = 10_000
_COUNTERS = (
    "vigie_events_total",
    "vigie_alerts_raised_total",
    "vigie_alerts_published_total",
    "vigie_alerts_duplicates_total",
)
FAR_DAY = 3_000_000


class Progress:
    """Events applied, less the alerts that are not in Redis yet.

    Of several workers the sum is what counts: one puts there what another raised.
    """

    def __init__(self, read: Callable[[], bytes]) -> None:
        self._read = read
        self._seen = 0
        self._due = 0.0

    def __call__(self) -> int:
        """As of now, or READ_SECONDS ago."""
        if time.monotonic() >= self._due:
            self._seen = self._now()
            self._due = time.monotonic() + READ_SECONDS
        return self._seen

    def _now(self) -> int:
        try:
            text = self._read().decode()
        except OSError:
            return self._seen  # it does not serve them yet
        sums = dict.fromkeys(_COUNTERS, 0.0)
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name in sums:
                    sums[sample.name] += sample.value
        events, raised, published, again = (int(n) for n in sums.values())
        return events - (raised - published - again)


@dataclass(frozen=True)
class _Received:
    key: bytes
    value: bytes
    offset: int
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True)
class Expected:
    """What the worker should come to: records of its changelog, and how many alerts."""

    records: dict[bytes, bytes | None]
    alerts: int


def expected(events: Sent) -> Expected:
    """Of one chain a partition, event after event in this process, without Kafka."""
    records: dict[bytes, bytes | None] = {}
    alerts = 0
    for partition in range(PARTITIONS):
        chain = Chain(models.prior())
        at = np.flatnonzero(events.partitions == partition).tolist()
        received = [_Received(events.keys[i], events.values[i], offset) for offset, i in enumerate(at)]
        for start in range(0, len(received), CHUNK):
            batch = admit(received[start : start + CHUNK], partition, PARTITIONS, FAR_DAY).batch
            alerts += sum(len(outcome.decisions) for outcome in chain.step(batch))
        records |= dict(_firms(chain))
    return Expected(records, alerts)


def found(site: Site) -> dict[bytes, bytes | None]:
    """The firms' records in the worker's changelog."""
    return {key: value for key, value in site.last_records(CHANGELOG).items() if key.isdigit()}


def _firms(chain: Chain) -> Iterator[pack.Record]:
    yield from pack.firm_records(chain.panel, np.arange(len(chain.panel), dtype=np.int32))
