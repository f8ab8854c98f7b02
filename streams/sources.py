"""From paths to files that can be opened: folders searched, .gz unpacked, .zip taken apart."""

import gzip
import io
import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from detectors.errors import UnusableInput
from streams.blocks import ByteReader

_GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGIC = b"PK\x03\x04"

UNREADABLE = (OSError, EOFError, RuntimeError, NotImplementedError, zlib.error, zipfile.BadZipFile)
"""What opening and reading a source may raise: disk, rights, a damaged or encrypted archive."""


@dataclass(frozen=True)
class Source:
    """A file to read, or a member of an archive.

    `name` is for people; `named` says that the caller named this very file, rather than a folder or archive with it.
    """

    name: str
    path: Path
    member: str | None
    named: bool

    @contextmanager
    def open(self) -> Iterator[ByteReader]:
        """Its bytes, unpacked. Raises one of UNREADABLE, also while it is read."""
        with self._packed() as packed:
            start = packed.peek(len(_ZIP_MAGIC))
            if start.startswith(_ZIP_MAGIC):
                raise zipfile.BadZipFile("a damaged archive, or one within another")
            if start.startswith(_GZIP_MAGIC):
                with gzip.GzipFile(fileobj=packed) as unpacked:
                    yield unpacked
            else:
                yield packed

    @contextmanager
    def _packed(self) -> Iterator[io.BufferedReader | zipfile.ZipExtFile]:
        if self.member is None:
            with self.path.open("rb") as stream:
                yield stream
        else:
            with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as member:
                yield member  # type: ignore[misc] # open in mode "r", its default, gives a ZipExtFile


def sources(paths: Sequence[Path]) -> Iterator[Source]:
    """The files under the paths: paths as given, a folder's and an archive's content in sorted order.

    Names that begin with a point are left out of folders. Raises UnusableInput for a path that does not exist.
    """
    for path in paths:
        if not path.exists():
            raise UnusableInput(f"there is no file {shown(path)}. Correct the path")
    for path in paths:
        if path.is_dir():
            for file in _files_under(path):
                yield from _members(file, named=False)
        else:
            yield from _members(path, named=True)


def shown(path: Path | str) -> str:
    """A path for people and JSON, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", "replace")


def _files_under(folder: Path) -> list[Path]:
    found: list[Path] = []
    for place, folders, files in os.walk(folder, onerror=_unlisted):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in files if not name.startswith(".")]
    return sorted(path for path in found if path.is_file())


def _unlisted(error: OSError) -> None:
    raise UnusableInput(
        f"the folder {shown(error.filename)} cannot be listed: {error.strerror}. Give the right to read it, or leave "
        "it out"
    ) from error


def _members(path: Path, *, named: bool) -> Iterator[Source]:
    members = _zip_members(path) if path.is_file() else None
    if members is None:
        yield Source(shown(path), path, None, named)
    for member in members or ():
        yield Source(f"{shown(path)}/{shown(member)}", path, member, named=False)


def _zip_members(path: Path) -> list[str] | None:
    """The files in an archive, None if it is none or too damaged to say: opening it then tells."""
    try:
        with path.open("rb") as stream:
            if stream.read(len(_ZIP_MAGIC)) != _ZIP_MAGIC:
                return None
        with zipfile.ZipFile(path) as archive:
            return sorted(info.filename for info in archive.infolist() if not info.is_dir())
    except (OSError, zipfile.BadZipFile):
        return None
