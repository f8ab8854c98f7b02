"""The packages in use, beside those that this version of Vigie was tested with."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

LOCK = Path(__file__).parents[1] / "requirements.lock"
TESTED_PYTHONS = ((3, 11), (3, 12), (3, 13))
"""What the lock is resolved for."""
_LINE = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)


class Drift(NamedTuple):
    """A package in another version than the lock's."""

    package: str
    locked: str
    installed: str


def installed(package: str) -> str | None:
    """The version of a package here, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def drifts(lock: str, version_of: Callable[[str], str | None] = installed) -> Iterator[Drift]:
    """The packages that are here in another version than the lock's text says; what is not here is not needed here.

    Of a package that the lock has in several versions, for several Pythons, each is right.
    """
    locked: dict[str, list[str]] = defaultdict(list)
    for name, version in _LINE.findall(lock):
        locked[name].append(version)
    for name, versions in locked.items():
        found = version_of(name)
        if found is not None and found not in versions:
            yield Drift(name, " or ".join(versions), found)
