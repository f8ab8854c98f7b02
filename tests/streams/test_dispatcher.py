import asyncio
import time
from collections.abc import Sequence

import pytest
from prometheus_client import CollectorRegistry

from alerts import alert as contract
from alerts.errors import RedisRefused
from alerts.metrics import AlertMetrics
from alerts.options import AlertsOptions
from alerts.publish import Publisher
from streams.dispatcher import Dispatcher
from streams.outbox import Outbox
from streams.scorer import Clocks
from tests.acceptance.harness import Site
from tests.alerts.samples import an_alert
from tests.streams.received import Received

CLOCKS = Clocks(time.time, time.monotonic)
SIRENS = ("732829320", "000000001", "000000002")


def alert_record(number: int, offset: int, sent_ms: bytes | None = None) -> Received:
    """One of several alerts of a department."""
    alert = an_alert(id=f"{number:024x}", siren=SIRENS[number])
    headers = () if sent_ms is None else (("sent_ms", sent_ms),)
    return Received(alert.siren.encode(), contract.encode(alert), offset, headers)


def dispatch(site: Site, batches: Sequence[Sequence[Received]], redis_url: str | None = None) -> CollectorRegistry:
    registry = CollectorRegistry()

    async def run() -> None:
        outbox = Outbox(site.cluster, 30)
        await outbox.start()
        publisher = Publisher(
            AlertsOptions(redis=redis_url or site.redis_url),
            metrics=AlertMetrics(registry),
            clock=CLOCKS.wall,
            monotonic=CLOCKS.monotonic,
            random=lambda: 0.5,
            stop=asyncio.Event(),
        )
        try:
            for records in batches:
                await Dispatcher(publisher, outbox, CLOCKS).handle(3, records)
        finally:
            await publisher.close()
            await outbox.stop()

    asyncio.run(run())
    return registry


def test_alerts_reach_their_queue_once_and_in_order(site: Site) -> None:
    records = [alert_record(number, number) for number in range(3)]
    dispatch(site, [records[:2], records, records[::-1]])
    entries = site.entries()
    assert [entry.alert["siren"] for entry in entries] == list(SIRENS)
    assert {entry.stream for entry in entries} == {"vigie:alerts:21"}
    assert site.dead_letters() == []


def test_what_is_no_alert_is_refused_and_the_rest_goes_on(site: Site) -> None:
    bad = Received(b"\xffkey", b'{"id": "\x1b[2J"}', 41)
    dispatch(site, [[Received(None, None, 40), alert_record(0, 1), bad]])
    assert [entry.alert["siren"] for entry in site.entries()] == [SIRENS[0]]
    letters = site.dead_letters()
    assert [(m["topic"], m["partition"], m["offset"], m["reason"]) for m in letters] == [
        ("vigie.alerts", 3, 40, "other"),
        ("vigie.alerts", 3, 41, "other"),
    ]
    assert [m["key"] for m in letters] == [None, "\\xffkey"]
    assert [record.key for record in site.records("vigie.dead-letters")] == [None, b"\xffkey"]
    assert all(m["by"] == "vigie-dispatcher" and "not an alert" in m["detail"] for m in letters)


# Names of their own: every process of a run must find the same tests, and the time is not.
@pytest.mark.parametrize(
    ("header", "counted"),
    [(b"%d" % int(time.time() * 1000 - 5000), 1), (b"soon", 0), (None, 0)],
    ids=["a time", "no time", "nothing"],
)
def test_the_time_since_the_event_was_sent_is_observed(site: Site, header: bytes | None, counted: int) -> None:
    registry = dispatch(site, [[alert_record(0, 0, header)]])
    samples = {s.name: s.value for family in registry.collect() for s in family.samples if not s.labels}
    (name,) = [n for n in samples if "event_to_alert" in n and n.endswith("_count")]
    assert samples[name] == counted
    assert samples[name.replace("_count", "_sum")] >= 4 * counted


def test_a_redis_that_refuses_stops_the_dispatcher(site: Site) -> None:
    nobody = site.redis_url.replace("redis://", "redis://nobody:wrong@")
    with pytest.raises(RedisRefused):
        dispatch(site, [[alert_record(0, 0)]], nobody)
    assert site.entries() == []
