import time
from pathlib import Path
from typing import Any

import pytest
import redis

from alerts.connect import connect
from alerts.errors import RedisUnavailable
from alerts.persistence import Facts, check, facts, findings
from tests.alerts.server import EXECUTABLE, MASTER, Server, free_port

SOUND = Facts(version="7.0.15", role="master", replicas=0, appendonly=True, appendfsync="everysec", save="")


def names(server_facts: Facts) -> list[str]:
    return [finding.name for finding in findings(server_facts)]


def asked(client: redis.Redis) -> list[str]:
    return [finding.name for finding in check(client, where="here")]


def configure(client: Any, **settings: str) -> None:
    for name, value in settings.items():
        client.config_set(name.replace("_", "-"), value)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"version": "6.2.7"}, []),
        ({"version": "6.2.14"}, []),
        ({"version": "6.2.6"}, ["version"]),
        ({"version": "6.0.16"}, ["version"]),
        ({"version": "5.0.7"}, ["version"]),
        ({"appendonly": False}, ["no-persistence"]),
        ({"appendonly": False, "save": None}, ["snapshots-only"]),
        ({"appendfsync": None, "save": None, "config_refused": "NOPERM"}, ["unchecked"]),
        ({"maxmemory_policy": "allkeys-lru", "maxmemory": 0}, []),
        ({"replicas": 2, "min_replicas_to_write": None}, []),
        ({"role": "slave", "link_up": True, "min_replicas_to_write": 0}, ["replica"]),
    ],
)
def test_what_a_server_may_say(changes: dict[str, Any], found: list[str]) -> None:
    assert names(Facts(**(vars(SOUND) | changes))) == found


def test_a_server_with_each_setting_that_loses_alerts(tmp_path: Path) -> None:
    with Server(tmp_path) as server, connect(server.url, 5) as client:
        assert asked(client) == []
        configure(client, appendfsync="no")
        assert asked(client) == ["no-fsync"]
        configure(client, appendonly="no", save="3600 1 300 100")
        [finding] = check(client, where="here")
        assert finding.name == "snapshots-only"
        assert "(appendonly no, save 3600 1 300 100). Type CONFIG SET appendonly yes" in str(finding)
        configure(client, save="", maxmemory="100mb", maxmemory_policy="allkeys-lfu")
        assert asked(client) == ["eviction", "no-persistence"]
        assert "maxmemory 104857600" in str(check(client, where="here")[0])
        configure(client, maxmemory_policy="volatile-lru", appendonly="yes", appendfsync="everysec")
        assert asked(client) == []
        client.acl_setuser("managed", enabled=True, passwords=["+pw"], commands=["+@all", "-config"], keys=["*"])
        configure(client, appendonly="no")
        with connect(server.url.replace("//", "//managed:pw@"), 5) as managed:
            first, second = check(managed, where="here")
        # What INFO tells is judged all the same.
        assert (first.name, second.name) == ("snapshots-only", "unchecked")
        assert "permission" in second.what
        client.execute_command("REPLICAOF", "127.0.0.1", str(free_port()))
        assert asked(client)[0] == "replica"
        assert "it has lost its master" in check(client, where="here")[0].what


def test_a_master_that_goes_on_without_its_replicas(tmp_path: Path) -> None:
    with Server(tmp_path / "master", EXECUTABLE, *MASTER) as master, connect(master.url, 5) as client:
        replica = Server(tmp_path / "replica", EXECUTABLE, "--replicaof", "127.0.0.1", str(master.port))
        with replica, connect(replica.url, 5) as follower:
            while not facts(client).replicas or not facts(follower).link_up:
                time.sleep(0.02)
            assert asked(client) == ["min-replicas"]
            assert asked(follower) == ["replica"]
            configure(client, min_replicas_to_write="1")
            assert asked(client) == []


def test_a_server_whose_config_has_another_name(tmp_path: Path) -> None:
    with Server(tmp_path, EXECUTABLE, "--rename-command", "CONFIG", "") as server, connect(server.url, 5) as client:
        assert asked(client) == ["unchecked"]
        assert "unknown command" in check(client, where="here")[0].what


def test_a_server_that_is_not_there() -> None:
    with connect(f"redis://127.0.0.1:{free_port()}/0", 1) as client, pytest.raises(RedisUnavailable):
        check(client, where="here")
