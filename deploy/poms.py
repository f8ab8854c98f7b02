"""Which jars a Kafka broker needs, from the POMs that Maven Central publishes (for maintainers).

Of Maven's rules, those that these POMs use: compile and run-time dependencies, nearest version wins, parents,
properties, managed versions and imported BOMs. Exclusions are not followed; what is not needed is left out by name.
"""

import hashlib
import re
import xml.etree.ElementTree as ET
from collections import deque
from dataclasses import dataclass, field, replace
from functools import cache

from deploy.errors import JarsUnavailable
from deploy.jars import Jar, JarLock
from deploy.maven import Coordinate, fetch, require_url

LEFT_OUT = frozenset(
    {
        # Named by classes that the broker never loads. Classes of commons-validator beside the address check:
        "commons-beanutils",
        "commons-collections",
        "commons-digester",
        "commons-logging",
        # the container image's own start script:
        "jackson-dataformat-yaml",
        "snakeyaml",
        # SASL/OAUTHBEARER, which a broker on the loopback interface does not offer:
        "jose4j",
        # annotations:
        "error_prone_annotations",
        "jspecify",
        # changing log levels through the admin API; without it the broker says so and goes on (the API jar stays):
        "log4j-core",
        # Scala macros, used by the compiler:
        "scala-reflect",
    }
)
LOGGING = "slf4j-simple"
"""Added: slf4j-api alone swallows every message, those of a failed start too."""


@dataclass(frozen=True)
class Pom:
    """What matters of a POM, its parents' share included, properties filled in."""

    properties: dict[str, str] = field(default_factory=dict)
    managed: dict[tuple[str, str], str] = field(default_factory=dict)
    dependencies: tuple[Coordinate, ...] = ()


def locked(repository: str, version: str) -> JarLock:
    """The lock for a version of Kafka: every jar fetched, its hash taken. Raises JarsUnavailable and UnusableInput."""
    require_url(repository)
    return JarLock(version, tuple(_jar(repository, coordinate) for coordinate in closure(repository, version)))


def closure(repository: str, version: str) -> list[Coordinate]:
    """Kafka's own jar, then all others that a broker needs at run time, by name."""
    root = Coordinate("org.apache.kafka", "kafka_2.13", version)
    versions: dict[tuple[str, str], Coordinate] = {}
    queue = deque([root])
    while queue:
        coordinate = queue.popleft()
        key = (coordinate.group, coordinate.artifact)
        if key in versions or coordinate.artifact in LEFT_OUT:
            continue
        versions[key] = coordinate
        queue.extend(read_pom(repository, coordinate).dependencies)
        if coordinate.artifact == "slf4j-api":
            queue.append(replace(coordinate, artifact=LOGGING))
    first, *others = versions.values()
    return [first, *sorted(others)]


@cache
def read_pom(repository: str, coordinate: Coordinate) -> Pom:
    """A POM with what it inherits and imports."""
    root = ET.fromstring(_fetched(repository, coordinate, "pom"))  # noqa: S314  a maintainer's tool, on Maven Central
    parent = _parent(repository, root)
    project = {f"project.{name}": getattr(coordinate, part) for name, part in _PROJECT.items()}
    properties = parent.properties | _properties(root) | project
    managed = dict(parent.managed)
    for dependency in _all(root, "dependencyManagement/dependencies/dependency"):
        target = _coordinate(dependency, properties, {})
        if _text(dependency, "scope") == "import":
            managed |= read_pom(repository, target).managed
        else:
            managed[target.group, target.artifact] = target.version
    needed = tuple(_coordinate(d, properties, managed) for d in _all(root, "dependencies/dependency") if _is_needed(d))
    return Pom(properties, managed, parent.dependencies + needed)


_PROJECT = {"groupId": "group", "artifactId": "artifact", "version": "version"}
_NAMESPACE = "{http://maven.apache.org/POM/4.0.0}"


def _parent(repository: str, root: ET.Element) -> Pom:
    element = root.find(f"{_NAMESPACE}parent")
    return Pom() if element is None else read_pom(repository, _coordinate(element, {}, {}))


def _properties(root: ET.Element) -> dict[str, str]:
    element = root.find(f"{_NAMESPACE}properties")
    if element is None:
        return {}
    return {child.tag.removeprefix(_NAMESPACE): (child.text or "").strip() for child in element}


def _is_needed(dependency: ET.Element) -> bool:
    scope = _text(dependency, "scope") or "compile"
    return scope in ("compile", "runtime") and _text(dependency, "optional") != "true"


def _coordinate(element: ET.Element, properties: dict[str, str], managed: dict[tuple[str, str], str]) -> Coordinate:
    group, artifact = (_filled(_text(element, name), properties) for name in ("groupId", "artifactId"))
    version = _text(element, "version") or managed.get((group, artifact), "")
    return Coordinate(group, artifact, _filled(version, properties))


def _filled(text: str, properties: dict[str, str]) -> str:
    """The text with ${properties} in place, those within them included."""
    while True:
        filled = re.sub(r"\$\{([^}]+)\}", lambda m: properties.get(m[1], m[0]), text)
        if filled == text:
            return filled
        text = filled


def _text(element: ET.Element, name: str) -> str:
    return (element.findtext(f"{_NAMESPACE}{name}") or "").strip()


def _all(root: ET.Element, path: str) -> list[ET.Element]:
    return root.findall("/".join(f"{_NAMESPACE}{name}" for name in path.split("/")))


def _jar(repository: str, coordinate: Coordinate) -> Jar:
    content = _fetched(repository, coordinate, "jar")
    published = _fetched(repository, coordinate, "jar.sha1").split()[0].decode()
    if hashlib.sha1(content, usedforsecurity=False).hexdigest() != published:
        raise JarsUnavailable(f"{coordinate} did not arrive whole from {repository}: run the update again.")
    return Jar(coordinate, hashlib.sha256(content).hexdigest(), len(content))


def _fetched(repository: str, coordinate: Coordinate, extension: str) -> bytes:
    try:
        return fetch(repository, coordinate.path(extension))
    except OSError as error:
        raise JarsUnavailable(
            f"{coordinate.path(extension)} could not be fetched from {repository}: {error}. Check the version and the "
            f"connection, then run the update again."
        ) from error
