import itertools
import logging
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import redis

from alerts import inbox
from alerts.alert import encode
from alerts.connect import connect
from alerts.errors import AlertNotFound, RedisRefused, RedisUnavailable
from alerts.inbox import Corrupt, Filters, Received, landed, list_alerts, show, watch
from alerts.routing import seen_key, stream_key
from tests.alerts.publishing import Bench
from tests.alerts.samples import an_alert, many
from tests.alerts.server import Server, free_port


def watching(client: redis.Redis, filters: Filters | None = None, earlier: int | None = 0) -> Iterator[Received]:
    deadline = time.monotonic() + 60
    return watch(
        client,
        filters or Filters(),
        where="here",
        earlier=earlier,
        waits=lambda: itertools.repeat(0.02),
        sleep=time.sleep,
        block_ms=100,
        stopped=lambda: time.monotonic() > deadline,
    )


def numbers(received: list[Received]) -> list[int]:
    return [int(item.alert.siren) for item in received]


def test_the_list_goes_back_over_all_departments(client: redis.Redis, bench: Bench) -> None:
    bench.publish(*([data] for data in many(200)))
    newest = list_alerts(client, Filters(), 120, where="here")
    assert len(newest) == 120
    # Alerts of several departments may share a millisecond.
    moments = [[int(part) for part in item.entry.split("-")] for item in newest]
    assert moments == sorted(moments, reverse=True)
    for department in range(3):
        of_one = [number for number in numbers(newest) if number % 3 == department]
        assert of_one == list(range(of_one[0], of_one[-1] - 1, -3))
        assert of_one[0] >= 197
    assert numbers(list_alerts(client, Filters(queues=("2A",)), 1000, where="here")) == list(range(199, 0, -3))
    assert list_alerts(client, Filters(queues=("75",)), 10, where="here") == []


def test_the_list_is_filtered(client: redis.Redis, bench: Bench) -> None:
    batch = [
        an_alert(id="a", siren="000000001", as_of=date(2019, 1, 31)),
        an_alert(id="b", siren="000000002", tier="moderate", as_of=date(2019, 2, 28)),
        an_alert(id="c", siren="000000003", kind="jump", as_of=date(2019, 3, 31)),
    ]
    bench.publish([encode(alert) for alert in batch])

    def found(filters: Filters) -> str:
        return "".join(item.alert.id for item in list_alerts(client, filters, 9, where="here"))

    assert found(Filters(tiers=("moderate",))) == "b"
    assert found(Filters(kinds=("jump", "lowered"))) == "c"
    assert found(Filters(since=date(2019, 2, 28))) == "cb"
    assert found(Filters(siren="000000001")) == "a"
    assert found(Filters(siren="000000001", kinds=("jump",))) == ""


def test_one_alert_is_found_by_its_id_even_among_many_of_one_instant(client: redis.Redis) -> None:
    for place in range(130):
        alert = an_alert(id=f"id-{place}")
        client.xadd(stream_key("21"), {"alert": encode(alert)}, id=f"1700000000000-{place}")
        client.zadd(seen_key("21"), {alert.id: 1700000000000})
    received = show(client, "id-120", where="here")
    assert (received.queue, received.entry, received.alert.id) == ("21", "1700000000000-120", "id-120")


def test_an_alert_that_is_not_there_or_no_more_is_told_apart(client: redis.Redis, bench: Bench) -> None:
    bench.publish(many(1))
    client.xtrim(stream_key("21"), maxlen=0, approximate=False)
    with pytest.raises(AlertNotFound, match="trimmed"):
        show(client, f"{0:024x}", where="here")
    with pytest.raises(AlertNotFound, match="no alert 'nope' in department 75"):
        show(client, "nope", ("75",), where="here")


def test_corrupt_entries_are_reported_and_skipped(client: redis.Redis, bench: Bench) -> None:
    client.xadd(stream_key("21"), {"other": "x"}, id="1-1")
    client.xadd(stream_key("21"), {"alert": "{"}, id="1-2")
    client.xadd(stream_key("21"), {"alert": b"[" * 5000}, id="1-3")
    bench.publish(many(1))
    reported: list[Corrupt] = []
    found = list_alerts(client, Filters(), 9, where="here", report=reported.append)
    assert numbers(found) == [0]
    assert [(corrupt.queue, corrupt.entry) for corrupt in reported] == [("21", "1-3"), ("21", "1-2"), ("21", "1-1")]
    assert numbers([next(watching(client, earlier=None))]) == [0]


