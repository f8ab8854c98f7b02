"""`vigie access token`: shown once, kept as a hash, told to the audit log."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from alerts import audit
from alerts.api import tokens
from alerts.connect import connect
from alerts.routing import TOKENS_KEY
from vigie.__main__ import main

Vigie = Callable[..., tuple[int, str, str]]


@pytest.fixture
def url(valkey: Any) -> str:
    url = urlsplit(valkey.url)._replace(path="/12").geturl()
    with connect(url, 5) as client:
        client.flushdb()
    return url


@pytest.fixture
def vigie(capsys: pytest.CaptureFixture[str], url: str, monkeypatch: pytest.MonkeyPatch) -> Vigie:
    monkeypatch.setenv("VIGIE_REDIS", url)

    def run(*args: str) -> tuple[int, str, str]:
        status = main(["access", "token", *args])
        return status, *capsys.readouterr()

    return run


def test_a_token_is_made_listed_and_revoked(vigie: Vigie, url: str) -> None:
    status, out, err = vigie("create", "codefi-21", "--department", "21", "--right", "act", "--data", "urssaf")
    assert (status, err) == (0, "")
    with connect(url, 5) as client:
        made = tokens.found(client, out.strip(), datetime.now(UTC), where="here")
    assert made is not None
    assert (made.departments, made.rights, made.data) == (("21",), ("read", "act"), frozenset({"urssaf"}))
    status, listed, _ = vigie("list")
    assert (status, listed) == (0, f"{made.id}  codefi-21  read, act  21  to {made.expires_at:%Y-%m-%d}\n")
    assert "digest" not in json.loads(vigie("list", "--json")[1])
    assert vigie("revoke", made.id) == (0, "", "")
    assert vigie("list") == (0, "", "")
    status, _, err = vigie("revoke", made.id)
    assert (status, "there is no token" in err) == (2, True)
    with connect(url, 5) as client:
        logged = [audit.decode(item.entry) for item in audit.stored(client, where="here")]
    assert [(one.action, one.object) for one in logged[:2]] == [
        ("token.create", f"token:{made.id}"),
        ("token.revoke", f"token:{made.id}"),
    ]
    assert "codefi-21, read, act, departments:21" in logged[0].detail


def test_all_departments_must_be_said(vigie: Vigie, url: str) -> None:
    status, out, err = vigie("create", "national")
    assert (status, out, "--everywhere" in err) == (2, "", True)
    assert vigie("create", "national", "--everywhere", "--department", "21")[0] == 2
    assert vigie("create", "national", "--everywhere")[0] == 0
    assert "  all departments  " in vigie("list")[1]


def test_a_token_that_the_log_does_not_know_of_is_not_given(vigie: Vigie, url: str) -> None:
    with connect(url, 5) as client:
        client.set("vigie:audit", "another program's")
        status, out, _ = vigie("create", "codefi-21", "--department", "21")
        assert (status, out) == (1, "")
        assert client.hgetall(TOKENS_KEY) == {}
