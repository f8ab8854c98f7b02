import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts import publish as publishing
from alerts.alert import encode
from alerts.connect import connect
from alerts.errors import PublishingStopped, RedisRefused, RedisUnavailable
from alerts.publish import publish
from alerts.routing import (
    actions_key,
    case_key,
    cases_key,
    desk_key,
    order_key,
    seen_key,
    stream_key,
    totals_key,
    trail_key,
)
from alerts.totals import totals
from tests.alerts.publishing import Bench, delivered, ids
from tests.alerts.samples import an_alert, many
from tests.alerts.server import Server, free_port

RIGHTS = ("zadd", "zrem", "hincrby", "xadd", "zscore", "hget", "hset", "get", "mget", "set", "xlen", "xrange")
"""Beside running scripts, what publishing needs."""


def test_an_alert_lands_byte_for_byte_in_its_department_s_stream(client: redis.Redis, bench: Bench) -> None:
    data = encode(an_alert())
    assert bench.publish([data])[0] == (1, 0, ())
    entries: Any = client.xrange(stream_key("21"))
    [(entry, fields)] = entries
    assert fields == {b"alert": data}
    remembered: Any = client.zrange(seen_key("21"), 0, -1, withscores=True)
    [(seen, milliseconds)] = remembered
    assert (seen.decode(), int(milliseconds)) == (an_alert().id, int(entry.split(b"-")[0]))


def test_departments_that_do_not_exist_are_kept_apart_and_not_dropped(client: redis.Redis, bench: Bench) -> None:
    odd = [None, "20", "", "*", "21\n", "unknown"]
    batch = [encode(an_alert(id=f"odd-{place}", department=code)) for place, code in enumerate(odd)]
    assert bench.publish(batch)[0].published == len(odd)
    assert delivered(client, "unknown") == [f"odd-{place}" for place in range(len(odd))]


def test_the_same_batch_twice_and_in_overlapping_pieces_gives_each_alert_once(
    client: redis.Redis, bench: Bench
) -> None:
    batch = many(700)
    first, again, *pieces = bench.publish(batch, batch, batch[100:300], batch[250:] + batch[:10])
    assert (first.published, first.duplicates) == (700, 0)
    assert (again.published, again.duplicates) == (0, 700)
    assert [piece.published for piece in pieces] == [0, 0]
    for queue, department in (("21", "21"), ("2A", "2A"), ("unknown", None)):
        assert delivered(client, queue) == ids(batch, department)
    assert bench.value("vigie_alerts_duplicates_total") == 700 + 200 + 460


def test_an_alert_twice_in_a_batch_is_published_once(client: redis.Redis, bench: Bench) -> None:
    [data] = many(1)
    assert bench.publish([data, data, data])[0] == (1, 2, ())
    assert totals(client, where="here") == {"21": {("strong", "raised"): 1}}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(pieces=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=6))
def test_any_pieces_in_any_order_give_the_union(
    client: redis.Redis, bench: Bench, pieces: list[tuple[int, int]]
) -> None:
    client.flushdb()
    batch = many(30)
    batches = [batch[min(piece) : max(piece)] for piece in pieces]
    results = bench.publish(*batches)
    union = {data for piece in batches for data in piece}
    assert sum(result.published for result in results) == len(union)
    landed = [alert for queue in ("21", "2A", "unknown") for alert in delivered(client, queue)]
    assert sorted(landed) == sorted(
        alert for data in union for alert in ids([data], "21") + ids([data], "2A") + ids([data], None)
    )


def test_two_publishers_racing_deliver_once_and_in_order(
    client: redis.Redis, bench: Bench, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "CHUNK", 37)
    batch = many(1000)
    benches = [bench, Bench(redis_url)]
    barrier = threading.Barrier(2)

    def race(racer: Bench) -> None:
        barrier.wait()
        racer.publish(batch)

    racers = [threading.Thread(target=race, args=(racer,)) for racer in benches]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    for queue, department in (("21", "21"), ("2A", "2A"), ("unknown", None)):
        assert delivered(client, queue) == ids(batch, department)
    assert sum(count.total() for count in totals(client, where="here").values()) == 1000


