import asyncio
import json
import random
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.lib.recfunctions import repack_fields
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from deploy.embedded import KafkaServer
from detectors import pack
from detectors.chain import Chain, ChainOptions
from detectors.events import AnyEvent
from detectors.models import Scorer as Ready
from detectors.models import prior
from detectors.months import first_day
from detectors.rings import NEVER
from streams import scorer as scoring
from streams.batches import BatchApp
from streams.errors import SendFailed, StreamsError
from streams.examples import decode
from streams.firm_table import FirmTable
from streams.metrics import StreamMetrics
from streams.outbox import Outbox
from streams.scorer import Clocks, Scorer, live_chain
from tests.acceptance.harness import Site
from tests.acceptance.processes import frozen
from tests.acceptance.world import recovered
from tests.detectors.making import JANUARY, SIREN, clock, contribution, debt, firm, headcount
from tests.detectors.shifting import shifted
from tests.streams.received import Received, home, received

HERE = home(SIREN, 4)
HORIZON = 2
FOLDER = Path(tempfile.gettempdir())
TODAY = datetime(2020, 6, 1, 12, tzinfo=UTC)
CLOCKS = Clocks(wall=TODAY.timestamp, monotonic=lambda: 0.0)
CHANGELOG = "vigie-firms-changelog"
EVENTS: list[AnyEvent] = [
    clock(date(2017, 11, 1)),
    firm(name="N", department="75"),
    headcount(month=JANUARY - 2),
    *(contribution(month=JANUARY - months) for months in (3, 2, 1)),
    debt(employee_share=10_000.0, known_at=date(2018, 1, 15)),
    debt(sequence="102", employee_share=30_000.0, known_at=date(2018, 1, 16)),
]
EVENTS.sort(key=lambda event: event.known_at or date.min)
RECORDS = [received(event, offset, sent_ms=offset) for offset, event in enumerate(EVENTS)]


