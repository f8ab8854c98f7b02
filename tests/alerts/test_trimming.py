from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.alert import encode
from alerts.errors import RedisRefused
from alerts.groups import Member, acknowledge, join, read, resume
from alerts.routing import QUEUES, seen_key, stream_key
from alerts.trimming import DAY_MS, Trimmed, trim
from tests.alerts.publishing import Bench, delivered
from tests.alerts.samples import an_alert, many

COUNT = 10


def fill(client: redis.Redis, ages: list[float], queue: str = "21") -> list[str]:
    """Alerts that landed so many days ago, oldest first, as the publisher would have left them; their entries' ids."""
    now: Any = client.time()
    entries = []
    for number, age in enumerate(ages):
        landed = now[0] * 1000 - round(age * DAY_MS)
        entry: Any = client.xadd(
            stream_key(queue), {"alert": encode(an_alert(id=f"{number:024x}"))}, id=f"{landed}-{number}"
        )
        client.zadd(seen_key(queue), {f"{number:024x}": landed})
        entries.append(entry.decode())
    return entries


def left(client: redis.Redis) -> list[int]:
    return [int(alert_id, 16) for alert_id in delivered(client, "21")]


def trimmed(client: redis.Redis, days: float = 100, **more: Any) -> Trimmed:
    [found] = trim(client, ("21",), retention_days=days, where="here", **more)
    return found


def test_what_is_older_than_the_retention_goes_and_never_for_the_length(client: redis.Redis, bench: Bench) -> None:
    fill(client, [300, 200, 101, 99, 1])
    bench.publish(many(2_000, ("75",)))
    assert trimmed(client, 0) == ("21", 5, 0, 0, None)
    found = trim(client, retention_days=100, where="here")
    assert [item for item in found if item.entries] == [("21", 2, 3, 0, None), ("75", 2_000, 0, 0, None)]
    assert len(found) == len(QUEUES)
    assert left(client) == [3, 4]
    # What went is known all the same: Kafka keeps it.
    assert client.zcard(seen_key("21")) == 5
    # Before all time, and with nothing left.
    assert trimmed(client, 1e6).taken == 0
    assert trimmed(client, 0.001) == ("21", 0, 2, 0, None)
    assert trimmed(client, 0.001) == ("21", 0, 0, 0, None)


def test_ids_are_forgotten_that_cannot_come_again_and_have_no_entry(client: redis.Redis) -> None:
    entries = fill(client, [300, 200, 101, 99, 1])
    before_ms = int(entries[2].partition("-")[0])
    assert trimmed(client, 250, forget_before_ms=before_ms).forgotten == 1  # the entry of the second is there
    assert trimmed(client, 100, forget_before_ms=before_ms).forgotten == 1
    assert client.zrange(seen_key("21"), 0, -1) == [b"%024x" % number for number in (2, 3, 4)]


def test_a_group_that_never_read_holds_everything(client: redis.Redis) -> None:
    fill(client, [300, 200])
    join(client, "21", "urssaf", where="here")
    assert trimmed(client) == ("21", 2, 0, 0, "urssaf")
    member = Member(client, "21", "urssaf", "a", "here")
    acknowledge(member, [item.entry for item in read(member)])
    assert trimmed(client) == ("21", 0, 2, 0, None)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    # Many of one millisecond.
    ages=st.lists(st.sampled_from([3.0, 30.0, 300.0]), min_size=COUNT, max_size=COUNT).map(
        lambda ages: sorted(ages, reverse=True)
    ),
    days=st.floats(0.1, 365),
    reads=st.lists(
        st.tuples(st.integers(0, COUNT), st.just(set(range(COUNT))) | st.sets(st.integers(0, COUNT - 1))), max_size=3
    ),
)
def test_no_group_loses_what_it_still_needs(
    client: redis.Redis, ages: list[float], days: float, reads: list[tuple[int, set[int]]]
) -> None:
    """Each group has read so many and acknowledged some of them; afterwards it has all the others, in order."""
    client.flushdb()
    fill(client, ages)
    expected: dict[str, list[str]] = {}
    for number, (count, done) in enumerate(reads):
        member = Member(client, "21", f"group-{number}", "a", "here")
        join(client, "21", member.administration, where="here")
        items = read(member, count=count) if count else []
        acknowledge(member, [item.entry for place, item in enumerate(items) if place in done])
        expected[member.administration] = [
            f"{place:024x}" for place in range(COUNT) if place >= count or place not in done
        ]
    found = trimmed(client, days)
    young = sum(age < days for age in ages)
    assert found.entries >= young
    # And nothing else is kept: from the first one that is needed, or young.
    first = min([COUNT - young, *(int(needed[0], 16) for needed in expected.values() if needed)])
    assert left(client) == list(range(first, COUNT))
    for administration, needed in expected.items():
        member = Member(client, "21", administration, "a", "here")
        assert [item.alert.id for item in resume(member).claimed + read(member)] == needed


def test_a_key_of_another_type_is_said_and_the_other_queues_are_trimmed(client: redis.Redis) -> None:
    fill(client, [300, 1])
    client.set(stream_key("01"), "mine")
    with pytest.raises(RedisRefused, match="another program"):
        trim(client, retention_days=100, where="here")
    assert left(client) == [1]