def test_what_is_no_alert_comes_back_and_blocks_nothing(client: redis.Redis, bench: Bench) -> None:
    good = many(2, ("21",))
    no_alert = [
        b"",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        encode(an_alert(id="")),
        encode(an_alert(id="a b")),
        b"x" * 2_000_000,
    ]
    [result] = bench.publish([*no_alert[:3], good[0], *no_alert[3:], good[1]])
    assert [refused.place for refused in result.refused] == [0, 1, 2, 4, 5, 6, 7]
    assert [refused.data for refused in result.refused] == no_alert
    assert all(refused.reason.startswith("not an alert: ") for refused in result.refused)
    assert delivered(client, "21") == ids(good, "21")
    assert bench.value("vigie_alerts_refused_total") == 7


def test_the_script_is_loaded_again_when_the_server_forgot_it(client: redis.Redis, bench: Bench) -> None:
    bench.publish(many(1))
    client.script_flush()
    assert bench.publish(many(4))[0] == (3, 1, ())
    assert bench.value("vigie_alerts_publish_retries_total", cause="NOSCRIPT") == 0


def test_latencies_and_counts_are_measured(bench: Bench) -> None:
    async def run() -> None:
        async with bench.publisher() as publisher:
            await publisher.publish(many(3, ("21",)), [time.time() - 2, None, time.time() - 2])

    asyncio.run(run())
    assert bench.value("vigie_alerts_published_total", department="21", tier="strong", kind="raised") == 3
    assert bench.value("vigie_event_to_alert_seconds_count") == 2
    assert 3.9 < bench.value("vigie_event_to_alert_seconds_sum") < 30
    assert bench.value("vigie_alert_delivery_seconds_count") == 3


def test_a_key_of_another_type_stops_with_what_to_do_and_nothing_half_written(
    client: redis.Redis, bench: Bench
) -> None:
    firm = f"{0:09d}"
    named = [name("21") for name in (stream_key, seen_key, totals_key, cases_key, actions_key, desk_key)]
    for key in (*named, case_key("21", firm), trail_key("21", firm)):
        client.flushdb()
        client.hset(key, "mine", "1") if key in (seen_key("21"), case_key("21", firm)) else client.set(key, "mine")
        with pytest.raises(RedisRefused, match="another program has written"):
            bench.publish(many(1))
        assert client.xlen(stream_key("21")) == 0 if key != stream_key("21") else client.zcard(seen_key("21")) == 0
        if key != case_key("21", firm):
            assert client.get(case_key("21", firm)) is None
    client.flushdb()
    client.set(case_key("21", firm), "mine")
    with pytest.raises(RedisRefused, match="holds no case"):
        bench.publish(many(1))


def test_a_missing_right_is_named_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    with Server(tmp_path) as server, connect(server.url, 5) as client:
        for lacking in RIGHTS:
            client.flushall()
            commands = [f"+{name}" for name in ("evalsha", *RIGHTS) if name != lacking]
            client.execute_command("ACL", "SETUSER", "half", "reset", "on", ">pw", "~*", "+script|load", *commands)
            url = server.url.replace("//", "//half:pw@")
            with pytest.raises(RedisRefused, match=r"NOPERM.*rights it lacks") as raised:
                Bench(url).publish(many(1))
            assert "pw" not in str(raised.value)
            assert (client.xlen(stream_key("21")), client.zcard(seen_key("21"))) == (0, 0)
            assert client.keys("vigie:case*") == []


def test_killed_mid_batch_and_started_again_nothing_is_lost_or_doubled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "CHUNK", 40)
    batch = many(3000, ("21",))
    left_at_kill: list[int] = []

    def kill_on_the_way(server: Server) -> None:
        for target in (200, 900, 1700):
            with connect(server.url, 5) as client:
                while (landed := int(client.xlen(stream_key("21")))) < target:
                    pass
            server.kill()
            left_at_kill.append(len(batch) - landed)
            time.sleep(0.1)
            server.start()

    with Server(tmp_path) as server:
        bench = Bench(server.url)
        killer = threading.Thread(target=kill_on_the_way, args=(server,))
        killer.start()
        [result] = bench.publish(batch)
        killer.join()
        with connect(server.url, 5) as client:
            assert delivered(client, "21") == ids(batch, "21")
            assert client.zcard(seen_key("21")) == 3000
            assert totals(client, where="here")["21"].total() == 3000
    assert len(left_at_kill) == 3
    assert min(left_at_kill) > 0
    assert result.published + result.duplicates == 3000
    assert bench.value("vigie_redis_outage_seconds_total") > 0.2
    assert bench.value("vigie_alerts_publish_retries_total", cause="connection") >= 3


