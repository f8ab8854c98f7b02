"""A folder into which partners drop files: which of them are there whole, and where they go afterwards.

DIR/ itself holds what is to be ingested; hidden names and those in .part or .tmp are still being written. DIR/done/ is
for what was ingested, DIR/quarantine/ for what could not be, each with a NAME.reason.txt beside it, and DIR/rejects/
for the refused rows of what was ingested, a file a run.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from detectors.errors import UnusableInput
from streams.errors import StreamsError, Unwritable
from streams.sources import shown

UNFINISHED = (".part", ".tmp")
LONGEST_WAIT_LOOKS = 30


class Stamp(NamedTuple):
    """What changes when somebody writes to a file."""

    inode: int
    size: int
    modified_ns: int


@dataclass(frozen=True)
class Drop:
    """A file in the folder, as it was when it was looked at."""

    path: Path
    stamp: Stamp

    @property
    def name(self) -> str:
        """Its name, for people."""
        return shown(self.path.name)

    def unchanged(self) -> bool:
        """Whether it still is that file with that content."""
        return _stamp(self.path) == self.stamp

    def digest(self) -> str:
        """The SHA-256 of its bytes, in hexadecimal. Raises OSError."""
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


class DropFolder:
    """The folder. For one process at a time."""

    def __init__(self, folder: Path) -> None:
        """Make the folders within it. Raises UnusableInput where it is none, Unwritable."""
        if not folder.is_dir():
            raise UnusableInput(f"{shown(folder)} is no folder. Make it, or name the one that partners write to")
        self.folder = folder
        self.done = folder / "done"
        self.quarantine = folder / "quarantine"
        self.rejects = folder / "rejects"
        try:
            for place in (self.done, self.quarantine, self.rejects):
                place.mkdir(exist_ok=True)
        except OSError as error:
            raise Unwritable(shown(place), error) from error

    def look(self) -> dict[Path, Stamp]:
        """The files that are there under a finished name, in the order of their names. Raises StreamsError."""
        try:
            paths = sorted(path for path in self.folder.iterdir() if _is_finished(path.name))
            found = {path: _stamp(path) for path in paths}
        except OSError as error:
            raise StreamsError(
                f"the folder {shown(self.folder)} cannot be looked into: {error.strerror}. Put it back, or give the "
                "right to read it"
            ) from error
        return {path: stamp for path, stamp in found.items() if stamp is not None}

    def set_done(self, drop: Drop, digest: str) -> Path:
        """Move an ingested file away; where to. Raises Unwritable."""
        return _moved(drop.path, self.done, digest)

    def set_aside(self, drop: Drop, digest: str, reason: str) -> Path:
        """Move a file that is of no use away, with the reason beside it; where to.

        The reason is written first: a kill in between leaves the file where it was. Raises Unwritable.
        """
        target = _target(drop.path, self.quarantine, digest)
        note = target.with_name(f"{target.name}.reason.txt")
        try:
            note.write_text(f"{reason}\n", encoding="utf-8", errors="replace")
        except OSError as error:
            raise Unwritable(shown(note), error) from error
        return _moved(drop.path, self.quarantine, digest)


class Stillness:
    """Tells from two looks which files nobody writes to any more.

    All are taken together once the whole folder is still, so that a delivery of many files is one run. A file that
    never rests holds the others up for some looks only.
    """

    def __init__(self) -> None:
        self._last: Mapping[Path, Stamp] = {}
        self._waited = 0

    def take(self, seen: Mapping[Path, Stamp]) -> list[Drop]:
        """The files to ingest now, in the order given."""
        still = [Drop(path, stamp) for path, stamp in seen.items() if self._last.get(path) == stamp]
        self._last = seen
        self._waited = self._waited + 1 if still else 0
        if len(still) < len(seen) and self._waited < LONGEST_WAIT_LOOKS:
            return []
        self._waited = 0
        return still


def _is_finished(name: str) -> bool:
    return not name.startswith(".") and not name.lower().endswith(UNFINISHED)


def _stamp(path: Path) -> Stamp | None:
    """None for what is no file, or has gone."""
    try:
        if not path.is_file():
            return None
        found = path.stat()
    except FileNotFoundError:
        return None
    return Stamp(found.st_ino, found.st_size, found.st_mtime_ns)


def _moved(path: Path, folder: Path, digest: str) -> Path:
    target = _target(path, folder, digest)
    try:
        path.replace(target)
    except OSError as error:
        raise Unwritable(shown(target), error) from error
    return target


def _target(path: Path, folder: Path, digest: str) -> Path:
    """The name under which a file is kept: its own, or with its digest where that is taken."""
    plain = folder / path.name
    if not plain.exists():
        return plain
    stem, point, suffixes = path.name.partition(".")
    return folder / f"{stem}-{digest[:12]}{point}{suffixes}"
