import hashlib
import logging
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.errors import JarsUnavailable, WrongChecksum
from deploy.jars import Jar, JarLock, kafka_jars, read_lock, write_lock
from deploy.maven import Coordinate
from detectors.errors import UnusableInput

CONTENTS = {"one": b"first jar" * 1000, "two": b"second jar" * 2000, "three": b"third"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A Maven repository in a folder."""
    for name, content in CONTENTS.items():
        path = tmp_path / "repository" / Coordinate("org.example.x", name, "1.0").path("jar")
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    return tmp_path / "repository"


@pytest.fixture
def lock() -> JarLock:
    jars = (
        Jar(Coordinate("org.example.x", name, "1.0"), hashlib.sha256(content).hexdigest(), len(content))
        for name, content in CONTENTS.items()
    )
    return JarLock("9.9.9", tuple(jars))


def served(port: int) -> str:
    return f"http://127.0.0.1:{port}/maven2"


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_jars_are_fetched_once_and_come_in_the_order_of_the_lock(
    tmp_path: Path, repository: Path, lock: JarLock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    jars = kafka_jars(tmp_path / "cache", repository.as_uri(), lock)
    assert [jar.read_bytes() for jar in jars] == list(CONTENTS.values())
    assert [jar.name for jar in jars] == ["one-1.0.jar", "two-1.0.jar", "three-1.0.jar"]
    assert "3 jars" in caplog.text
    caplog.clear()
    assert kafka_jars(tmp_path / "cache", served(closed_port()), lock) == jars, "the cache needs no network"
    assert caplog.text == ""
    assert sorted(path.name for path in jars[0].parent.iterdir()) == sorted([".lock", *(jar.name for jar in jars)])


@pytest.mark.parametrize("damage", [b"", b"first jar" * 999, b"FIRST JAR" * 1000])
def test_a_damaged_jar_in_the_cache_is_fetched_again(
    tmp_path: Path, repository: Path, lock: JarLock, damage: bytes
) -> None:
    (first, *_) = kafka_jars(tmp_path / "cache", repository.as_uri(), lock)
    first.write_bytes(damage)
    kafka_jars(tmp_path / "cache", repository.as_uri(), lock)
    assert first.read_bytes() == CONTENTS["one"]


def test_without_network_nor_cache_the_error_says_what_to_do(tmp_path: Path, lock: JarLock) -> None:
    address = served(closed_port())
    with pytest.raises(JarsUnavailable) as caught:
        kafka_jars(tmp_path / "cache", address, lock)
    message = str(caught.value)
    for part in (
        "one-1.0.jar",
        str(tmp_path / "cache" / "kafka-9.9.9"),
        f"{address}/org/example/x/one/1.0/one-1.0.jar",
        "python -m deploy.jars",
        "VIGIE_MAVEN_URL",
        "VIGIE_KAFKA=",
    ):
        assert part in message
    assert caught.value.retriable
    assert caught.value.exit_status == 1


def test_a_jar_that_is_not_the_locked_one_is_refused_and_not_kept(
    tmp_path: Path, repository: Path, lock: JarLock
) -> None:
    (repository / lock.jars[1].coordinate.path("jar")).write_bytes(b"<html>please log in</html>")
    with pytest.raises(WrongChecksum, match=r"two-1\.0\.jar is not the file that deploy/kafka-jars\.lock names"):
        kafka_jars(tmp_path / "cache", repository.as_uri(), lock)
    assert not (tmp_path / "cache" / "kafka-9.9.9" / "two-1.0.jar").exists()


def test_what_is_no_address_is_wrong_use(tmp_path: Path, lock: JarLock) -> None:
    with pytest.raises(UnusableInput, match=r"'repository\.example' is not the address of a Maven repository"):
        kafka_jars(tmp_path / "cache", "repository.example", lock)


def test_processes_that_fetch_at_the_same_time_do_not_disturb_each_other(
    tmp_path: Path, repository: Path, lock: JarLock
) -> None:
    write_lock(lock, tmp_path / "jars.lock")
    program = (
        "import sys; from pathlib import Path; from deploy.jars import kafka_jars, read_lock;"
        "[p.read_bytes() for p in kafka_jars(Path(sys.argv[1]), sys.argv[2], read_lock(Path(sys.argv[3])))]"
    )
    argv = [sys.executable, "-c", program, str(tmp_path / "cache"), repository.as_uri(), str(tmp_path / "jars.lock")]
    processes = [subprocess.Popen(argv, cwd=Path(__file__).parents[2]) for _ in range(4)]
    assert [process.wait(30) for process in processes] == [0, 0, 0, 0]
    cached = tmp_path / "cache" / "kafka-9.9.9"
    assert {path.name: path.read_bytes() for path in cached.glob("*.jar")} == {
        f"{name}-1.0.jar": content for name, content in CONTENTS.items()
    }
    assert not list(cached.glob("*.part"))


def test_the_lock_is_read_as_it_was_written(tmp_path: Path, lock: JarLock) -> None:
    write_lock(lock, tmp_path / "jars.lock")
    assert read_lock(tmp_path / "jars.lock") == lock


def test_the_lock_of_this_version_names_a_whole_broker() -> None:
    lock = read_lock()
    assert lock.version.startswith("4.")
    assert lock.jars[0].coordinate == Coordinate("org.apache.kafka", "kafka_2.13", lock.version)
    assert len({jar.file_name for jar in lock.jars}) == len(lock.jars) > 30
    assert all(len(jar.sha256) == 64 and jar.size_bytes > 0 for jar in lock.jars)