@pytest.mark.parametrize(
    ("break_it", "mend_it", "cause"),
    [
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0"), "OOM"),
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE"), "READONLY"),
    ],
)
def test_a_server_that_takes_no_writes_is_waited_for(
    tmp_path: Path, break_it: tuple[str, ...], mend_it: tuple[str, ...], cause: str
) -> None:
    async def run(bench: Bench, client: Any) -> None:
        await bench.publishing(many(5))
        client.execute_command(*break_it)
        waiting = asyncio.create_task(bench.publishing(many(20)))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        client.execute_command(*mend_it)
        [result] = await waiting
        assert (result.published, result.duplicates) == (15, 5)

    with Server(tmp_path) as server, connect(server.url, 5) as client:
        bench = Bench(server.url)
        asyncio.run(run(bench, client))
        assert bench.value("vigie_alerts_publish_retries_total", cause=cause) >= 2
        assert delivered(client, "21") == ids(many(20), "21")


def test_told_to_stop_during_an_outage_it_says_that_alerts_are_not_delivered() -> None:
    async def run() -> None:
        stop = asyncio.Event()
        async with Bench(f"redis://:secret@127.0.0.1:{free_port()}/0").publisher(stop) as publisher:
            asyncio.get_running_loop().call_later(0.2, stop.set)
            await publisher.publish(many(3))

    with pytest.raises(PublishingStopped, match="3 alerts waited") as raised:
        asyncio.run(run())
    assert raised.value.retriable
    assert "secret" not in str(raised.value)


def test_tools_publish_at_once_or_fail_at_once(client: redis.Redis, bench: Bench) -> None:
    client.script_flush()
    outcome = publish(client, [*many(3), b"no"], where="here", metrics=bench.metrics, clock=time.time)
    assert (outcome.published, len(outcome.refused)) == (3, 1)
    with connect(f"redis://127.0.0.1:{free_port()}/0", 1) as nobody, pytest.raises(RedisUnavailable) as raised:
        publish(nobody, many(3), where="nowhere", metrics=bench.metrics, clock=time.time)
    assert raised.value.retriable
    assert "nowhere" in str(raised.value)


def call(client: redis.Redis, alert: str, *, before: str = "", after: str = "{}", last: str = "") -> None:
    """One step of the script, in department 21 and for a firm."""
    keys = [stream_key("21"), seen_key("21"), totals_key("21"), case_key("21", "1"), cases_key("21")]
    keys += [actions_key("21"), trail_key("21", "1"), desk_key("21"), order_key("21")]
    arguments = (alert, "{}", "strong:raised", last, before, after, "1", "1", "", "0", "none", "repeat", "", "")
    client.evalsha(str(client.script_load(publishing.SCRIPT)), len(keys), *keys, *arguments)


def test_an_alert_after_a_failed_one_is_held_back(client: redis.Redis) -> None:
    with pytest.raises(redis.ResponseError, match="HELD"):
        call(client, "second", last="first")
    assert client.xlen(stream_key("21")) == 0


def test_a_join_is_decided_anew_where_the_case_is_another_even_of_the_same_version(client: redis.Redis) -> None:
    mine, others = '{"version":1,"state":"new"}', '{"version":1,"state":"taken"}'
    call(client, "first", after=others)
    for before in ("", mine):
        with pytest.raises(redis.ResponseError, match="STALE"):
            call(client, "second", before=before)
    assert client.get(case_key("21", "1")) == others.encode()
    call(client, "second", before=others, after=mine)
    assert client.get(case_key("21", "1")) == mine.encode()
    assert client.xlen(stream_key("21")) == 2
