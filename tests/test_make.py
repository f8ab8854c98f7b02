"""The front door of a fresh clone: `make`."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-peers.lock")


def make(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    # As from a shell, not as from within `make test`.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=inherited | variables, capture_output=True, text=True)


def test_make_alone_lists_every_target() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert phony is not None
    targets = set(phony[1].split()) - {"help", "environment", "environment-dev", "environment-peers"}
    shown = make()
    assert shown.returncode == 0
    assert set(re.findall(r"^make (\w+) ", shown.stdout, re.M)) == targets


@pytest.mark.parametrize("target", ["demo", "test", "check", "lock"])
def test_without_a_python_that_is_new_enough_it_says_what_to_do(tmp_path: Path, target: str) -> None:
    old = tmp_path / "old python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    refused = make(target, PYTHON=str(old))
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert refused.stderr.startswith(f"Vigie needs Python 3.11 or later; none of these is: {old}. Install one")
    assert f"make {target} PYTHON=" in refused.stderr


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_in_a_lock_is_pinned_and_hashed(name: str) -> None:
    text = (ROOT / name).read_text()
    packages = re.findall(r"^(\S+)==\S+.*\\\n +--hash=sha256:[0-9a-f]{64}", text, re.M)
    assert len(packages) == len(re.findall(r"^[a-zA-Z0-9]", text, re.M)) > 30
    assert "://" not in text, "where packages come from is each user's own setting"


def test_each_lock_holds_the_one_before() -> None:
    run, dev, peers = (set(re.findall(r"^\S+==\S+.*$", (ROOT / name).read_text(), re.M)) for name in LOCKS)
    assert run < dev < peers


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [
        *project["project"]["dependencies"],
        *(name for extra in project["project"]["optional-dependencies"].values() for name in extra),
        *project["dependency-groups"]["dev"],
        *project["dependency-groups"]["peers"],
    ]
    pinned = dict(re.findall(r"^([^=\s]+)==([^\s;]+)", (ROOT / "requirements-peers.lock").read_text(), re.M))
    for requirement in asked:
        parts = re.fullmatch(r"([A-Za-z0-9-]+)(?:\[[^]]*\])?(?:([=><~]+)([^,]+).*)?", requirement)
        assert parts is not None, requirement
        name, operator, version = parts.groups()
        if name == "vigie":
            continue
        assert name in pinned, f"{requirement} is not locked: run make lock"
        if operator == "==":
            assert pinned[name] == version, f"{requirement} is locked as {pinned[name]}: run make lock"
