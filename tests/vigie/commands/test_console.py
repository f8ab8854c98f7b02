"""`vigie console` as a process: it says where it is, serves, and ends when it is told to."""

import json
import os
import signal
import sys
import urllib.request
from pathlib import Path

import pytest

from alerts.connect import connect
from deploy.embedded import ValkeyServer
from tests.alerts.server import free_port
from tests.processes import running
from tests.tools import run
from vigie.__main__ import main

FILE = '[users.amartin]\nrole = "agent"\ndepartments = ["21"]\n'


def test_it_serves_until_it_is_told_to_stop(valkey: ValkeyServer, tmp_path: Path) -> None:
    path = tmp_path / "clearances.toml"
    path.write_text(FILE)
    with connect(valkey.url, 5) as client:
        client.flushall()
    port = free_port()
    command = [sys.executable, "-m", "vigie", "console", "--clearances", str(path), "--dev-login"]
    environment = {**os.environ, "VIGIE_REDIS": valkey.url, "VIGIE_CONSOLE_PORT": str(port)}
    watched = f"http://127.0.0.1:{free_port()}"
    environment["VIGIE_METRICS_PORT"] = watched.rpartition(":")[2]
    log = tmp_path / "log"
    with log.open("wb") as output, running(command, env=environment, stderr=output) as process:
        page = b""
        while not page:
            assert process.poll() is None, log.read_text()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/login") as answer:
                    page = answer.read()
            except OSError:
                continue
        assert b"amartin" in page
        assert log.read_text() == f"console on http://127.0.0.1:{port}\n"
        with urllib.request.urlopen(f"{watched}/health") as answer:
            health = json.load(answer)
        assert (health["ready"], health["redis_reachable"], health["problems"]) == (True, True, [])
        with urllib.request.urlopen(f"{watched}/metrics") as answer:
            scraped = answer.read().decode()
        assert 'vigie_console_requests_total{route="/login",status="2xx"} 1.0' in scraped
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    assert run("promtool", "check", "metrics", stdin=scraped) == ""


def test_a_port_that_is_taken_is_said(valkey: ValkeyServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "clearances.toml"
    path.write_text(FILE)
    port = valkey.url.rpartition(":")[2].partition("/")[0]
    arguments = ["console", "--clearances", str(path), "--dev-login", "--console-port", port, "--redis", valkey.url]
    assert main(arguments) == 1
    assert f"127.0.0.1:{port}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--clearances", "c.toml"], "--dev-login"),
        (["--dev-login"], "--clearances"),
        (["--dev-login", "--clearances", "c.toml", "--console-host", "0.0.0.0"], "127.0.0.1"),
        (["--dev-login", "--clearances", "no-such-file.toml"], "no-such-file.toml"),
    ],
)
def test_what_would_let_others_in_is_refused(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["console", *arguments]) == 2
    assert says in capsys.readouterr().err
