import msgspec
import pytest
import redis

from streams.doctor import Check
from tests.vigie.commands.conftest import Vigie
from vigie.__main__ import main

AWAY = ("--kafka", "127.0.0.1:1", "--kafka-timeout-s", "0.3")


def ask(vigie: Vigie, *arguments: str) -> tuple[int, dict[str, Check]]:
    status, out, err = vigie("doctor", "--json", *arguments)
    assert err == ""
    return status, {check.name: check for check in msgspec.json.decode(out, type=list[Check])}


@pytest.mark.usefixtures("topics")
def test_an_installation_that_is_well(vigie: Vigie, redis_client: redis.Redis) -> None:
    redis_client.config_set("appendonly", "yes")
    try:
        status, checks = ask(vigie)
    finally:
        redis_client.config_set("appendonly", "no")
    assert status == 0, checks
    wanted = {"kafka", "kafka version", "topic vigie.events", "topic vigie-firms-changelog", "replicas", "python"}
    wanted |= {
        "rights on vigie.events",
        "redis",
        "redis settings",
        "rights on group vigie",
        "rights on group vigie-dispatcher",
        "clock of Kafka",
        "clock of Redis",
        "packages",
        "variables",
    }
    assert {name for name in wanted if checks[name].state != "well"} == set()
    # Nobody is at work here, and no model has been published.
    assert checks["group vigie"].state == "warning"
    assert "vigie worker" in checks["group vigie"].remedy


@pytest.mark.usefixtures("topics")
def test_what_is_wrong_is_told_with_what_to_do(
    vigie: Vigie, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_KAFAK", "typo:9092")
    redis_client.config_set("maxmemory", 100_000_000)
    redis_client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        status, checks = ask(vigie)
    finally:
        redis_client.config_set("maxmemory-policy", "noeviction")
        redis_client.config_set("maxmemory", 0)
    assert status == 1
    assert checks["redis eviction"].state == "wrong"
    assert "CONFIG SET maxmemory-policy noeviction" in checks["redis eviction"].remedy
    assert checks["variables"].remedy == "Did you mean VIGIE_KAFKA?"


def test_nothing_reachable(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("VIGIE_REDIS", "redis://u:hunter2@127.0.0.1:1/0")
    assert main(["doctor", *AWAY]) == 1
    out = capsys.readouterr().out
    assert "X  kafka" in out
    assert "X  redis" in out
    assert "hunter2" not in out
