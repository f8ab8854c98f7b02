"""Programs of others that some tests run, where they are installed."""

import shutil
import subprocess
from pathlib import Path

import pytest

PACKAGES = {
    "promtool": "prometheus",
    "prometheus": "prometheus",
    "amtool": "prometheus-alertmanager",
    "redis-server": "redis-server",
    "cc": "gcc libc6-dev",
}
"""The package of Debian and Ubuntu that has a program. `.ci/run` installs them."""


def tool(name: str) -> str:
    """The path of a program; the test that asks is skipped where there is none, and says how to get it."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed: apt-get install --no-install-recommends {PACKAGES[name]}")
    return path


def run(name: str, *arguments: str | Path, stdin: str = "") -> str:
    """What a program says, on both outputs; fails, showing it, where its exit status is not 0."""
    command = [tool(name), *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
