"""What follows from what is seen: the rules, without any server."""

import pytest

from streams.app_state import Stage
from streams.health import Health, PartitionHealth, RoleHealth, Standstills, Vitals

LIMIT = 60.0


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def judged(
    *,
    still: float = 0,
    state: Stage = "ready",
    joining: float = 0,
    silent: float = 0,
    limit: float = LIMIT,
    kafka: bool | None = None,
    redis: bool | None = None,
) -> Health:
    """The health of a scorer whose one partition, or which itself, has stood still for so long."""
    clock = Clock()
    vitals = Vitals(limit, clock)
    partition = PartitionHealth("vigie.events", 3, 10, 12, still)
    role = RoleHealth("scorer", "vigie", state, joining, [partition])
    vitals.tell(Health(roles=[role], kafka_reachable=kafka, redis_reachable=redis))
    clock.now += silent
    return vitals.health()


def test_at_work() -> None:
    health = judged(kafka=True, redis=True, still=59, silent=59)
    assert (health.live, health.ready, health.problems, health.silent_seconds) == (True, True, [], 59)


@pytest.mark.parametrize(
    ("health", "problem"),
    [
        (
            judged(still=60),
            "committed nothing of vigie.events/3 for 60 s, with records up to 12 there and 10 committed",
        ),
        (judged(state="recovering", joining=61), "the scorer has been recovering for 61 s without getting on"),
        (judged(silent=62), "the event loop has been silent for 62 s"),
    ],
    ids=["stuck", "recovering", "silent"],
)
def test_what_a_restart_may_mend(health: Health, problem: str) -> None:
    assert not health.live
    assert not health.ready
    assert problem in health.problems[0]


@pytest.mark.parametrize(
    ("health", "problem"),
    [
        (judged(state="joining", joining=59), "the scorer is joining"),
        (judged(kafka=False), "Kafka does not answer"),
        (judged(redis=False), "Redis takes no alerts; they wait in Kafka"),
    ],
    ids=["joining", "kafka", "redis"],
)
def test_what_a_restart_does_not_mend(health: Health, problem: str) -> None:
    assert health.live
    assert not health.ready
    assert health.problems == [problem]


def test_without_a_limit_it_always_lives() -> None:
    assert judged(limit=0, still=10**6, silent=10**6).live


def test_from_its_beginning_to_its_end() -> None:
    clock = Clock()
    vitals = Vitals(LIMIT, clock)
    assert (vitals.health().live, vitals.health().problems) == (True, ["starting"])
    clock.now += LIMIT
    assert not vitals.health().live, "a start that hangs"
    vitals.tell(Health())
    assert vitals.health().ready
    vitals.end()
    assert (vitals.health().live, vitals.health().problems) == (True, ["stopping"])


def test_a_standstill_is_over_when_something_moves_or_nothing_is_due() -> None:
    still = Standstills()
    seen = []
    for now, mark, due in [(0, 1, True), (5, 1, True), (9, 2, True), (12, 2, True), (13, 2, False), (15, 2, True)]:
        still.turn(now)
        seen.append(still.seconds("p", mark, due=due))
    assert seen == [0, 5, 0, 3, 0, 2]


def test_a_partition_that_went_and_comes_back_begins_anew() -> None:
    still = Standstills()
    still.turn(0)
    still.seconds("p", 1, due=True)
    still.turn(10)
    still.turn(20)
    assert still.seconds("p", 1, due=True) == 0
