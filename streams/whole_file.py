"""Files that are there whole or not at all, whenever the machine stops."""

import os
from contextlib import suppress
from pathlib import Path

from streams.errors import Unwritable


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file's content; its folder is made where it is missing.

    In order: the new content under a hidden name, made durable, then renamed, then the name made durable. Raises
    Unwritable; the older content is then as it was.
    """
    partial = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
        _make_names_durable(path.parent)
    except OSError as error:
        with suppress(OSError):  # the folder itself may be what is wrong
            partial.unlink(missing_ok=True)
        raise Unwritable(str(path), error) from error


def _make_names_durable(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
