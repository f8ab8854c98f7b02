import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

from detectors.batch import batch_of
from detectors.chain import Chain
from detectors.models import prior
from detectors.months import first_day, month_of
from streams.batches import BatchApp
from streams.clock_keeper import CHECK_SECONDS, ClockKeeper
from streams.firm_table import FirmTable
from streams.outbox import Outbox
from streams.scorer import Clocks
from tests.acceptance.harness import Site
from tests.detectors.making import clock

NOON = timedelta(hours=12)


class Time:
    """Both clocks, turned by hand."""

    def __init__(self, day: date) -> None:
        self.now = datetime(day.year, day.month, day.day, tzinfo=UTC) + NOON
        self.clocks = Clocks(wall=lambda: self.now.timestamp(), monotonic=lambda: self.now.timestamp())

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def keep(site: Site, reached: dict[int, date | None], time: Time, steps: list[float], **app: bool) -> None:
    """Tick once, then after each step, with partitions that have reached these days."""

    async def run() -> None:
        outbox = Outbox(site.cluster, 30)
        await outbox.start()
        faust = BatchApp("vigie-test", broker=f"kafka://{site.kafka}", store="memory://")
        table = FirmTable(faust, new_chain=lambda: Chain(prior()), name="firms", partitions=site.partitions)
        for partition, day in reached.items():
            chain = table.chain(partition)
            if day is not None:
                # Time begins two months before, so that months have ended here.
                list(chain.step(batch_of([clock(first_day(month_of(day) - 2)), clock(day)])))
        state = SimpleNamespace(rebalancing=False, in_recovery=False) if not app else SimpleNamespace(**app)
        keeper = ClockKeeper(state, table, outbox, time.clocks)
        try:
            for seconds in (0, *steps):
                time.pass_by(seconds)
                await keeper.tick()
        finally:
            await outbox.stop()

    asyncio.run(run())


def told(site: Site) -> list[tuple[int, str]]:
    """The partition and the day of each clock event."""
    records = site.records("vigie.events")
    for record in records:
        assert record.key is None
        assert dict(record.headers) == {"type": b"clock"}
        known_at = datetime.fromisoformat(json.loads(record.value)["known_at"]).replace(tzinfo=UTC)
        assert record.timestamp == known_at.timestamp() * 1000
    return [(record.partition, json.loads(record.value)["known_at"]) for record in records]


def test_partitions_that_have_reached_the_month_before_are_told_of_the_new_one(site: Site) -> None:
    reached = {
        0: date(2020, 2, 29),
        1: date(2020, 2, 1),
        2: date(2020, 3, 1),
        3: None,
    }
    keep(site, reached, Time(date(2020, 3, 1)), [])
    assert told(site) == [(0, "2020-03-01"), (1, "2020-03-01")]


@pytest.mark.parametrize("day", [date(2018, 2, 15), date(2010, 1, 1), date(2020, 1, 31)])
def test_the_present_does_not_drag_a_replay_along(site: Site, day: date) -> None:
    keep(site, {0: day}, Time(date(2020, 3, 15)), [CHECK_SECONDS] * 3)
    assert told(site) == []


def test_each_month_is_told_once_and_the_next_in_its_turn(site: Site) -> None:
    """The clock event has not come back to the partition yet: it is on its way, behind everything unread."""
    month = 31 * 24 * 3600.0
    keep(site, {0: date(2020, 2, 29)}, Time(date(2020, 3, 1)), [CHECK_SECONDS / 2, CHECK_SECONDS, CHECK_SECONDS, month])
    assert told(site) == [(0, "2020-03-01")]


@pytest.mark.parametrize(
    "state", [{"rebalancing": True, "in_recovery": False}, {"rebalancing": False, "in_recovery": True}]
)
def test_nothing_is_told_while_partitions_move(site: Site, state: dict[str, bool]) -> None:
    keep(site, {0: date(2020, 2, 29)}, Time(date(2020, 3, 1)), [CHECK_SECONDS], **state)
    assert told(site) == []