def test_a_watcher_gets_what_is_published_later_in_departments_new_to_all(client: redis.Redis, bench: Bench) -> None:
    bench.publish(many(3))
    later = [encode(an_alert(id="later", department="974")), encode(an_alert(id="later-still", department="21"))]

    def publish() -> None:
        bench.publish(later[:1])
        time.sleep(0.05)
        bench.publish(later[1:])

    publisher = threading.Timer(0.3, publish)
    publisher.start()
    received = list(itertools.islice(watching(client), 2))
    publisher.join()
    assert [(item.queue, item.alert.id) for item in received] == [("974", "later"), ("21", "later-still")]
    assert received[0].raw == later[0]


def test_a_watcher_may_begin_with_all_or_the_last_and_misses_nothing_between(client: redis.Redis, bench: Bench) -> None:
    bench.publish(*([data] for data in many(120)))
    from_start = watching(client, earlier=None)
    first = list(itertools.islice(from_start, 120))
    assert sorted(numbers(first)) == list(range(120))
    assert numbers([item for item in first if item.queue == "2A"]) == list(range(1, 120, 3))
    last = watching(client, Filters(queues=("2A",)), earlier=2)
    assert numbers([next(last)]) == [115]
    bench.publish(many(123))
    assert numbers(list(itertools.islice(last, 2))) == [118, 121]
    assert sorted(numbers(list(itertools.islice(from_start, 3)))) == [120, 121, 122]


def test_a_page_that_holds_nothing_wanted_does_not_stop_the_watcher(client: redis.Redis, bench: Bench) -> None:
    bench.publish(many(110, ("21",)))
    wanted = watching(client, Filters(siren=f"{109:09d}"), earlier=None)
    assert numbers([next(wanted)]) == [109]
    assert inbox.PAGE < 109


def test_a_watcher_outlasts_a_killed_server(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with Server(tmp_path) as server, connect(server.url, 5) as client:
        bench = Bench(server.url)
        batch = many(4, ("21",))
        watcher = watching(client)
        first = threading.Timer(0.2, lambda: bench.publish(batch[:2]))
        first.start()
        received = list(itertools.islice(watcher, 2))
        first.join()
        server.kill()

        def come_back() -> None:
            time.sleep(0.2)
            server.start()
            bench.publish(batch)

        back = threading.Thread(target=come_back)
        back.start()
        received += list(itertools.islice(watcher, 2))
        back.join()
    assert numbers(received) == [0, 1, 2, 3]
    assert "answers again" in caplog.text


def test_no_server_is_told_at_once() -> None:
    with connect(f"redis://127.0.0.1:{free_port()}/0", 1) as nobody:
        for read in (
            lambda: next(watching(nobody)),
            lambda: list_alerts(nobody, Filters(), 1, where="here"),
            lambda: show(nobody, "x", where="here"),
        ):
            with pytest.raises(RedisUnavailable, match="VIGIE_REDIS"):
                read()


def test_another_type_of_key_is_refused(client: redis.Redis) -> None:
    client.set(stream_key("21"), "mine")
    with pytest.raises(RedisRefused, match="another program"):
        list_alerts(client, Filters(), 1, where="here")


def test_many_alerts_by_their_ids(client: redis.Redis, bench: Bench) -> None:
    bench.publish(many(60))
    wanted = [("21", f"{0:024x}"), ("21", f"{57:024x}"), ("2A", f"{1:024x}"), ("21", f"{1:024x}"), ("21", "none")]
    found = landed(client, wanted, where="here")
    assert {name: received.queue for name, received in found.items()} == {
        f"{0:024x}": "21",
        f"{57:024x}": "21",
        f"{1:024x}": "2A",
    }
    client.delete(stream_key("2A"))
    assert f"{1:024x}" not in landed(client, wanted, where="here"), "trimmed since"
    assert landed(client, [], where="here") == {}
