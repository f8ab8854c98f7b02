"""`vigie notify` as processes: of two one tells; the other goes on where it was killed, under the same id."""

import os
import re
import signal
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from alerts.alert import encode
from alerts.connect import connect
from alerts.notify.lease import lease_key
from alerts.notify.ledger import keys
from deploy.embedded import ValkeyServer
from tests.alerts.making import live
from tests.alerts.notify.endpoints import endpoint
from tests.alerts.publishing import Bench
from tests.alerts.server import free_port
from tests.processes import started
from vigie.__main__ import main

NOW = datetime.now(UTC)


def test_two_tell_once_and_a_kill_loses_nothing(valkey: ValkeyServer, tmp_path: Path) -> None:
    url = urlsplit(valkey.url)._replace(path="/13").geturl()
    secret = tmp_path / "secret"
    secret.write_bytes(b"s" * 32)
    secret.chmod(0o600)
    (tmp_path / "clearances.toml").write_text('[users.desk]\nrole = "reader"\ndepartments = ["21"]\n')
    command = [sys.executable, "-m", "vigie", "notify", "--log-level", "info"]
    command += ["--subscriptions", str(tmp_path / "subscriptions.toml")]
    command += ["--clearances", str(tmp_path / "clearances.toml")]
    with endpoint() as at, connect(url, 5) as client, ExitStack() as held:
        client.flushdb()
        table = f'kind = "webhook"\nurl = "{at.url}"\nsecret_file = "{secret}"\ndepartments = ["21"]\n'
        (tmp_path / "subscriptions.toml").write_text(f'[desk]\nowner = "users.desk"\n{table}')
        both = [Running(command, url, tmp_path / name, held) for name in ("first.log", "second.log")]
        wait(both, lambda: {one.says() for one in both} == {"this", "another"})
        holder, other = sorted(both, key=lambda one: one.says(), reverse=True)
        wait(both, lambda: bool(client.exists(keys("desk")[0])))
        put(url, 3)
        wait(both, lambda: holder.sent() == 3)
        at.answer = lambda _: 0
        at.arrived.clear()
        put(url, 1, first=3)
        assert at.arrived.wait(60), holder.log.read_text()
        holder.process.kill()
        holder.process.wait()
        killed = time.monotonic()
        at.answer = lambda _: 204
        wait([other], lambda: other.sent() == 1)
        # Some ten times the lease, for busy cores.
        assert time.monotonic() - killed < 60
        other.process.send_signal(signal.SIGTERM)
        assert other.process.wait(30) == 0
        assert not client.exists(lease_key("desk")), "the next one need not wait"
    ids = [request.headers["Vigie-Id"] for request in at.received]
    assert len(set(ids)) == 4
    assert ids[3] == ids[4], "what the kill left open is sent again, under the same id"
    assert at.received[3].body == at.received[4].body
    assert len(ids) == 5, "and nothing else twice"
    assert "t0ken" not in holder.log.read_text() + other.log.read_text()


class Running:
    """A notifier, its log, and what its metrics say."""

    def __init__(self, command: list[str], url: str, log: Path, held: ExitStack) -> None:
        self.log, self.port = log, free_port()
        environment = {**os.environ, "VIGIE_REDIS": url, "VIGIE_METRICS_PORT": str(self.port)}
        self.process = started(command, env=environment, stderr=held.enter_context(log.open("wb")))
        held.callback(self.process.wait)
        held.callback(self.process.kill)

    def says(self) -> str:
        """By which process the subscription is told: `this`, `another`, or nothing yet."""
        found = re.findall(r"is told by (this|another) process", self.log.read_text())
        return found[-1] if found else ""

    def sent(self) -> float:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics") as answer:
                found = re.search(r'notifications_total{kind="webhook",result="sent"} (\S+)', answer.read().decode())
        except OSError:
            return 0
        return float(found[1]) if found else 0


def put(url: str, count: int, first: int = 0) -> None:
    alerts = [live(id=f"a-{n}", siren=f"{n:09d}", raised_at=NOW, as_of=NOW.date()) for n in range(first, first + count)]
    Bench(url).publish([encode(alert) for alert in alerts])


def wait(running: list[Running], done: Callable[[], bool]) -> None:
    while not done():
        for one in running:
            assert one.process.poll() is None, one.log.read_text()
        time.sleep(0.02)


def test_what_cannot_be_used_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "own.toml").write_text('[desk]\nkind = "fax"\n')
    assert main(["notify"]) == 2
    assert main(["notify", "--subscriptions", str(tmp_path / "own.toml")]) == 2
    assert "own.toml: [desk] Invalid enum value 'fax'" in capsys.readouterr().err
