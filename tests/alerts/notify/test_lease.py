"""A lease on a real Redis-protocol server: one holder, and none who changes anything without it."""

import pytest
import redis

from alerts.connect import connect
from alerts.errors import RedisUnavailable
from alerts.notify.lease import LEASE_SECONDS, LEAST_SECONDS, Lease, LeaseLost
from tests.alerts.console.site import Clock
from tests.alerts.server import free_port


def test_one_has_it_until_it_is_over_or_given_back(client: redis.Redis) -> None:
    clock = Clock()
    first, second = (Lease(client, "desk", clock, where="here") for _ in range(2))
    assert first.take()
    assert not second.take()
    assert (first.held(), second.held()) == (True, False)
    assert Lease(client, "other", clock, where="here").take(), "each subscription has its own"
    clock.now += LEASE_SECONDS - LEAST_SECONDS + 0.1
    assert not first.held(), "nothing is begun that might not end in time"
    first.renew()
    assert first.held()
    left = client.pttl(first.key)
    assert LEASE_SECONDS * 900 < left <= LEASE_SECONDS * 1000
    first.release()
    assert not first.held()
    assert second.take()
    first.release()
    assert second.held()
    assert client.exists(second.key), "nobody gives back what is another's"


def test_who_was_held_up_changes_nothing(client: redis.Redis) -> None:
    first, second = (Lease(client, "desk", Clock(), where="here") for _ in range(2))
    assert first.take()
    with first.step(client) as step:
        step.set("kept", "first")
    client.delete(first.key)  # its time is over while the process stands still
    with pytest.raises(LeaseLost), first.step(client) as step:
        step.set("kept", "nobody's")
    assert second.take()
    with pytest.raises(LeaseLost), first.step(client) as step:
        step.set("kept", "late")
    assert client.get("kept") == b"first"
    first.renew()
    assert not first.held()
    assert client.exists(second.key)


def test_a_takeover_within_a_step_undoes_it(client: redis.Redis) -> None:
    first, second = (Lease(client, "desk", Clock(), where="here") for _ in range(2))
    assert first.take()

    def held_up() -> None:
        with first.step(client) as step:
            client.delete(first.key)
            assert second.take()
            step.set("kept", "late")

    with pytest.raises(LeaseLost):
        held_up()
    assert client.get("kept") is None


def test_what_redis_did_not_confirm_is_not_held() -> None:
    with connect(f"redis://127.0.0.1:{free_port()}/0", 1) as nobody:
        lease = Lease(nobody, "desk", Clock(), where="here")
        with pytest.raises(RedisUnavailable):
            lease.take()
        assert not lease.held()
