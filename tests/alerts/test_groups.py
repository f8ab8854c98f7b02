from typing import Any

import pytest
import redis

from alerts import aside
from alerts.errors import NoSuchGroup, RedisRefused
from alerts.groups import Group, Member, acknowledge, groups, join, leave, read, resume, sweep
from alerts.inbox import Filters, list_alerts
from alerts.routing import aside_key, stream_key
from detectors.errors import UnusableInput
from tests.alerts.publishing import Bench, delivered, ids
from tests.alerts.samples import many
from tests.alerts.server import VERSION

BATCH = many(6, ("21",))
ALL = ids(BATCH, "21")


def member(client: redis.Redis, consumer: str = "a", administration: str = "urssaf") -> Member:
    return Member(client, "21", administration, consumer, "here")


def pending(client: redis.Redis, administration: str = "urssaf") -> int:
    [found] = [group for group in groups(client, where="here") if group.administration == administration]
    return found.pending


def ghost(client: redis.Redis, entry: str) -> None:
    """What another program does that deletes single entries."""
    assert client.xdel(stream_key("21"), entry) == 1


def test_members_of_a_group_share_and_groups_do_not(client: redis.Redis, bench: Bench) -> None:
    bench.publish(BATCH)
    assert join(client, "21", "urssaf", where="here")
    assert not join(client, "21", "urssaf", where="here")
    assert join(client, "21", "ddets", from_now=True, where="here")
    first = read(member(client), count=2)
    second = read(member(client, "b"))
    assert [item.alert.id for item in first + second] == ALL
    assert read(member(client, "c"), block_ms=10) == []
    assert read(member(client, administration="ddets")) == []
    bench.publish(many(7, ("21",)))
    assert [item.alert.id for item in read(member(client, administration="ddets"))] == [f"{6:024x}"]
    # The log is everybody's.
    assert len(list_alerts(client, Filters(queues=("21",)), 10, where="here")) == 7
    assert acknowledge(member(client), [item.entry for item in first]) == 2
    assert acknowledge(member(client), [item.entry for item in first]) == 0
    assert acknowledge(member(client), []) == 0
    found = groups(client, where="here")
    waiting = (0, 1) if VERSION >= (7, 0) else (None, None)
    # Only later servers count a member that was given nothing.
    consumers = 3 if VERSION >= (7, 2) else 2
    assert found == [
        Group("21", "ddets", 1, 1, found[0].last_delivered, found[0].last_delivered, waiting[0]),
        Group("21", "urssaf", consumers, 4, second[0].entry, second[-1].entry, waiting[1]),
    ]
    assert leave(client, "21", "urssaf", where="here")
    assert not leave(client, "21", "urssaf", where="here")
    assert not leave(client, "75", "urssaf", where="here")


def test_what_nobody_acknowledges_is_given_to_another(client: redis.Redis, bench: Bench) -> None:
    bench.publish(BATCH)
    join(client, "21", "urssaf", where="here")
    items = read(member(client))
    acknowledge(member(client), [items[0].entry])
    assert sweep(member(client, "b"), stuck_seconds=60) == ([], 0, 0)
    claimed = sweep(member(client, "b"), stuck_seconds=0, most=3).claimed
    assert claimed == items[1:4]
    # A program that starts again has what it was given, at once; not what another one took over.
    assert resume(member(client)).claimed == items[4:]
    assert resume(member(client, "b"), most=2).claimed == items[1:3]
    assert read(member(client, "b")) == []


def test_what_is_delivered_too_often_is_set_aside_and_comes_back_when_told(client: redis.Redis, bench: Bench) -> None:
    bench.publish(BATCH)
    join(client, "21", "urssaf", where="here")
    items = read(member(client, "crashing"))
    acknowledge(member(client), [item.entry for item in items[1:]])
    assert [sweep(member(client), stuck_seconds=0, most_deliveries=3).claimed for _ in range(2)] == [items[:1]] * 2
    assert sweep(member(client, "other"), stuck_seconds=0, most_deliveries=3) == ([], 1, 0)
    assert pending(client) == 0
    [item] = aside.listed(client, where="here")
    assert (item.department, item.administration, item.entry, item.consumer, item.deliveries) == (
        "21",
        "urssaf",
        items[0].entry,
        "a",
        3,
    )
    assert item.cause.startswith("delivered 3 times, last to a 0 s ago")
    assert item.alert.encode() == BATCH[0]
    assert delivered(client, "21") == ALL
    assert aside.replay(client, "21", ["1-1", item.id], where="here") == ["unknown", "replayed"]
    assert aside.listed(client, where="here") == []
    assert sweep(member(client, "mended"), stuck_seconds=3600, most_deliveries=3).claimed == items[:1]
    assert acknowledge(member(client), [items[0].entry]) == 1


