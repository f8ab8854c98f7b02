"""Vigie's own Python environment, .venv, from the hashes in requirements.lock: what `make` does first.

Run as `python3 -m deploy.environment [--dev | --peers]` in the project's folder, on the standard library alone, by any
Python from 3.11 on. In order: .venv is made where it is missing, the lock's packages are installed, a .pth file puts
this folder on its path, a stamp notes the lock. A kill in between leaves no stamp, and the next run does it again.

Packages are kept as wheels in the user's cache: once they are there, another clone needs no network.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.cache import user_cache
from detectors.errors import VigieError

ROOT = Path(__file__).resolve().parents[1]
VENV = Path(".venv")
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "vigie-stamps"
LOCKS = {
    "run": Path("requirements.lock"),
    "dev": Path("requirements-dev.lock"),
    "peers": Path("requirements-peers.lock"),
}
"""The second holds the first and what tests and checks need, the third the second and other stream engines."""
# pip reads its own variables and settings for mirrors and certificates; these are for scripts.
_PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet")
_LOCKED = ("--no-deps", "--require-hashes", "--prefer-binary")
_LAST_LINES = 8


class EnvironmentFailed(VigieError):
    """A step of the set-up failed; the message carries what its program said."""


def set_up(kind: str, cache: Path) -> None:
    """Make .venv hold what the lock of this kind names; quick where it does. Raises EnvironmentFailed."""
    with _alone(Path(".make") / "environment.lock"):
        if _is_usable() and _stamp(kind) in _stamps():
            return
        if not _is_usable():
            _make_venv()
        _install(kind, cache / "wheels")
        _put_on_path()
        STAMPS.write_text("\n".join(sorted(_stamps() | {_stamp(kind), _stamp("run")})), encoding="ascii")


def _stamp(kind: str) -> str:
    return hashlib.sha256(LOCKS[kind].read_bytes()).hexdigest()


def _stamps() -> set[str]:
    return set(STAMPS.read_text(encoding="ascii").split()) if STAMPS.exists() else set()


def _is_usable() -> bool:
    """Whether .venv is there, with this Python's version and one that still starts."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return (VENV / "lib" / version / "site-packages" / "pip").is_dir() and PYTHON.exists()


def _make_venv() -> None:
    with _step(f"making {VENV} with Python {sys.version.split()[0]}"):
        try:
            import ensurepip  # noqa: F401  Debian and Ubuntu leave it out of their Python
        except ImportError as error:
            raise EnvironmentFailed(
                f"{sys.executable} cannot make virtual environments: its module ensurepip is missing. On Debian and "
                f"Ubuntu: apt install python{sys.version_info.major}.{sys.version_info.minor}-venv. Or name another "
                f"Python, as in `make test PYTHON=/path/to/python3`."
            ) from error
        shutil.rmtree(VENV, ignore_errors=True)
        _run(sys.executable, "-m", "venv", str(VENV))


def _install(kind: str, wheels: Path) -> None:
    """Install from the kept wheels; where they do not suffice, fetch them first."""
    lock = str(LOCKS[kind])
    offline = ("install", "--no-index", "--find-links", str(wheels), "--no-user", "--no-compile", *_LOCKED, "-r", lock)
    wheels.mkdir(parents=True, exist_ok=True)
    with _alone(wheels / ".lock"):
        with _step(f"installing {lock} from {wheels}") as step:
            if _pip(*offline) is None:
                return
            step.append("some are missing")
        with _step(f"fetching what {lock} names into {wheels}"):
            refused = _pip("download", "--dest", str(wheels), *_LOCKED, "-r", lock)
            if refused is not None:
                raise EnvironmentFailed(
                    f"the packages of {lock} are neither all in {wheels} nor to be fetched. pip says:\n{refused}\n"
                    f"Once connected, try again. For a mirror of PyPI set PIP_INDEX_URL, behind a proxy HTTPS_PROXY; "
                    f"{wheels} may also be copied from another machine of the same kind."
                )
        with _step(f"installing {lock} from {wheels}"):
            # What exists as source alone for this kind of machine is built here, with build tools from the network.
            refused = _pip(*offline) and _pip("install", "--no-user", "--no-compile", *_LOCKED, "-r", lock)
            if refused is not None:
                raise EnvironmentFailed(
                    f"the packages of {lock} could not be installed. pip says:\n{refused}\nIf a package had to be "
                    f"built, install a C compiler (Debian: apt install build-essential python3-dev), then try again."
                )


def _pip(*arguments: str) -> str | None:
    """Run .venv's pip: None for success, else its last lines."""
    return _run_quietly(str(PYTHON), *_PIP, *arguments)


def _put_on_path() -> None:
    """Let .venv's Python find the packages of this folder from anywhere.

    The path is relative to the .pth file: the folder may be renamed, and its name may hold any character.
    """
    (site_packages,) = (VENV / "lib").glob("python*/site-packages")
    (site_packages / "vigie.pth").write_text("../" * len(site_packages.parts) + "\n", encoding="ascii")


def _run(*argv: str) -> None:
    refused = _run_quietly(*argv)
    if refused is not None:
        raise EnvironmentFailed(f"`{' '.join(argv)}` failed:\n{refused}")


def _run_quietly(*argv: str) -> str | None:
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")  # noqa: S603  commands of this file
    if done.returncode == 0:
        return None
    return "\n".join(f"  {line}" for line in done.stdout.splitlines()[-_LAST_LINES:]) or f"  status {done.returncode}"


@contextmanager
def _step(what: str) -> Iterator[list[str]]:
    """A line on stderr: what, then how long it took and any remark."""
    print(f"{what} ... ", end="", file=sys.stderr, flush=True)
    start, remarks = time.monotonic(), list[str]()
    try:
        yield remarks
    except BaseException:
        remarks.append("failed")
        raise
    finally:
        print(", ".join([*remarks, f"{time.monotonic() - start:.1f} s"]), file=sys.stderr, flush=True)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a lock file against other processes for as long as the block runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python3 -m deploy.environment", description="Set up .venv from the lock.")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--dev", action="store_const", dest="kind", const="dev", help="also what tests and checks need")
    kinds.add_argument(
        "--peers", action="store_const", dest="kind", const="peers", help="and the engines measured beside Vigie"
    )
    kind = parser.parse_args().kind or "run"
    os.chdir(ROOT)
    cache = Path(os.environ["VIGIE_CACHE"]) if os.environ.get("VIGIE_CACHE") else user_cache(os.environ)
    set_up(kind, cache)


if __name__ == "__main__":
    try:
        _main()
    except VigieError as problem:
        print(problem, file=sys.stderr)
        sys.exit(problem.exit_status)