@dataclass
class Bench:
    """A scorer with its table, writing to a real Kafka."""

    scorer: Scorer
    table: FirmTable
    outbox: Outbox
    registry: CollectorRegistry
    failures: list[Exception]

    async def handle(self, records: Sequence[Any], partition: int = HERE) -> None:
        await self.scorer.handle(partition, records)
        await self.scorer.confirmed()

    def count(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0


@asynccontextmanager
async def bench(
    site: Site,
    seconds: float = 30,
    hot_firms: int = 50_000,
    whole: Callable[[int], Awaitable[None]] | None = None,
) -> AsyncIterator[Bench]:
    outbox, registry = Outbox(site.cluster, seconds), CollectorRegistry()
    await outbox.start()
    app = BatchApp("vigie-test", broker=f"kafka://{site.kafka}", store="memory://")
    table = FirmTable(
        app,
        new_chain=lambda: live_chain(prior(), ChainOptions(horizon=HORIZON), FOLDER, random.random),
        name="firms",
        partitions=site.partitions,
    )
    failures = list[Exception]()

    async def failed(error: Exception) -> None:
        failures.append(error)

    scorer = Scorer(
        table,
        outbox,
        StreamMetrics(registry),
        CLOCKS,
        partitions=site.partitions,
        ready=Ready(prior()),
        language="fr",
        hot_firms=hot_firms,
        failed=failed,
        whole=whole,
    )
    try:
        yield Bench(scorer, table, outbox, registry, failures)
    finally:
        await scorer.stop()
        await outbox.stop()


def alerts(site: Site) -> list[dict[str, Any]]:
    return [json.loads(record.value) for record in site.records("vigie.alerts")]


def test_alerts_carry_what_caused_them_and_when_it_was_sent(site: Site) -> None:
    async def score() -> None:
        async with bench(site) as b:
            await b.handle(RECORDS)
            assert b.count("vigie_events_total", type="payment-delay") == 2
            assert b.count("vigie_alerts_raised_total", tier="moderate", kind="raised") == 1
            assert b.count("vigie_firms", partition=str(HERE)) == 1

    asyncio.run(score())
    records = site.records("vigie.alerts")
    first, second = alerts(site)
    assert [record.key for record in records] == [SIREN.encode()] * 2
    for alert, record in zip((first, second), records, strict=True):
        offset = alert["source"]["offset"]
        assert alert["source"] == {"topic": "vigie.events", "partition": HERE, "offset": offset}
        assert list(record.headers) == [("sent_ms", b"%d" % offset)]
        event = EVENTS[offset]
        assert event.known_at is not None
        assert alert["causes"][0].items() <= json.loads(RECORDS[offset].value or b"").items()
        assert alert["as_of"] == event.known_at.isoformat()
        assert datetime.fromisoformat(alert["raised_at"]) == TODAY
    assert (first["tier"], second["tier"]) == ("moderate", "strong")
    assert first["name"] == "N"


@pytest.mark.parametrize("cut", range(1, len(EVENTS)))
def test_nothing_comes_twice_when_records_do(site: Site, cut: int) -> None:
    """As after a kill before the commit: in one worker, and in one that has recovered its state."""

    async def score() -> None:
        async with bench(site) as b:
            await b.handle(RECORDS[:cut])
            await b.handle(RECORDS[: cut + 1])
            await b.handle(RECORDS)

    asyncio.run(score())
    assert len({alert["id"] for alert in alerts(site)}) == len(alerts(site)) == 2


def test_a_month_end_sends_answers_and_keeps_those_who_wait(site: Site) -> None:
    months = [received(clock(first_day(JANUARY + n)), len(EVENTS) + n) for n in range(1, 6)]

    async def score() -> None:
        async with bench(site) as b:
            await b.handle([*RECORDS, *months])
            for partition in set(range(4)) - {HERE}:
                await b.handle(months, partition)
            assert sorted(b.table.chain(HERE).pending) == [JANUARY + 3, JANUARY + 4]

    asyncio.run(score())
    blocks = [decode(record.value) for record in site.records("vigie.labelled-examples")]
    answered = [(block.partition, block.cohort, block.sirens.shape[0], block.last) for block in blocks]
    here = [block for block in answered if block[0] == HERE]
    # November had ended unseen; the firm is scored from its first month end on.
    assert here == [
        (HERE, "2017-09", 0, True),
        (HERE, "2017-10", 0, True),
        *((HERE, month, 1, True) for month in ("2017-11", "2017-12", "2018-01", "2018-02", "2018-03")),
    ]
    # A partition without firms answers too: the trainer waits for all of them.
    assert {(p, n) for p, _, n, _ in answered if p != HERE} == {(p, 0) for p in range(4) if p != HERE}
    # With it goes what the firms of the month that answers are like.
    portfolios = [block.portfolio for block in blocks if block.partition == HERE]
    assert [p is not None and int(p.open()[0].sum()) for p in portfolios] == [1] * 7
    waiting = {month for month, _ in recovered(site.records(CHANGELOG), []).cohorts}
    assert waiting == {JANUARY + 3, JANUARY + 4}


def test_a_month_end_goes_on_between_batches_and_a_kill_leaves_nothing_of_after_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever part of it has reached the changelog: firms of the month end and of before, until its time is there."""
    monkeypatch.setattr(scoring, "CLOSING_FIRMS", 7)
    sirens = [siren for siren in map(str, range(100_000_000, 100_002_000)) if home(siren, site.partitions) == HERE][
        :300
    ]
    known: list[AnyEvent] = [headcount(siren, month=JANUARY - 1, known_at=date(2018, 1, 5)) for siren in sirens]
    later: list[AnyEvent] = [debt(siren, employee_share=9_000.0, known_at=date(2018, 2, 2)) for siren in sirens[::3]]
    batches, offset = list[list[Received]](), 0
    stretches: list[list[AnyEvent]] = [
        known,
        [clock(date(2018, 2, 1)), *later[:10]],
        later[10:20],
        [*later[20:], clock(date(2018, 2, 3))],
    ]
    for events in stretches:
        batches.append([received(event, offset + n) for n, event in enumerate(events)])
        offset += len(events)

    async def score() -> Chain:
        async with bench(site) as b:
            await b.handle(batches[0])
            for batch in batches[1:]:
                await b.handle(batch)
                # More firms are left than these batches have taken time for.
                assert b.scorer.holds(HERE)
            while b.scorer.holds(HERE):
                await asyncio.sleep(0.01)
            await b.scorer.confirmed()
            return b.table.chain(HERE)

    chain = asyncio.run(score())
    written = [(record.key, record.value) for record in site.records(CHANGELOG) if record.partition == HERE]
    time_of_it = _ended(written)
    assert sum(len(key) == 9 for key, _ in written[:time_of_it]) == 2 * len(sirens)
    for end in range(len(sirens) + 1, time_of_it, 10):
        seen = _recovered(written[:end])
        assert (seen["offset"] < len(known)).all()
        assert set(seen["swept"].tolist()) <= {JANUARY - 1, JANUARY, NEVER}
    found = _recovered(written)
    held = chain.panel.firms[chain.firms.rows_of(found["siren"])]
    assert repack_fields(found).tobytes() == repack_fields(held).tobytes()
    # The firms scored then, whichever part of the cohort they stand in.
    waiting = [cohort for cohort in recovered_chain(written).waiting() if cohort.month == JANUARY]
    assert sorted(waiting[0].sirens.tolist()) == sorted(map(int, sirens))


def test_the_next_month_begins_once_the_one_before_has_ended(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that ends another month does itself what is left of the one that goes on."""
    monkeypatch.setattr(scoring, "CLOSING_FIRMS", 5)
    sirens = [siren for siren in map(str, range(100_000_000, 100_000_400)) if home(siren, site.partitions) == HERE][:60]
    known = [
        received(headcount(siren, month=JANUARY - 1, known_at=date(2018, 1, 5)), n) for n, siren in enumerate(sirens)
    ]

    async def score() -> Chain:
        async with bench(site) as b:
            await b.handle(known)
            for n, day in enumerate([date(2018, 2, 1), date(2018, 3, 1), date(2018, 6, 1)]):
                await b.handle([received(clock(day), len(known) + n)])
            while b.scorer.holds(HERE):
                await asyncio.sleep(0.01)
            await b.scorer.confirmed()
            return b.table.chain(HERE)

    chain = asyncio.run(score())
    assert (chain.swept, chain.month_end) == (JANUARY + 4, None)
    assert {cohort.month: len(cohort) for cohort in chain.waiting()} == {JANUARY + 3: 60, JANUARY + 4: 60}
    blocks = [decode(record.value) for record in site.records("vigie.labelled-examples")]
    assert [(block.cohort, len(block.sirens.open())) for block in blocks] == [
        ("2017-11", 0), ("2017-12", 0), ("2018-01", 60), ("2018-02", 60), ("2018-03", 60)
    ]  # fmt: skip


def test_state_that_lacks_what_was_committed_is_asked_for_before_anything_is_done_on_it(site: Site) -> None:
    """Of each partition when its first records come, and after each assignment; never while they follow on."""
    asked = list[int]()

    async def short(partition: int) -> None:
        asked.append(partition)
        raise StreamsError("there is more")

    async def whole(partition: int) -> None:
        asked.append(partition)

    async def score() -> None:
        async with bench(site, whole=short) as b:
            await b.handle(RECORDS[:2])
            await b.handle(RECORDS[3:])
            assert asked == []
        async with bench(site, whole=short) as b:
            with pytest.raises(StreamsError):
                await b.handle(RECORDS[3:])
            assert len(b.table.chain(HERE).panel) == 0
        assert asked == [HERE]
        async with bench(site, whole=whole) as b:
            await b.handle(RECORDS[3:5])
            await b.handle(RECORDS[5:])
            assert asked == [HERE] * 2
            b.table.assignments += 1
            await b.handle([received(clock(date(2018, 3, 1)), 50)])
            assert asked == [HERE] * 3
            assert b.table.chain(HERE).next_offset == 51

    asyncio.run(score())
    times = [json.loads(r.value or b"")["next_offset"] for r in site.records(CHANGELOG) if r.key == b"~clock"]
    assert times[-1] == 51


def test_firms_that_are_not_at_hand_are_scored_as_if_they_were(site: Site) -> None:
    """With room for none, each batch puts its firms back from their records."""

    async def score() -> None:
        async with bench(site, hot_firms=0) as b:
            for record in RECORDS:
                await b.handle([record])
                assert len(b.table.chain(HERE).panel) == 0
            assert b.count("vigie_firms", partition=str(HERE)) == 1

    asyncio.run(score())
    assert [alert["tier"] for alert in alerts(site)] == ["moderate", "strong"]


def test_what_a_month_end_raises_between_batches_is_told_and_nothing_is_committed_behind_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "CLOSING_FIRMS", 5)
    sirens = [siren for siren in map(str, range(100_000_000, 100_000_400)) if home(siren, site.partitions) == HERE][:60]
    known = [
        received(headcount(siren, month=JANUARY - 1, known_at=date(2018, 1, 5)), n) for n, siren in enumerate(sirens)
    ]

    async def score() -> list[Exception]:
        async with bench(site, seconds=1) as b:
            await b.handle(known)
            await b.scorer.handle(HERE, [received(clock(date(2018, 2, 1)), len(known))])
            site.delete(CHANGELOG)
            while not b.failures:
                await asyncio.sleep(0.01)
            assert b.scorer.holds(HERE)
            return b.failures

    (failure,) = asyncio.run(score())
    assert isinstance(failure, SendFailed)