def test_a_program_that_dies_of_an_alert_at_each_start_is_rid_of_it(client: redis.Redis, bench: Bench) -> None:
    bench.publish(BATCH[:1])
    join(client, "21", "urssaf", where="here")
    deaths = len(read(member(client)))
    while resume(member(client)).claimed:
        deaths += 1
    assert deaths == 5
    assert (pending(client), len(aside.listed(client, where="here"))) == (0, 1)


def test_what_is_no_alert_is_set_aside_with_the_cause(client: redis.Redis, bench: Bench) -> None:
    join(client, "21", "urssaf", where="here")
    client.xadd(stream_key("21"), {"other": "x"})
    client.xadd(stream_key("21"), {"alert": b"\xff"})
    bench.publish(BATCH[:1])
    assert [item.alert.id for item in read(member(client))] == ALL[:1]
    causes = [item.cause for item in aside.listed(client, where="here")]
    assert causes[0] == "it has no field `alert`"
    assert causes[1].startswith("its field `alert` is no alert (")
    assert pending(client) == 1
    found = aside.listed(client, where="here")
    assert aside.drop(client, "21", [item.id for item in found], where="here") == 2
    assert aside.drop(client, "21", [], where="here") == 0


def test_entries_that_another_program_deleted_do_not_stay_pending(client: redis.Redis, bench: Bench) -> None:
    bench.publish(BATCH)
    join(client, "21", "urssaf", where="here")
    items = read(member(client))
    ghost(client, items[0].entry)
    ghost(client, items[3].entry)
    assert sweep(member(client, "b"), stuck_seconds=0) == ([items[1], items[2], items[4], items[5]], 0, 2)
    assert pending(client) == 4


def test_what_cannot_be_given_back_stays_aside(client: redis.Redis, bench: Bench) -> None:
    bench.publish(BATCH[:2])
    join(client, "21", "urssaf", where="here")
    for item in read(member(client)):
        assert aside.set_aside(client, "21", "urssaf", item.entry, "cannot", where="here")
        assert not aside.set_aside(client, "21", "urssaf", item.entry, "cannot", where="here")
    first, second = aside.listed(client, where="here")
    client.xtrim(stream_key("21"), maxlen=1, approximate=False)
    leave(client, "21", "urssaf", where="here")
    assert aside.replay(client, "21", [first.id, second.id], where="here") == ["trimmed", "no group"]
    assert aside.listed(client, where="here") == [first, second]


def test_a_group_that_is_not_there_says_how_to_make_it(client: redis.Redis) -> None:
    calls: list[Any] = [read, sweep, resume]
    for call in calls:
        with pytest.raises(NoSuchGroup, match="vigie alerts groups join urssaf --department 21"):
            call(member(client))
    for block_ms in (0, 5000):
        with pytest.raises(ValueError, match="timeout of 5 s"):
            read(member(client), block_ms=block_ms)
    with pytest.raises(UnusableInput, match="no name of an administration"):
        join(client, "21", "URSSAF ", where="here")
    client.set(stream_key("21"), "mine")
    with pytest.raises(RedisRefused, match="another program"):
        join(client, "21", "urssaf", where="here")


def test_setting_aside_fails_whole(client: redis.Redis, bench: Bench) -> None:
    bench.publish(BATCH[:1])
    join(client, "21", "urssaf", where="here")
    [item] = read(member(client))
    client.set(aside_key("21"), "mine")
    with pytest.raises(RedisRefused, match="another program"):
        aside.set_aside(client, "21", "urssaf", item.entry, "cannot", where="here")
    assert pending(client) == 1
