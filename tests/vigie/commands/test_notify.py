"""`vigie notify` as a process: killed while it sends, it sends again under the same id, and goes on where it was."""

import os
import signal
import sys
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from alerts.alert import encode
from alerts.connect import connect
from alerts.notify.ledger import keys
from deploy.embedded import ValkeyServer
from tests.alerts.making import live
from tests.alerts.notify.endpoints import endpoint
from tests.alerts.publishing import Bench
from tests.alerts.server import free_port
from tests.processes import started
from vigie.__main__ import main

NOW = datetime.now(UTC)


def test_a_kill_loses_nothing_and_a_stop_is_quick(valkey: ValkeyServer, tmp_path: Path) -> None:
    url = urlsplit(valkey.url)._replace(path="/13").geturl()
    secret = tmp_path / "secret"
    secret.write_bytes(b"s" * 32)
    secret.chmod(0o600)
    log, port = tmp_path / "log", free_port()
    command = [sys.executable, "-m", "vigie", "notify", "--subscriptions", str(tmp_path / "subscriptions.toml")]
    environment = {**os.environ, "VIGIE_REDIS": url, "VIGIE_METRICS_PORT": str(port)}
    with endpoint(lambda _: 0) as at, connect(url, 5) as client, log.open("wb") as output:
        client.flushdb()
        table = f'[desk]\nkind = "webhook"\nurl = "{at.url}"\nsecret_file = "{secret}"\ndepartments = ["21"]\n'
        (tmp_path / "subscriptions.toml").write_text(table)
        process = started(command, env=environment, stderr=output)
        while not client.exists(keys("desk")[0]):
            assert process.poll() is None, log.read_text()
        Bench(url).publish([encode(live(raised_at=NOW, as_of=NOW.date()))])
        assert at.arrived.wait(60), log.read_text()
        process.kill()
        process.wait()
        at.answer = lambda _: 204
        process = started(command, env=environment, stderr=output)
        metrics = b""
        while b'vigie_notifications_total{kind="webhook",result="sent"} 1.0' not in metrics:
            assert process.poll() is None, log.read_text()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                    metrics = answer.read()
            except OSError:
                continue
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    first, second = at.received
    assert first.headers["Vigie-Id"] == second.headers["Vigie-Id"]
    assert first.body == second.body
    assert "t0ken" not in log.read_text()


def test_what_cannot_be_used_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "own.toml").write_text('[desk]\nkind = "fax"\n')
    assert main(["notify"]) == 2
    assert main(["notify", "--subscriptions", str(tmp_path / "own.toml")]) == 2
    assert "own.toml: [desk] Invalid enum value 'fax'" in capsys.readouterr().err
