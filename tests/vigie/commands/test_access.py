"""`vigie access`: secrets in files, hashes on stdout, and the review."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from alerts.audit import Entry, decode, record, stored
from alerts.connect import connect
from alerts.console.glass import Glass
from alerts.console.sessions import Sessions
from alerts.scope import Person
from vigie.__main__ import main

FILE = """
[groups.bretagne]
role = "agent"
regions = ["Bretagne"]

[users.jdupont]
groups = ["bretagne"]

[users.mdurand]
role = "reader"
departments = ["21"]

[users.controle]
role = "auditor"
"""
Vigie = Callable[..., tuple[int, str, str]]


@pytest.fixture
def vigie(capsys: pytest.CaptureFixture[str]) -> Vigie:
    def run(*args: str) -> tuple[int, str, str]:
        status = main(["access", *args])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.fixture
def clearances(tmp_path: Path) -> str:
    path = tmp_path / "clearances.toml"
    path.write_text(FILE, encoding="utf-8")
    return str(path)


def test_secrets_are_made_once_in_files_of_their_own_and_shown_nowhere(
    vigie: Vigie, clearances: str, tmp_path: Path
) -> None:
    args = ("redis", clearances, "--secrets", str(tmp_path / "secrets"), "--address", "rediss://redis-1:6380/2")
    status, out, err = vigie(*args)
    assert (status, err) == (0, "")
    assert [line.split()[:2] for line in out.splitlines()] == [
        ["user", "controle"],
        ["user", "jdupont"],
        ["user", "mdurand"],
        ["user", "default"],
    ]
    for user in ("controle", "jdupont", "mdurand"):
        file = tmp_path / "secrets" / user
        assert file.stat().st_mode & 0o777 == 0o600
        parts = urlsplit(file.read_text().strip())
        assert (parts.scheme, parts.username, parts.hostname, parts.path) == ("rediss", user, "redis-1", "/2")
        assert parts.password is not None
        assert len(parts.password) >= 32
        assert parts.password not in out
    assert vigie(*args)[1] == out
    assert vigie(*args, "--commands")[1].startswith("ACL SETUSER controle reset on #")
    (tmp_path / "secrets" / "jdupont").chmod(0o644)
    assert vigie(*args)[0] == 2


@pytest.mark.parametrize("address", ["http://x", "redis://user:s3cret@host/0", "redis-1"])
def test_an_address_with_a_secret_or_none_at_all(vigie: Vigie, clearances: str, tmp_path: Path, address: str) -> None:
    status, out, err = vigie("redis", clearances, "--secrets", str(tmp_path / "secrets"), "--address", address)
    assert (status, out) == (2, "")
    assert "s3cret" not in err
    assert not (tmp_path / "secrets").exists()


def test_the_review_says_who_sees_what_and_when_they_last_did(
    vigie: Vigie, clearances: str, valkey: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = urlsplit(valkey.url)._replace(path="/13").geturl()
    with connect(url, 5) as client:
        client.flushdb()
        at = record(client, Entry(actor="jdupont@poste", action="alert.list", object="x"), where="here").at
    monkeypatch.setenv("VIGIE_REDIS", url)
    _, text, _ = vigie("review", clearances, "--last-use")
    assert text.splitlines() == [
        "controle  auditor  the audit log  by users.controle  never used",
        f"jdupont  agent  22, 29, 35, 56  by groups.bretagne  last use {at:%Y-%m-%d}",
        "mdurand  reader  21  by users.mdurand  never used",
    ]
    _, out, _ = vigie("review", clearances, "--department", "29", "--json")
    (row,) = json.loads(out)
    assert (row["user"], row["departments"]) == ("jdupont", ["22", "29", "35", "56"])
    assert vigie("review", clearances, "--department", "20")[0] == 2


def test_an_administrator_lists_sessions_and_ends_them(
    vigie: Vigie, valkey: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_REDIS", valkey.url)
    with connect(valkey.url, 5) as client:
        client.flushall()
        open_ = Sessions(client, time.time, where="here", idle_seconds=60, longest_seconds=60)
        mine, *theirs = (open_.begin(Person(name, ("21",), True)) for name in ("a.martin", "b.durand", "b.durand"))
        status, out, _ = vigie("sessions", "--json")
        assert (status, [item["name"] for item in json.loads(out)]) == (0, ["a.martin", "b.durand", "b.durand"])
        assert mine.id not in out
        status, out, err = vigie("sessions", "--user", "b.durand", "--end")
        assert (status, out.count("b.durand"), err) == (0, 2, "2 sessions ended\n")
        assert [open_.used(session.id) is None for session in (mine, *theirs)] == [False, True, True]
        entries = [decode(item.entry) for item in stored(client, where="here")]
    assert [(entry.action, entry.object) for entry in entries] == [
        ("session.list", "person:all"),
        ("session.end", "person:b.durand"),
    ]


def test_who_broke_the_glass_is_reported(vigie: Vigie, valkey: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGIE_REDIS", valkey.url)
    with connect(valkey.url, 5) as client:
        client.flushall()
        Glass(client, lambda: datetime.now(UTC), where="here").broken("a.martin", "71", "710000000", "remplacement")
    status, out, err = vigie("glass", "--department", "71")
    assert (status, "a.martin  71  710000000  remplacement" in out, err) == (0, True, "1 in 7 days\n")
    assert vigie("glass", "--department", "21")[1] == ""
    assert [item["motive"] for item in json.loads(vigie("glass", "--json")[1])] == ["remplacement"]
    assert vigie("glass", "--department", "99")[0] == 2
