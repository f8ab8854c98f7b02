"""Who is in the clearance file now: it is read again when it has changed, so that rights apply at once."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from alerts import clearance
from alerts.reread import Reread
from alerts.scope import OutOfScope, Person, people, within
from detectors.errors import UnusableInput

__all__ = ["OutOfScope", "People", "Person", "people", "within"]


class People(Mapping[str, Person]):
    """Those who see a department, by name: see `Reread`. Raises UnusableInput where nobody could log in."""

    def __init__(self, path: Path) -> None:
        self._file = Reread(path, _read)
        if not self:
            raise UnusableInput(f"{path}: nobody in it sees a department, so nobody could log in")

    def current(self, person: Person) -> Person | None:
        """Somebody as they stand in the file now; None who is no longer there."""
        return self.get(person.name)

    @property
    def by_login(self) -> Mapping[str, Person]:
        """The same by what the OpenID provider calls them: subjects, and e-mail addresses in small letters."""
        return self._file.now()[1]

    def __getitem__(self, name: str) -> Person:
        return self._file.now()[0][name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._file.now()[0])

    def __len__(self) -> int:
        return len(self._file.now()[0])


def _read(path: Path) -> tuple[dict[str, Person], dict[str, Person]]:
    """Those who see a department, by name and by login."""
    found = clearance.read(path)
    by_name = people(found)
    return by_name, {login: by_name[c.user] for c in found if c.user in by_name for login in c.logins}
