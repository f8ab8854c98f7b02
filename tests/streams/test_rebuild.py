import threading
import time
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from alerts.alert import Alert, encode
from alerts.connect import connect
from alerts.errors import RedisUnavailable
from alerts.metrics import AlertMetrics
from alerts.publish import publish
from alerts.routing import QUEUES, seen_key, stream_key, totals_key
from streams.cluster import ClusterError
from streams.rebuild import Tally, Wanted, rebuild
from tests.acceptance.harness import Site
from tests.alerts.samples import DUMONT, an_alert
from tests.alerts.server import free_port

FIRMS = 23
COUNT = 1_500


def raised(count: int = COUNT) -> list[Alert]:
    """Alerts of some firms in the order of their raising, a second apart; those of a firm have one department."""
    return [
        an_alert(
            id=f"{place:024x}",
            siren=f"{place % FIRMS:09d}",
            department=("21", "2A", None)[place % FIRMS % 3],
            raised_at=DUMONT.raised_at + timedelta(seconds=place),
            as_of=date(2019, 1, 1) + timedelta(days=place),
        )
        for place in range(count)
    ]


def into_kafka(site: Site, alerts: Sequence[Alert]) -> None:
    with site.producer() as producer:
        for alert in alerts:
            producer.send("vigie.alerts", encode(alert), key=alert.siren.encode())


def rebuilt(site: Site, wanted: Wanted | None = None, redis_url: str | None = None) -> Tally:
    tally = Tally()
    with connect(redis_url or site.redis_url, 5) as client:
        rebuild(
            site.cluster,
            client,
            wanted or Wanted(QUEUES),
            tally,
            where="here",
            metrics=AlertMetrics(CollectorRegistry()),
            clock=time.time,
        )
    return tally


def queues(site: Site) -> dict[str, list[str]]:
    """The ids of each queue, in its order."""
    found: dict[str, list[str]] = {}
    for entry in site.entries():
        found.setdefault(entry.stream.removeprefix("vigie:alerts:"), []).append(entry.alert["id"])
    return found


def expected(alerts: Sequence[Alert]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for alert in alerts:
        found.setdefault(alert.department or "unknown", []).append(alert.id)
    return found


def test_an_empty_redis_is_whole_again_and_a_whole_one_unchanged(site: Site) -> None:
    alerts = raised()
    into_kafka(site, alerts)
    with site.producer() as producer:
        producer.send("vigie.alerts", b"no alert", partition=1)
    first = rebuilt(site)
    assert first == Tally(total=COUNT + 1, read=COUNT + 1, refused=1, restored=COUNT)
    # Of several partitions, in the order of their raising.
    assert queues(site) == expected(alerts)
    before = site.entries()
    assert rebuilt(site) == Tally(total=COUNT + 1, read=COUNT + 1, refused=1, already_there=COUNT)
    assert site.entries() == before
    with connect(site.redis_url, 5) as client:
        # One queue lost by hand: the three keys of it, as the guide says.
        client.delete(stream_key("2A"), seen_key("2A"), totals_key("2A"))
    assert rebuilt(site).restored == len(expected(alerts)["2A"])
    assert queues(site) == expected(alerts)


def test_what_is_missing_comes_after_what_is_there(site: Site) -> None:
    alerts = raised(60)
    into_kafka(site, alerts)
    old_and_newer = [encode(alert) for alert in alerts[:20] + alerts[40:]]
    with connect(site.redis_url, 5) as client:
        metrics = AlertMetrics(CollectorRegistry())
        publish(client, old_and_newer, where="here", metrics=metrics, clock=time.time)
    tally = rebuilt(site)
    assert (tally.restored, tally.already_there) == (20, 40)
    assert queues(site) == expected(alerts[:20] + alerts[40:] + alerts[20:40])


def test_only_what_is_wanted_comes_back(site: Site) -> None:
    alerts = raised(90)
    into_kafka(site, alerts)
    since = alerts[30].as_of
    tally = rebuilt(site, Wanted(("21",), since))
    wanted = [alert for alert in alerts[30:] if alert.department == "21"]
    assert tally == Tally(total=90, read=90, passed_over=90 - len(wanted), restored=len(wanted))
    assert queues(site) == expected(wanted)


def test_beside_a_dispatcher_nothing_is_doubled_and_each_firm_keeps_its_order(site: Site) -> None:
    alerts = raised()
    into_kafka(site, alerts)
    records: dict[int, list[Any]] = {}
    for record in site.records("vigie.alerts"):
        records.setdefault(record.partition, []).append(record)
    assert len(records) > 1
    started = threading.Event()

    def dispatch() -> None:
        """What a dispatcher does that begins anew: the partitions one after the other, in batches of its own."""
        with connect(site.redis_url, 5) as client:
            metrics = AlertMetrics(CollectorRegistry())
            for found in records.values():
                for start in range(0, len(found), 37):
                    batch = [record.value or b"" for record in found[start : start + 37]]
                    publish(client, batch, where="here", metrics=metrics, clock=time.time)
                    started.set()

    dispatcher = threading.Thread(target=dispatch)
    dispatcher.start()
    assert started.wait(30)
    rebuilt(site)
    dispatcher.join()
    assert site.ids() == sorted(alert.id for alert in alerts)
    by_firm: dict[str, list[str]] = {}
    for entry in site.entries():
        by_firm.setdefault(entry.alert["siren"], []).append(entry.alert["id"])
    assert all(found == sorted(found) for found in by_firm.values())


def test_what_stops_it_is_said_and_it_goes_on_when_run_again(site: Site) -> None:
    into_kafka(site, raised(10))
    with pytest.raises(RedisUnavailable, match="VIGIE_REDIS"):
        rebuilt(site, redis_url=f"redis://127.0.0.1:{free_port()}/0")
    assert rebuilt(site).restored == 10
    site.delete("vigie.alerts")
    with pytest.raises(ClusterError, match=r"no topic vigie\.alerts"):
        rebuilt(site)
