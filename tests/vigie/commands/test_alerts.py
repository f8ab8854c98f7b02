import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest

from alerts.alert import encode
from alerts.connect import connect
from alerts.routing import stream_key
from tests.alerts.publishing import Bench
from tests.alerts.samples import an_alert
from tests.alerts.server import free_port
from tests.processes import started
from vigie.__main__ import main

Output = tuple[int, str, str]
Vigie = Callable[..., Output]

BATCH = [
    an_alert(id="first", siren="111111111", as_of=date(2018, 12, 31)),
    an_alert(id="second", siren="222222222", tier="moderate", name="ÉVIL\x1b[2J\u202e SARL"),
    an_alert(id="third", siren="333333333", department="2A", kind="jump"),
]


@pytest.fixture
def url(valkey: Any) -> str:
    """A database of these tests' own, with three alerts in it."""
    url = urlsplit(valkey.url)._replace(path="/12").geturl()
    with connect(url, 5) as client:
        client.flushdb()
    Bench(url).publish([encode(alert) for alert in BATCH])
    return url


@pytest.fixture
def vigie(capsys: pytest.CaptureFixture[str], url: str, monkeypatch: pytest.MonkeyPatch) -> Vigie:
    """Runs `vigie alerts ...`: exit status, stdout, stderr."""
    monkeypatch.setenv("VIGIE_REDIS", url)

    def run(*args: str) -> Output:
        status = main(["alerts", *args])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def listed(output: Output) -> str:
    status, out, _ = output
    assert status == 0
    return " ".join(json.loads(line)["id"] for line in out.splitlines())


def test_list_prints_the_newest_first_in_french(vigie: Vigie) -> None:
    status, out, err = vigie("list", "--department", "21")
    assert (status, err) == (0, "")
    assert out.index("222\u00a0222\u00a0222") < out.index("111\u00a0111\u00a0111")
    assert "  • La dette sociale accroît le risque.\n  au 31/01/2019 · alerte second\n  Données\u00a0: impayés" in out


def test_what_is_printed_cannot_command_the_terminal(vigie: Vigie) -> None:
    for format_ in ((), ("--json",)):
        _, out, _ = vigie("list", *format_)
        assert "SARL" in out
        assert "\x1b" not in out
        assert "\u202e" not in out


def test_list_filters(vigie: Vigie) -> None:
    assert listed(vigie("list", "--json", "--department", "2a")) == "third"
    assert set(listed(vigie("list", "--json", "--department", "2A", "--department", "21")).split()) == {
        "first",
        "second",
        "third",
    }
    assert listed(vigie("list", "--json", "--tier", "moderate")) == "second"
    assert listed(vigie("list", "--json", "--kind", "jump")) == "third"
    assert listed(vigie("list", "--json", "--siren", "111 111 111")) == "first"
    assert "first" not in listed(vigie("list", "--json", "--since", "01/01/2019"))
    assert listed(vigie("list", "--json", "--limit", "1", "--department", "21")) == "second"


def test_json_lines_keep_fields_that_are_not_known_yet(vigie: Vigie, url: str) -> None:
    raw = json.dumps(json.loads(encode(an_alert(id="new"))) | {"later": [1, "é"]}, indent=2)
    with connect(url, 5) as client:
        client.xadd(stream_key("75"), {"alert": raw})
    _, out, _ = vigie("list", "--json", "--department", "75")
    assert json.loads(out) == json.loads(raw)
    assert out.count("\n") == 1


def test_nothing_found_is_said_on_stderr(vigie: Vigie) -> None:
    assert vigie("list", "--department", "unknown") == (0, "", "Aucune alerte.\n")


def test_show_speaks_the_reader_s_language(vigie: Vigie) -> None:
    status, out, _ = vigie("show", "third", "--language", "en")
    assert status == 0
    assert out.startswith("Strong risk, rising sharply: ATELIERS DUMONT (SIREN")
    assert "as of 2019-01-31 · alert third" in out


def test_show_of_no_alert_fails_with_one_line(vigie: Vigie) -> None:
    status, out, err = vigie("show", "nope")
    assert (status, out) == (1, "")
    assert err.startswith("vigie: error: no alert 'nope' in any department")


def test_watch_stops_after_a_count(vigie: Vigie) -> None:
    assert listed(vigie("watch", "--from-start", "--json", "--department", "21", "--count", "2")) == "first second"
    assert listed(vigie("watch", "--last", "1", "--json", "--department", "21", "--count", "1")) == "second"


def test_watch_prints_an_alert_published_later(vigie: Vigie, url: str) -> None:
    later = threading.Timer(0.3, lambda: Bench(url).publish([encode(an_alert(id="later", department="974"))]))
    later.start()
    assert listed(vigie("watch", "--json", "--count", "1")) == "later"
    later.join()


def test_watch_prints_each_alert_at_once_and_ends_quietly_when_interrupted(url: str) -> None:
    command = [sys.executable, "-m", "vigie", "alerts", "watch", "--from-start", "--json", "--department", "21"]
    environment = os.environ | {"VIGIE_REDIS": url}
    with started(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as watcher:
        try:
            assert watcher.stdout is not None
            assert json.loads(watcher.stdout.readline())["id"] == "first"
            watcher.send_signal(signal.SIGINT)
            _, err = watcher.communicate(timeout=20)
        finally:
            watcher.kill()
    assert watcher.returncode == 130
    assert b"Traceback" not in err


@pytest.mark.parametrize("args", [["watch"], ["list"], ["show", "x"]])
def test_without_redis_one_line_names_the_setting_and_never_the_password(
    args: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["alerts", *args, "--redis", f"redis://agent:s3cret@127.0.0.1:{free_port()}/0"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "VIGIE_REDIS" in captured.err
    assert "s3cret" not in captured.err


@pytest.mark.parametrize(
    "args",
    [
        ["list", "--department", "20"],
        ["list", "--siren", "12"],
        ["list", "--since", "hier"],
        ["list", "--tier", "grave"],
        ["watch", "--from-start", "--last", "3"],
        ["list", "--redis", "http://s3cret"],
    ],
)
def test_wrong_use_is_status_2(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts", *args]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "s3cret" not in captured.err
