"""Apache Kafka's jars: named in kafka-jars.lock, fetched once for each user, checked at every start.

`python -m deploy.jars` fills the cache; `python -m deploy.jars --update VERSION` writes the lock anew (maintainers).
"""

import argparse
import fcntl
import hashlib
import logging
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.cache import user_cache
from deploy.errors import OWN_KAFKA, JarsUnavailable, WrongChecksum
from deploy.maven import CENTRAL, Coordinate, fetch, require_url
from detectors.errors import VigieError

LOCK_FILE = Path(__file__).with_name("kafka-jars.lock")
_PARALLEL = 8
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Jar:
    """A jar and what it must be."""

    coordinate: Coordinate
    sha256: str
    size_bytes: int

    @property
    def file_name(self) -> str:
        """Its name in the cache."""
        return self.coordinate.file_name("jar")


@dataclass(frozen=True)
class JarLock:
    """All the jars of one version of Kafka, in the class path's order."""

    version: str
    jars: tuple[Jar, ...]


def read_lock(path: Path = LOCK_FILE) -> JarLock:
    """The lock; a line a jar: coordinate, SHA-256, size in bytes. The first line that is no comment: the version."""
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    (_, version), *jars = rows
    return JarLock(version, tuple(Jar(Coordinate.parse(name), sha256, int(size)) for name, sha256, size in jars))


def write_lock(lock: JarLock, path: Path = LOCK_FILE) -> None:
    """Write what `read_lock` reads."""
    lines = [
        "# The jars that an Apache Kafka broker needs at run time: coordinate, SHA-256, size in bytes.",
        "# Written by `python -m deploy.jars --update VERSION`; see deploy/poms.py for what is left out and why.",
        f"version {lock.version}",
        *(f"{jar.coordinate} {jar.sha256} {jar.size_bytes}" for jar in lock.jars),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def kafka_jars(cache: Path, repository: str, lock: JarLock) -> list[Path]:
    """The jars in the cache, each checked against the lock; what is missing or damaged is fetched first.

    Several processes may call this at the same time: one fetches, the others wait. A jar appears under its name whole
    or not at all. Raises JarsUnavailable, WrongChecksum, and UnusableInput for an address that is none.
    """
    folder = cache / f"kafka-{lock.version}"
    if _wrong(folder, lock):
        with _alone(folder):
            wrong = _wrong(folder, lock)
            if wrong:
                _fetch_all(folder, repository, lock.version, wrong)
    return [folder / jar.file_name for jar in lock.jars]


def _wrong(folder: Path, lock: JarLock) -> list[Jar]:
    """The jars that are not in the folder as the lock has them. Reads all of them: 35 MB, about a tenth of a second."""
    with ThreadPoolExecutor(_PARALLEL) as pool:
        good = pool.map(lambda jar: _is_good(folder / jar.file_name, jar), lock.jars)
        return [jar for jar, is_good in zip(lock.jars, good, strict=True) if not is_good]


def _is_good(path: Path, jar: Jar) -> bool:
    try:
        if path.stat().st_size != jar.size_bytes:
            return False
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == jar.sha256
    except OSError:
        return False


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder against other processes; the kernel lets go of it when this one ends, however it does."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
    except PermissionError as error:
        raise JarsUnavailable(
            f"Kafka's jars cannot be kept in {folder}: {error.strerror}. Choose another cache folder with VIGIE_CACHE. "
            f"{OWN_KAFKA}"
        ) from error


def _fetch_all(folder: Path, repository: str, version: str, jars: list[Jar]) -> None:
    require_url(repository)
    megabytes = sum(jar.size_bytes for jar in jars) / 1e6
    _log.info("fetching Apache Kafka %s (%d jars, %.0f MB) into %s", version, len(jars), megabytes, folder)
    with ThreadPoolExecutor(_PARALLEL) as pool:
        futures = [pool.submit(_fetch_one, folder, repository, jar) for jar in jars]
        try:
            for future in futures:
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _fetch_one(folder: Path, repository: str, jar: Jar) -> None:
    """Fetch into a .part file, check, rename: a kill in between leaves only the .part, overwritten next time."""
    address = f"{repository.rstrip('/')}/{jar.coordinate.path('jar')}"
    try:
        content = fetch(repository, jar.coordinate.path("jar"))
    except OSError as error:
        raise JarsUnavailable(
            f"{jar.file_name} of Apache Kafka is not in the cache {folder} and could not be fetched from {address}: "
            f"{error}. Once connected, try again, or run `python -m deploy.jars` to fill the cache beforehand; the "
            f"folder may also be copied from another machine. Behind a proxy set HTTPS_PROXY; for a mirror of Maven "
            f"Central set VIGIE_MAVEN_URL. {OWN_KAFKA}"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != jar.sha256:
        raise WrongChecksum(
            f"{address} is not the file that deploy/kafka-jars.lock names: SHA-256 {found} ({len(content)} bytes) "
            f"instead of {jar.sha256} ({jar.size_bytes} bytes). It was thrown away. A proxy that answers with a page "
            f"of its own, or a faulty mirror (VIGIE_MAVEN_URL), does this: look at the address, then try again. "
            f"{OWN_KAFKA}"
        )
    part = folder / f"{jar.file_name}.part"
    part.write_bytes(content)
    part.replace(folder / jar.file_name)


def _main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.jars", description="Fetch Apache Kafka's jars.")
    parser.add_argument("--cache", type=Path, default=user_cache(os.environ), help="default: %(default)s")
    parser.add_argument("--maven-url", default=CENTRAL, help="default: %(default)s")
    parser.add_argument("--update", metavar="VERSION", help="write deploy/kafka-jars.lock for this version first")
    chosen = parser.parse_args(argv)
    if chosen.update:
        from deploy.poms import locked  # a maintainer's path: brokers start without it

        write_lock(locked(chosen.maven_url, chosen.update))
    lock = read_lock()
    jars = kafka_jars(chosen.cache, chosen.maven_url, lock)
    print(f"Apache Kafka {lock.version}: {len(jars)} jars in {jars[0].parent}")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        _main(sys.argv[1:])
    except VigieError as problem:
        print(f"python -m deploy.jars: {problem}", file=sys.stderr)
        sys.exit(problem.exit_status)