def _ended(written: list[tuple[bytes, bytes | None]]) -> int:
    """Where the changelog first says that January has ended."""
    chain = Chain(prior())
    for at, record in enumerate(written):
        pack.load(chain, [record])
        if chain.swept >= JANUARY:
            return at
    raise AssertionError("January never ended")


def recovered_chain(written: list[tuple[bytes, bytes | None]]) -> Chain:
    chain = Chain(prior())
    pack.load(chain, written)
    return chain


def _recovered(written: list[tuple[bytes, bytes | None]]) -> NDArray[np.void]:
    chain = recovered_chain(written)
    return np.sort(chain.panel.firms[: len(chain.panel)], order="siren")


def test_an_alert_that_kafka_does_not_take_leaves_no_state(site: Site) -> None:
    """State says which events a firm has seen: written before its alerts, it would hide them from a restart."""
    site.delete("vigie.alerts")

    async def score() -> None:
        async with bench(site, seconds=1) as b:
            with pytest.raises(SendFailed, match=r"vigie\.alerts"):
                await b.handle([received(event, offset) for offset, event in enumerate(sudden)])

    # All within a month: a single outcome.
    sudden = [event for event in EVENTS if event.known_at is not None and event.known_at >= date(2018, 1, 1)]
    asyncio.run(score())
    assert site.records(CHANGELOG) == []


