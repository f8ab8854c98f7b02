"""Nothing outlives the process that started the servers, however it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from deploy.embedded import KafkaOptions
from tests.deploy.processes import alive

ROOT = Path(__file__).parents[2]


def started(cache: Path, *named: str) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
    """A process of its own with the named servers, and what it tells of them."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.deploy.outliving", str(cache), *named], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    told: dict[str, Any] = json.loads(process.stdout.readline())
    process.stdout.close()
    return process, told


def gone(told: dict[str, Any]) -> bool:
    """Whether neither process nor folder is left."""
    return not any(map(alive, told["pids"])) and not any(Path(folder).exists() for folder in told["folders"])


def wait_until_gone(told: dict[str, Any]) -> None:
    deadline = time.monotonic() + 20
    while not gone(told):
        assert time.monotonic() < deadline, f"left behind: {told}"
        time.sleep(0.02)


@pytest.mark.embedded
@pytest.mark.parametrize(("number", "named"), [(signal.SIGKILL, ("kafka", "valkey")), (signal.SIGINT, ("valkey",))])
def test_servers_and_temporary_folders_go_with_a_killed_parent(
    kafka_options: KafkaOptions, number: signal.Signals, named: tuple[str, ...]
) -> None:
    assert kafka_options.cache is not None
    process, told = started(kafka_options.cache, *named)
    assert len(told["pids"]) == len(named)
    assert all(map(alive, told["pids"]))
    assert all(Path(folder).exists() for folder in told["folders"])
    process.send_signal(number)
    process.wait(10)
    wait_until_gone(told)


@pytest.mark.embedded
def test_a_fork_that_holds_the_pipe_does_not_keep_the_server(tmp_path: Path) -> None:
    process, told = started(tmp_path, "valkey", "fork")
    process.kill()
    process.wait(10)
    wait_until_gone(told)
    assert alive(told["child"]), "the fork was still there"
    os.kill(told["child"], signal.SIGKILL)
