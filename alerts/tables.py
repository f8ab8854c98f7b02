"""TOML files of named tables that are all of one kind: read whole, or refused with file, table and field."""

import re
import tomllib
from pathlib import Path
from typing import TypeVar

import msgspec

from detectors.errors import UnusableInput

T = TypeVar("T", bound=msgspec.Struct)
NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
"""The name of a table: it stands in histories, keys and metrics."""


def read(path: Path, kind: type[T], remedy: str) -> dict[str, T]:
    """The tables of a file by name, in its order. Raises UnusableInput; `remedy` says what file to give."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnusableInput(f"{path}: {error.strerror}. {remedy}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnusableInput(f"{path} is not TOML: {error}. Correct it there") from error
    found: dict[str, T] = {}
    for name, table in content.items():
        if not NAME.fullmatch(name):
            raise wrong(path, name, "cannot be a name: small letters, digits and hyphens, a letter first, 40 at most")
        try:
            found[name] = msgspec.convert(table, kind)
        except msgspec.ValidationError as error:
            raise wrong(path, name, str(error)) from error
    if not found:
        raise UnusableInput(f"{path} holds no table. {remedy}")
    return found


def wrong(path: Path, name: str, what: str) -> UnusableInput:
    """What is wrong with a table."""
    return UnusableInput(f"{path}: [{name}] {what}")
