"""`vigie audit`, and what `vigie alerts` leaves in the log."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from alerts.alert import encode
from alerts.connect import connect
from alerts.routing import AUDIT_KEY
from tests.alerts.publishing import Bench
from tests.alerts.samples import an_alert
from vigie.__main__ import main

Vigie = Callable[..., tuple[int, str, str]]


@pytest.fixture
def url(valkey: Any) -> str:
    """A database of these tests' own, with an alert in it."""
    url = urlsplit(valkey.url)._replace(path="/13").geturl()
    with connect(url, 5) as client:
        client.flushdb()
    Bench(url).publish([encode(an_alert(id="first"))])
    return url


@pytest.fixture
def vigie(capsys: pytest.CaptureFixture[str], url: str, monkeypatch: pytest.MonkeyPatch) -> Vigie:
    monkeypatch.setenv("VIGIE_REDIS", url)

    def run(*args: str) -> tuple[int, str, str]:
        status = main(args)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def test_what_agents_read_is_in_the_log_before_they_see_it(vigie: Vigie) -> None:
    vigie("alerts", "show", "first")
    vigie("alerts", "list", "--department", "21", "--department", "2A")
    vigie("alerts", "watch", "--from-start", "--count", "1")
    vigie("alerts", "show", "nope")
    status, out, _ = vigie("audit", "list", "--json")
    found = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert [(entry["action"], entry["object"], entry["outcome"]) for entry in found] == [
        ("alert.show", "alert:first", "done"),
        ("case.list", "departments:21,2A", "done"),
        ("alert.watch", "departments:all", "done"),
    ]
    assert {entry["actor"].partition("@")[0] for entry in found} == {"default"}
    assert vigie("audit", "list", "--since", "2100-01-01") == (0, "", "")
    assert vigie("audit", "list", "--json", "--since", "2020-01-01")[1] == out
    _, text, _ = vigie("audit", "list", "--action", "case.list")
    assert text.count("\n") == 1
    assert "departments:21,2A  done" in text


def test_nothing_is_shown_where_the_log_takes_no_entry(vigie: Vigie, url: str) -> None:
    with connect(url, 5) as client:
        client.set(AUDIT_KEY, "another program's")
    for args in (["show", "first"], ["list"], ["watch", "--from-start", "--count", "1"]):
        status, out, err = vigie("alerts", *args)
        assert (status, out) == (1, "")
        assert "WRONGTYPE" in err


def test_verify_anchor_export_and_purge(vigie: Vigie, url: str, tmp_path: Path) -> None:
    for _ in range(3):
        vigie("alerts", "list")
    anchors, exported = str(tmp_path / "anchors"), str(tmp_path / "export.ndjson")
    assert vigie("audit", "verify") == (0, "3 entries, 1 to 3: as they were written\n", "")
    assert vigie("audit", "verify", "--anchors", anchors)[0] == 2
    assert vigie("audit", "anchor", anchors)[0] == 0
    assert vigie("audit", "export", exported)[0] == 0
    assert vigie("audit", "verify", "--from", exported, "--anchors", anchors)[0] == 0
    assert vigie("audit", "purge") == (0, "nothing is that old\n", "")
    assert vigie("audit", "purge", "--audit-days", "0") == (0, "removed up to entry 3\n", "")
    assert vigie("audit", "verify") == (0, "1 entries, 4 to 4: as they were written\n", "")
    assert vigie("audit", "verify", "--anchors", anchors)[0] == 1
    text = Path(exported).read_text()
    Path(exported).write_text(text.replace("case.list", "case.lost", 1))
    status, out, _ = vigie("audit", "verify", "--from", exported)
    assert status == 1
    assert "was changed" in out


def test_a_broken_log_is_neither_purged_nor_anchored(vigie: Vigie, url: str, tmp_path: Path) -> None:
    vigie("alerts", "list")
    with connect(url, 5) as client:
        client.xadd(AUDIT_KEY, {"entry": "none"})
    for args in (["purge", "--audit-days", "0"], ["anchor", str(tmp_path / "anchors")], ["list"]):
        status, out, err = vigie("audit", *args)
        assert (status, out) == (1, "")
        assert "vigie audit verify" in err
    assert not (tmp_path / "anchors").exists()
    assert vigie("audit", "verify")[0] == 1
