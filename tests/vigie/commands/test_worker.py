import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from deploy.embedded import KafkaServer, ValkeyServer
from detectors import models
from detectors.models import prior
from tests.acceptance.harness import ROOT, Site
from vigie.__main__ import main


@pytest.fixture
def site(kafka: KafkaServer, valkey: ValkeyServer, tmp_path: Path) -> Iterator[Site]:
    with Site(kafka.bootstrap, valkey.url, tmp_path) as site:
        yield site


def failed(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    """Exit status and the message of a command line that should come to nothing."""
    status = main(["worker", *map(str, arguments)])
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    return status, err


@pytest.mark.parametrize("roles", ["scorer,cook", "", " , ", "Scorer"])
def test_roles_that_do_not_exist(capsys: pytest.CaptureFixture[str], roles: str) -> None:
    status, err = failed(capsys, "--roles", roles)
    assert status == 2
    assert "choose among scorer, trainer, dispatcher" in err


def test_a_frozen_trainer(capsys: pytest.CaptureFixture[str]) -> None:
    status, err = failed(capsys, "--roles", "trainer", "--frozen")
    assert status == 2
    assert "does not learn" in err


@pytest.mark.parametrize(
    ("content", "message"), [(None, "No such file"), (b"{}", "a model of format 1"), (b"\x00", "not a model")]
)
def test_a_model_that_cannot_be_used(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes | None, message: str
) -> None:
    file = tmp_path / "model.json"
    if content is not None:
        file.write_bytes(content)
    status, err = failed(capsys, "--model-in", file)
    assert status == 2
    assert message in err
    assert "vigie replay --model-out" in err


def test_a_folder_that_cannot_be_made(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    status, err = failed(capsys, "--data", tmp_path / "file" / "data")
    assert status == 2
    assert "VIGIE_DATA" in err


def test_a_metrics_port_that_is_taken(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, err = failed(capsys, "--data", tmp_path, "--metrics-port", str(port))
    assert status == 2
    assert f"127.0.0.1:{port}: Address already in use" in err
    assert "VIGIE_METRICS_PORT" in err


def test_no_broker(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, err = failed(capsys, "--kafka", "127.0.0.1:1", "--data", tmp_path)
    assert status == 1
    assert err.splitlines()[-1].startswith("vigie: error: no Kafka broker answered at 127.0.0.1:1")


def test_no_topics(site: Site) -> None:
    site.delete("vigie.events")
    worker = site.worker(kafka_timeout_s="1")
    assert worker.wait() == 1
    last = worker.log.splitlines()[-1]
    assert last.startswith("vigie: error: topic vigie.events was not found")
    assert "vigie topics create" in last


def test_progress_goes_to_stderr(site: Site, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "vigie", "worker", "--roles", "scorer", "--exit-when-idle", "0.2"]
    where = ["--kafka", site.kafka, "--data", str(tmp_path / "data")]
    done = subprocess.run([*command, *where], capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")
    assert "started: scorer" in done.stderr
    assert "idle for 0 s, stopping" in done.stderr


def test_the_model_given_is_in_force(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "model.json"
    file.write_bytes(models.encode(msgspec.structs.replace(prior(), version="mine")))
    worker = site.worker("--frozen", "--roles", "scorer", "--model-in", str(file)).ready(roles=1)
    assert worker.metric("vigie_model_info", version="mine") == 1
    assert worker.metric("vigie_model_info") == 1
    worker.stop()


STUBBORN = """
import asyncio, sys
import vigie.commands.worker as command
from detectors.errors import VigieError
from vigie.__main__ import main

async def stubborn():
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass

async def run(_):
    asyncio.create_task(stubborn(), name="stubborn")
    await asyncio.sleep(0)
    raise VigieError("Kafka is gone")

command.END_SECONDS = 0.5
command.Worker.run = run
sys.exit(main(["worker", "--data", sys.argv[1]]))
"""


def test_a_failed_worker_ends_whatever_does_not_want_to(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STUBBORN, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)
    assert done.returncode == 1
    assert "ended by force" in done.stderr
    assert "vigie: error: Kafka is gone" in done.stderr
