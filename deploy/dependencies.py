"""The dependencies audited: every one pinned by version and hash, and known advisories where they can be reached.

    python -m deploy.dependencies requirements.lock ...

The locks are checked without a network. Advisories are pip-audit's, which asks PyPI: where it does not answer, that is
said and is no failure, so that a build needs no network. pip-audit itself is in no lock; it gets an environment of its
own, and only where it can be fetched within seconds.
"""

import json
import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PIP_AUDIT = "pip-audit==2.10.1"
_PATIENCE_SECONDS = 300
_PINNED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[a-z0-9,_-]+\])?==[^\s;*]+(\s*;.*)?")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


class Unreachable(Exception):
    """The advisories, or pip-audit itself, cannot be had now."""


def unpinned(lock: str) -> Iterator[str]:
    """What is wrong with a lock: a requirement without an exact version or without a hash, or any other line.

    >>> list(unpinned("click>=8 --hash=sha256:00"))
    ['line 1: click>=8 is not pinned to one version with ==', 'line 1: click>=8 has no SHA-256']
    """
    text = re.sub(r"\\\n", " ", lock)
    number = 1
    for line, raw in zip(text.splitlines(), _logical(lock), strict=True):
        start, number = number, number + raw
        requirement = line.partition(" #")[0].strip()
        if not requirement or requirement.startswith("#"):
            continue
        name, *hashes = re.split(r"\s+(?=--)", requirement)
        if not _PINNED.fullmatch(name):
            yield f"line {start}: {name} is not pinned to one version with =="
        if not hashes or not all(_HASH.fullmatch(found) for found in hashes):
            yield f"line {start}: {name} has no SHA-256"


def _logical(text: str) -> list[int]:
    """How many lines of a file each line takes once those that end in a backslash are joined."""
    counts, open_ = list[int](), False
    for line in text.splitlines():
        if open_:
            counts[-1] += 1
        else:
            counts.append(1)
        open_ = line.endswith("\\")
    return counts


def advisories(lock: Path) -> list[str]:
    """Known vulnerabilities of the versions in a lock, in words. Raises Unreachable."""
    with tempfile.TemporaryDirectory(prefix="vigie-audit-") as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder, "bin", "python"))
        _run([python, "-m", "pip", "install", "--quiet", "--retries", "0", "--timeout", "10", PIP_AUDIT])
        arguments = ["--requirement", str(lock), "--require-hashes", "--disable-pip", "--format", "json", "--timeout"]
        answer = _run([python, "-m", "pip_audit", "--progress-spinner", "off", *arguments, "10"])
    return list(found(answer))


def found(answer: str) -> Iterator[str]:
    """The vulnerabilities in pip-audit's JSON. Raises Unreachable where it holds no answer."""
    try:
        packages: list[dict[str, Any]] = json.loads(answer)["dependencies"]
    except (ValueError, KeyError, TypeError) as error:
        raise Unreachable(f"pip-audit gave no answer ({error})") from error
    if not packages or all("skip_reason" in package for package in packages):
        raise Unreachable("pip-audit found no data on any package")
    for package in packages:
        for vulnerability in package.get("vulns", ()):
            mended = ", ".join(vulnerability["fix_versions"]) or "no version yet"
            yield f"{package['name']} {package['version']}: {vulnerability['id']}, mended in {mended}"


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS)  # noqa: S603  of this file
    except subprocess.TimeoutExpired as error:
        raise Unreachable(f"no end of it within {_PATIENCE_SECONDS} s") from error
    # pip-audit's status is 1 for vulnerabilities too: its answer tells them apart.
    if done.returncode and not done.stdout.strip():
        raise Unreachable(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"status {done.returncode}")
    return done.stdout


def main(locks: list[Path]) -> int:
    """Check the locks, then ask for advisories on the first, which is what runs. The status is 1 where one fails."""
    problems = [f"{lock}, {problem}" for lock in locks for problem in unpinned(lock.read_text(encoding="utf-8"))]
    for problem in problems:
        print(problem)
    if problems:
        return 1
    print(f"{', '.join(map(str, locks))}: every requirement has one version and its hashes")
    try:
        known = advisories(locks[0])
    except Unreachable as reason:
        print(f"advisories not looked up: {reason}. Run `make audit` where PyPI answers")
        return 0
    for vulnerability in known:
        print(vulnerability)
    print(f"{locks[0]}: {len(known) or 'no'} known vulnerabilit{'y' if len(known) == 1 else 'ies'}")
    return 1 if known else 0


if __name__ == "__main__":
    sys.exit(main([Path(argument) for argument in sys.argv[1:]]))
