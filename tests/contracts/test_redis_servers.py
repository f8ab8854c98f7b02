"""What Vigie asks of a server, held against each one on this machine: the embedded Valkey, a Redis where installed."""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.crc import key_slot

from alerts.aside import listed, replay
from alerts.connect import connect
from alerts.errors import RedisRefused
from alerts.groups import Member, acknowledge, groups, join, read, resume, sweep
from alerts.inbox import Filters, list_alerts, show, watch
from alerts.persistence import check
from alerts.publish import publish
from alerts.routing import QUEUES, stream_key
from alerts.totals import totals
from alerts.trimming import DAY_MS, trim
from tests.alerts.publishing import Bench, delivered, ids
from tests.alerts.samples import many
from tests.alerts.server import Server, by_department, executables
from tests.alerts.test_publish import RIGHTS


@pytest.fixture(params=list(executables()))
def executable(request: pytest.FixtureRequest) -> str:
    return executables()[request.param]


@pytest.fixture
def server(executable: str, tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path, executable) as server:
        yield server


def reading(url: str, department: str) -> list[str]:
    """The ids that an agent sees, by all three ways of reading."""
    filters = Filters(queues=(department,))
    with connect(url, 5) as client:
        watcher = watch(
            client, filters, where="here", earlier=None, waits=lambda: itertools.repeat(0.1), sleep=time.sleep
        )
        listed = [item.alert.id for item in list_alerts(client, filters, 100, where="here")]
        assert [next(watcher).alert.id for _ in listed] == listed[::-1]
        assert [show(client, alert_id, (department,), where="here").alert.id for alert_id in listed] == listed
    return listed[::-1]


def test_published_once_read_in_order_and_kept_over_a_kill(server: Server) -> None:
    batch = many(60)
    bench = Bench(server.url)
    bench.publish(batch[:40], batch)
    server.kill()
    server.start()
    assert bench.publish(batch)[0] == (0, 60, ())
    assert reading(server.url, "2A") == ids(batch, "2A")
    with connect(server.url, 5) as client:
        assert totals(client, where="here")["unknown"].total() == 20


@by_department
def test_an_agent_reads_the_departments_of_the_clearance_and_no_other(server: Server) -> None:
    Bench(server.url).publish(many(6))
    rights = ["%R~vigie:alerts:21", "%R~vigie:seen:{vigie:alerts:21}", "+xread", "+xrange", "+xrevrange", "+zscore"]
    with connect(server.url, 5) as client:
        admin: Any = client
        admin.execute_command("ACL", "SETUSER", "agent", "reset", "on", ">s3cret", *rights)
    url = server.url.replace("//", "//agent:s3cret@").removesuffix("/0")
    assert reading(url, "21") == ids(many(6), "21")
    for departments in (("2A",), ("21", "2A")):
        with connect(url, 5) as agent, pytest.raises(RedisRefused, match="rights it lacks") as raised:
            list_alerts(agent, Filters(queues=departments), 1, where="here")
        assert "s3cret" not in str(raised.value)
    with connect(url, 5) as agent, pytest.raises(RedisRefused, match="rights it lacks"):
        publish(agent, many(1), where="here", metrics=Bench(url).metrics, clock=time.time)


def test_a_user_with_no_more_than_the_rights_named_publishes(server: Server) -> None:
    rights = ["~vigie:*", "+evalsha", "+script|load", *(f"+{name}" for name in RIGHTS)]
    with connect(server.url, 5) as client:
        admin: Any = client
        admin.execute_command("ACL", "SETUSER", "dispatcher", "reset", "on", ">pw", *rights)
        url = server.url.replace("//", "//dispatcher:pw@").removesuffix("/0")
        assert Bench(url).publish(many(6))[0].published == 6
        assert delivered(client, "21") == ids(many(6), "21")
        with connect(url, 5) as dispatcher, pytest.raises(RedisRefused, match=r"trimming also \+exists"):
            trim(dispatcher, retention_days=365, where="here")
        further = "exists time xinfo|groups xpending xtrim xrange xlen zremrangebyscore info config|get"
        admin.execute_command("ACL", "SETUSER", "dispatcher", *(f"+{name}" for name in further.split()))
        join(client, "21", "urssaf", where="here")
        with connect(url, 5) as dispatcher:
            assert trim(dispatcher, ("21",), retention_days=1, forget_before_ms=1, where="here")[0].entries == 2
            assert check(dispatcher, where="here") == []


