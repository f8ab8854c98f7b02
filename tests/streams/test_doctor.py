"""What each finding makes of a check; `tests/vigie/commands/test_doctor.py` asks real servers."""

from datetime import date

import msgspec
import pytest

from alerts.persistence import Finding
from streams.admin import Copies, Survey
from streams.doctor import (
    NEEDED_RIGHTS,
    clock_skew,
    copies,
    group_rights,
    kafka_version,
    model_age,
    redis_findings,
    replicas,
    rights,
)
from streams.status import Status

WELL = Survey(
    brokers=3, version=(4, 0), partitions={}, replicas={}, short=(), leaderless=(), rights=dict(NEEDED_RIGHTS)
)


def test_an_old_kafka() -> None:
    assert kafka_version(WELL).state == "well"
    assert kafka_version(msgspec.structs.replace(WELL, version=(3, 5))).state == "wrong"


def test_partitions_without_leader_or_replicas() -> None:
    assert [check.state for check in replicas(WELL)] == ["well"]
    broken = msgspec.structs.replace(WELL, short=("vigie.events/1", "vigie.alerts/0"), leaderless=("vigie.alerts/0",))
    assert [check.state for check in replicas(broken)] == ["wrong", "warning"]
    assert next(replicas(broken)).found == "no broker leads vigie.alerts/0"


@pytest.mark.parametrize(
    ("found", "state", "remedy"),
    [
        (Copies(3, 2, unclean=False), "well", ""),
        (Copies(1, 1, unclean=False), "warning", "--replication-factor 3 --min-insync-replicas 2"),
        (Copies(3, 1, unclean=False), "wrong", "--alter --min-insync-replicas 2"),
        (Copies(2, 2, unclean=False), "warning", "one less"),
        (Copies(2, 3, unclean=False), "wrong", "fewer"),
        (Copies(3, 2, unclean=True), "wrong", "unclean.leader.election.enable"),
    ],
)
def test_copies(found: Copies, state: str, remedy: str) -> None:
    good = Copies(3, 2, unclean=False)
    (check,) = copies({"vigie.events": good, "vigie.alerts": found})
    assert (check.name, check.state) == ("copies", state)
    assert remedy in check.remedy
    assert ("vigie.alerts" in check.found) == (state != "well")
    assert "vigie.events" not in check.found


def test_rights_that_are_lacking_are_named_and_those_not_told_are_unknown() -> None:
    assert {check.state for check in rights(WELL, "v")} == {"well"}
    have = {"vigie.events": frozenset({"READ", "DESCRIBE"}), "vigie.alerts": frozenset[str]()}
    events, alerts = rights(msgspec.structs.replace(WELL, rights=have), "v")
    assert (events.state, events.found) == ("wrong", "user v lacks WRITE")
    assert alerts.state == "unknown"


@pytest.mark.parametrize(
    ("seconds", "uncertain", "state"),
    [(0.0, 0.01, "well"), (1.9, 0.0, "well"), (-2.1, 0.0, "wrong"), (2.5, 1.0, "well"), (3600.0, 0.0, "wrong")],
)
def test_clocks(seconds: float, uncertain: float, state: str) -> None:
    assert clock_skew("Redis", seconds, uncertain).state == state


def test_what_is_wrong_with_redis_is_told_as_bad_as_it_is() -> None:
    names = ("eviction", "cluster", "snapshots-only", "unchecked")
    checks = list(redis_findings([Finding(name, "what", "Do it") for name in names]))
    assert [check.state for check in checks] == ["wrong", "wrong", "warning", "unknown"]
    assert [check.name for check in checks] == [f"redis {name}" for name in names]
    assert [check.state for check in redis_findings([])] == ["well"]


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (Status(), "warning"),
        (Status(model_version="prior-2"), "well"),
        (Status(model_version="m", model_as_of=date(2020, 1, 31), model_age_days=45), "well"),
        (Status(model_version="m", model_as_of=date(2020, 1, 31), model_age_days=46), "warning"),
    ],
)
def test_models(found: Status, state: str) -> None:
    assert model_age(found).state == state


def test_a_group_that_the_user_may_not_join_is_told() -> None:
    found = {
        "a": frozenset({"READ", "DESCRIBE", "DELETE"}),
        "b": frozenset({"DESCRIBE"}),
        "c": None,
        "d": frozenset[str](),
    }
    checks = {check.name[-1]: check for check in group_rights(found, "u")}
    assert {name: check.state for name, check in checks.items()} == {
        "a": "well",
        "b": "wrong",
        "c": "wrong",
        "d": "well",
    }
    assert (checks["b"].found, checks["c"].found) == ("user u lacks READ", "user u lacks DESCRIBE, READ")
