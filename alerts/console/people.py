"""Who is in the clearance file now: it is read again when it has changed, so that rights apply at once."""

import logging
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from alerts import clearance
from alerts.scope import OutOfScope, Person, people, within
from detectors.errors import UnusableInput

__all__ = ["OutOfScope", "People", "Person", "people", "within"]

log = logging.getLogger(__name__)


class People(Mapping[str, Person]):
    """Those who see a department, by name; from several threads.

    Raises UnusableInput at the start for a file that cannot be used, or in which nobody could log in. One that becomes
    so later is told in the log once, and the last usable one goes on.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._seen = self._mark()
        self._people, self._by_login = _read(path)
        if not self._people:
            raise UnusableInput(f"{path}: nobody in it sees a department, so nobody could log in")

    def current(self, person: Person) -> Person | None:
        """Somebody as they stand in the file now; None who is no longer there."""
        return self.get(person.name)

    @property
    def by_login(self) -> Mapping[str, Person]:
        """The same by what the OpenID provider calls them: subjects, and e-mail addresses in small letters."""
        self._fresh()
        return self._by_login

    def __getitem__(self, name: str) -> Person:
        return self._fresh()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fresh())

    def __len__(self) -> int:
        return len(self._fresh())

    def _fresh(self) -> dict[str, Person]:
        with self._lock:
            mark = self._mark()
            if mark != self._seen:
                self._seen = mark
                try:
                    self._people, self._by_login = _read(self._path)
                except UnusableInput as error:
                    log.warning("the clearance file is as before: %s", error)
            return self._people

    def _mark(self) -> tuple[int, int, int]:
        """What changes with the file; nothing where it is not there."""
        try:
            found = self._path.stat()
        except OSError:
            return (0, 0, 0)
        return (found.st_ino, found.st_mtime_ns, found.st_size)


def _read(path: Path) -> tuple[dict[str, Person], dict[str, Person]]:
    """Those who see a department, by name and by login."""
    found = clearance.read(path)
    by_name = people(found)
    return by_name, {login: by_name[c.user] for c in found if c.user in by_name for login in c.logins}