def test_refusals_come_before_everything_else(site: Site) -> None:
    bad = [Received(b"x", b"no JSON", 0), Received(None, None, 1)]

    async def score() -> None:
        async with bench(site) as b:
            await b.handle(bad)
            await b.handle([bad[0], *RECORDS, bad[1]])
            assert b.count("vigie_dead_letters_total", reason="not-json") == 4

    asyncio.run(score())
    letters = site.dead_letters()
    assert [(m["offset"], m["key"], m["by"]) for m in letters] == [
        (0, "x", "vigie-scorer"),
        (1, None, "vigie-scorer"),
    ] * 2
    assert {m["partition"] for m in letters} == {HERE}
    assert len(alerts(site)) == 2


def test_the_wall_clock_decides_what_lies_in_the_future(site: Site) -> None:
    days = [date(2020, 6, 1), date(2020, 6, 2), date(2020, 6, 3)]

    async def score() -> None:
        async with bench(site) as b:
            await b.handle([received(clock(day), n) for n, day in enumerate(days)])
            assert b.table.chain(HERE).day == date(2020, 6, 2).toordinal()

    asyncio.run(score())
    assert [(m["offset"], m["reason"]) for m in site.dead_letters()] == [(2, "future-date")]


def test_a_new_model_counts_from_the_next_batch(site: Site) -> None:
    eager = msgspec.structs.replace(shifted(prior(), 2.0), version="eager", thresholds=prior().thresholds)

    async def score() -> None:
        async with bench(site) as b:
            await b.handle(RECORDS[:-2])
            b.scorer.use(Ready(eager))
            await b.handle(RECORDS[-2:])
            assert b.count("vigie_model_info", version="eager") == 1

    asyncio.run(score())
    assert {alert["model_version"] for alert in alerts(site)} == {"eager"}


def test_a_batch_is_scored_by_one_model_and_every_partition_by_the_same(site: Site) -> None:
    """A model may come at any await of a batch: that batch is finished with the one it began with."""
    eager = Ready(msgspec.structs.replace(shifted(prior(), 2.0), version="eager", thresholds=prior().thresholds))

    async def score() -> None:
        async with bench(site) as b:
            working = asyncio.create_task(b.handle(RECORDS[:-1]))
            while not b.table.chains:
                await asyncio.sleep(0)
            assert not working.done()
            b.scorer.use(eager)
            await working
            assert b.table.chain(HERE).scorer.model == prior()
            await b.handle(RECORDS[-1:])
            for partition in range(site.partitions):
                await b.handle([received(clock(date(2018, 1, 20)), 0)], partition)
            assert {chain.scorer for chain in b.table.chains.values()} == {eager}

    asyncio.run(score())
    assert [alert["model_version"] for alert in alerts(site)] == [prior().version, "eager"]


def test_everyone_who_waits_for_state_waits_until_it_is_there(site: Site, kafka: KafkaServer) -> None:
    """A month end and the commit of an earlier batch may wait at the same time: neither may go ahead of the other."""

    async def score() -> None:
        async with bench(site) as b:
            await b.handle(RECORDS[:2])
            with frozen(kafka.pid):
                # Of the month that has begun: it writes state and nothing else.
                await b.scorer.handle(HERE, RECORDS[2:3])
                waiting = [asyncio.create_task(b.scorer.confirmed()) for _ in range(2)]
                done, _ = await asyncio.wait(waiting, timeout=0.5)
                assert not done
            await asyncio.gather(*waiting)

    asyncio.run(score())
