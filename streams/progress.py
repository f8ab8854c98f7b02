"""Which contents have been ingested, and where to: kept over restarts in one small JSON file.

A file is known by its content (SHA-256), not by its name: partners send the same name every month, and sometimes the
same content under another name.
"""

from datetime import datetime
from pathlib import Path

import msgspec

from detectors.errors import UnusableInput
from streams.whole_file import write_whole

FORMAT = 1


class Finished(msgspec.Struct, frozen=True):
    """A content all of whose events were confirmed: the name it had, when it was done, how many rows and events."""

    name: str
    at: datetime
    rows: int
    events: int


class _Document(msgspec.Struct):
    format: int
    finished: dict[str, dict[str, Finished]]
    """By destination, then by SHA-256 in hexadecimal."""


class Progress:
    """The file, for one destination: a cluster's own id, so that another or a new cluster gets everything.

    For one process at a time.
    """

    def __init__(self, path: Path, destination: str) -> None:
        """Read the file; one that is not there yet is empty. Raises UnusableInput where it is no such file."""
        self._path = path
        self._document = _read(path)
        self._here = self._document.finished.setdefault(destination, {})

    def finished(self, digest: str) -> Finished | None:
        """What is known of a content, None if it was never ingested to its end."""
        return self._here.get(digest)

    def finish(self, contents: dict[str, Finished]) -> None:
        """Note contents as done, by digest: all of them or none. Raises Unwritable."""
        if contents:
            self._here.update(contents)
            write_whole(self._path, msgspec.json.format(msgspec.json.encode(self._document)))


def _read(path: Path) -> _Document:
    try:
        document = msgspec.json.decode(path.read_bytes(), type=_Document)
    except FileNotFoundError:
        return _Document(FORMAT, {})
    except (OSError, msgspec.DecodeError) as error:
        raise UnusableInput(
            f"{path}, which says what was ingested, cannot be read: {error}. Put it back from a copy, or remove it: "
            "then files that come again are ingested again, which does no harm"
        ) from error
    if document.format != FORMAT:
        raise UnusableInput(
            f"{path} has format {document.format}, this version reads {FORMAT}. Use the version that wrote it, or "
            "remove it: then files that come again are ingested again, which does no harm"
        )
    return document
