import hashlib
from pathlib import Path

import pytest

from deploy.errors import JarsUnavailable
from deploy.maven import Coordinate
from deploy.poms import closure, locked


def dependency(name: str, version: str | None = None, **more: str) -> str:
    group, artifact = name.split(":")
    parts = {"groupId": group, "artifactId": artifact, "version": version, **more}
    inside = "".join(f"<{tag}>{text}</{tag}>" for tag, text in parts.items() if text is not None)
    return f"<dependency>{inside}</dependency>"


class Repository:
    """A Maven repository in a folder; each jar holds its own coordinate."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = folder.as_uri()

    def add(self, name: str, version: str, *dependencies: str, before: str = "", managed: str = "") -> None:
        coordinate = Coordinate.parse(f"{name}:{version}")
        management = f"<dependencyManagement><dependencies>{managed}</dependencies></dependencyManagement>"
        pom = (
            f'<project xmlns="http://maven.apache.org/POM/4.0.0">{before}{management}'
            f"<dependencies>{''.join(dependencies)}</dependencies></project>"
        )
        jar = str(coordinate).encode()
        self.write(coordinate, "pom", pom.encode())
        self.write(coordinate, "jar", jar)
        self.write(coordinate, "jar.sha1", hashlib.sha1(jar).hexdigest().encode())

    def write(self, coordinate: Coordinate, extension: str, content: bytes) -> None:
        path = self.folder / coordinate.path(extension)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path)
    repository.add(
        "org.apache.kafka:kafka_2.13",
        "5.0.0",
        dependency("org.slf4j:slf4j-api", "1.7", scope="compile"),
        dependency("x:far", "1", scope="runtime"),
        dependency("x:child", "1"),
        dependency("x:only-tests", "1", scope="test"),
        dependency("x:not-always", "1", optional="true"),
        dependency("org.scala-lang:scala-reflect", "2", scope="runtime"),
    )
    repository.add("org.slf4j:slf4j-api", "1.7")
    repository.add("org.slf4j:slf4j-simple", "1.7", dependency("org.slf4j:slf4j-api", "${project.version}"))
    repository.add("x:far", "1", dependency("x:near", "1"))
    repository.add("x:near", "1")
    repository.add("x:near", "2")
    repository.add("x:deep", "7")
    repository.add("x:bom", "1", managed=dependency("x:deep", "7"))
    repository.add(
        "x:parent",
        "1",
        before="<properties><near.version>${wanted}</near.version><wanted>2</wanted></properties>",
        managed=dependency("x:bom", "1", scope="import", type="pom"),
    )
    repository.add(
        "x:child",
        "1",
        dependency("x:near", "${near.version}"),
        dependency("x:deep"),
        before="<parent><groupId>x</groupId><artifactId>parent</artifactId><version>1</version></parent>",
    )
    return repository


def test_the_closure_follows_mavens_rules(repository: Repository) -> None:
    assert [str(coordinate) for coordinate in closure(repository.url, "5.0.0")] == [
        "org.apache.kafka:kafka_2.13:5.0.0",
        "org.slf4j:slf4j-api:1.7",
        "org.slf4j:slf4j-simple:1.7",
        "x:child:1",
        "x:deep:7",
        "x:far:1",
        "x:near:1",
    ]


def test_the_lock_has_each_jars_hash_and_size(repository: Repository) -> None:
    lock = locked(repository.url, "5.0.0")
    assert lock.version == "5.0.0"
    for jar in lock.jars:
        content = str(jar.coordinate).encode()
        assert (jar.sha256, jar.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))


def test_a_jar_that_differs_from_its_published_hash_is_refused(repository: Repository) -> None:
    repository.write(Coordinate("x", "deep", "7"), "jar", b"cut short")
    with pytest.raises(JarsUnavailable, match="x:deep:7 did not arrive whole"):
        locked(repository.url, "5.0.0")


def test_an_unknown_version_is_named(repository: Repository) -> None:
    with pytest.raises(JarsUnavailable, match=r"kafka_2\.13-6\.0\.0\.pom could not be fetched.*Check the version"):
        locked(repository.url, "6.0.0")
