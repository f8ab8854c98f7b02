from alerts.console.vitals import STALL_SECONDS, ConsoleHealth, Vitals
from tests.alerts.console.site import Clock


def test_live_while_its_loop_goes_round_and_ready_while_it_serves() -> None:
    clock, redis = Clock(), True
    vitals = Vitals(clock, lambda: redis)
    assert vitals.health() == ConsoleHealth(True, False, ["starting"], True, 0.0)
    vitals.beat()
    clock.now = STALL_SECONDS - 1
    assert vitals.health() == ConsoleHealth(True, True, [], True, STALL_SECONDS - 1)
    redis = False
    health = vitals.health()
    assert (health.live, health.ready, health.redis_reachable) == (True, True, False)
    assert health.problems == ["Redis does not answer: pages say so"]
    redis = True
    clock.now = STALL_SECONDS
    health = vitals.health()
    assert (health.live, health.ready) == (False, False)
    assert "silent for 30 s" in health.problems[0]
    vitals.beat()
    vitals.end()
    vitals.beat()
    assert vitals.health() == ConsoleHealth(True, False, ["stopping"], True, 0.0)