def test_queues_are_trimmed_as_far_as_no_group_needs_them_and_groups_work(server: Server) -> None:
    batch = many(6, ("21",))
    Bench(server.url).publish(batch[:4])
    time.sleep(0.01)  # an id is known by the millisecond of its landing
    Bench(server.url).publish(batch[4:])
    with connect(server.url, 5) as client:
        assert join(client, "21", "urssaf", where="here")
        member = Member(client, "21", "urssaf", "a", "here")
        items = read(member, count=4)
        acknowledge(member, [items[0].entry, items[2].entry])
        time.sleep(0.01)
        # Of the six, the first is needed by nobody; an age of some milliseconds is too old.
        a_millisecond = 1 / DAY_MS
        assert trim(client, ("21",), retention_days=a_millisecond, where="here") == [("21", 5, 1, 0, "urssaf")]
        client.xdel(stream_key("21"), items[3].entry)
        other = Member(client, "21", "urssaf", "b", "here")
        assert sweep(other, stuck_seconds=0, most_deliveries=2) == ([items[1]], 0, 1)
        assert resume(other, most_deliveries=2) == ([], 1, 0)
        [item] = listed(client, ("21",), where="here")
        assert replay(client, "21", [item.id], where="here") == ["replayed"]
        assert sweep(other, stuck_seconds=3600).claimed == [items[1]]
        [group] = groups(client, where="here")
        assert (group.pending, group.oldest_pending) == (1, items[1].entry)
        acknowledge(other, [items[1].entry])
        # Two more have not been read; and the ids of what is gone are forgotten with it.
        far = round(time.time() * 1000) + DAY_MS
        assert trim(client, ("21",), retention_days=a_millisecond, forget_before_ms=far, where="here") == [
            ("21", 2, 2, 4, "urssaf")
        ]
        assert [received.alert.id for received in read(member)] == ids(batch, "21")[4:]


def test_each_script_call_stays_in_one_slot_of_a_cluster(executable: str, tmp_path: Path) -> None:
    with Server(tmp_path, executable, "--cluster-enabled", "yes") as server, connect(server.url, 5) as client:
        admin: Any = client
        admin.execute_command("CLUSTER", "ADDSLOTS", *range(16384))
        # The cluster needs two seconds to declare itself up: the publisher waits for it as for any outage.
        bench = Bench(server.url)
        assert bench.publish(many(30), many(30))[1] == (0, 30, ())
        assert join(client, "21", "urssaf", where="here")
        member = Member(client, "21", "urssaf", "a", "here")
        item = read(member)[0]
        assert sweep(member, stuck_seconds=0, most_deliveries=1).set_aside == 10
        assert replay(client, "21", [listed(client, where="here")[0].id], where="here") == ["replayed"]
        assert sweep(member).claimed == [item]
        assert trim(client, retention_days=1, where="here")[0].queue == "01"
        assert delivered(client, "unknown") == ids(many(30), None)
        assert len(list_alerts(client, Filters(), 100, where="here")) == 30
        [finding] = check(client, where="here")
        assert finding.name == "cluster-of-one"


def test_one_of_two_nodes_of_a_cluster_is_refused_before_anything_is_published(executable: str, tmp_path: Path) -> None:
    mode = ("--cluster-enabled", "yes")
    with (
        Server(tmp_path / "a", executable, *mode) as one,
        Server(tmp_path / "b", executable, *mode) as other,
        connect(one.url, 5) as client,
        connect(other.url, 5) as further,
    ):
        halves: list[tuple[Any, range]] = [(client, range(8192)), (further, range(8192, 16384))]
        for node, slots in halves:
            node.execute_command("CLUSTER", "ADDSLOTS", *slots)
        halves[0][0].execute_command("CLUSTER", "MEET", "127.0.0.1", other.port)
        # This node could take the whole batch; the next one might not be so.
        here = next(queue for queue in QUEUES if key_slot(stream_key(queue).encode()) < 8192)
        with pytest.raises(RedisRefused, match=r"one node of a Redis cluster.*redis\+sentinel://"):
            Bench(one.url).publish(many(3, (here,)))
        assert (client.dbsize(), further.dbsize()) == (0, 0)
        finding = check(client, where="here")[0]
        assert finding.name == "cluster"
        elsewhere = sum(key_slot(stream_key(queue).encode()) >= 8192 for queue in QUEUES)
        assert f"the alerts of {elsewhere} of {len(QUEUES)} departments" in finding.what
