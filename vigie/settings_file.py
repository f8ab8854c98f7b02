"""The settings file: TOML whose values stand under the environment and the command line, above the defaults.

At the top stand the settings that several commands share, under their variable's name without VIGIE_ in small letters
(`kafka`, `redis`); each command has a table of its own, with its options' names. An unknown key stops the start.

    kafka = "broker-1:9092,broker-2:9092"

    [ingest]
    rejects = "/var/log/vigie/rejects.ndjson"

    [alerts.list]
    limit = 50
"""

import difflib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from detectors.errors import UnusableInput
from vigie.commands import COMMANDS

SHARED = ("kafka", "redis", "data", "metrics_port", "language", "partitions")
"""The settings that every installation has; the other shared ones are found in the commands."""


def load(path: Path) -> dict[str, Any]:
    """What a settings file holds. Raises UnusableInput where it cannot be read or is not TOML."""
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise UnusableInput(
            f"the settings file {path} cannot be read: {error.strerror}. Correct --config (or VIGIE_CONFIG), "
            "or leave it out."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnusableInput(f"the settings file {path} is not TOML: {error}. Correct it there.") from error


def defaults(
    content: Mapping[str, Any], path: Path, name: str, command: click.Command, others: Callable[[], set[str] | None]
) -> dict[str, Any]:
    """The default map, in click's sense, that a settings file gives to one command.

    `others` finds the shared settings of all commands (None where some command cannot be loaded here): it is called
    only when a key at the top is not of SHARED, since it loads them all. Raises UnusableInput for an unknown key at
    the top or in the command's own table; the other commands' tables are checked when they run.
    """
    _check_top(content, path, others)
    table = _table(content, name, path, name)
    return _defaults(command, table, content, path, name)


def shared_names(command: click.Command) -> set[str]:
    """The names that a command's options have at the top of a settings file: those of their own variables."""
    names = {name for param in command.params for name in _shared_keys(param)}
    if isinstance(command, click.Group):
        names.update(*(shared_names(child) for child in command.commands.values()))
    return names


def _check_top(content: Mapping[str, Any], path: Path, others: Callable[[], set[str] | None]) -> None:
    known = {*COMMANDS, *SHARED}
    if set(content) <= known:
        return
    found = others()
    if found is None:
        return
    known |= found
    for key in content:
        if key not in known:
            raise _unknown(key, known, path, "at the top")


def _defaults(
    command: click.Command, table: Mapping[str, Any], top: Mapping[str, Any], path: Path, place: str
) -> dict[str, Any]:
    options = {name: param for param in command.params for name in _own_keys(param)}
    children = command.commands if isinstance(command, click.Group) else {}
    values: dict[str, Any] = {}
    for param in command.params:
        values.update((str(param.name), _plain(top[key])) for key in _shared_keys(param) if key in top)
    for key, value in table.items():
        option = options.get(key.replace("-", "_"))
        if option is not None:
            values[str(option.name)] = _plain(value)
        elif key not in children:
            raise _unknown(key, {*options, *children}, path, f"in [{place}]")
    for name, child in children.items():
        inner = f"{place}.{name}"
        values[name] = _defaults(child, _table(table, name, path, inner), top, path, inner)
    return values


def _table(content: Mapping[str, Any], name: str, path: Path, place: str) -> Mapping[str, Any]:
    table = content.get(name, {})
    if not isinstance(table, dict):
        raise UnusableInput(
            f"{path}: {name} is the name of a command: write its options in a table, under a line [{place}]."
        )
    return table


def _own_keys(param: click.Parameter) -> list[str]:
    """An option's names in its command's table: its flags without their dashes (`--no-send` is `send = false`)."""
    return [flag[2:].replace("-", "_") for flag in param.opts if flag.startswith("--")]


def _shared_keys(param: click.Parameter) -> list[str]:
    variables = [param.envvar] if isinstance(param.envvar, str) else param.envvar or []
    return [name.removeprefix("VIGIE_").lower() for name in variables if name.startswith("VIGIE_")]


def _plain(value: Any) -> Any:
    """A value as click reads it: TOML's own dates as text, lists as they are for options given several times."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool | int | float | str) else str(value)


def _unknown(key: str, known: Iterable[str], path: Path, place: str) -> UnusableInput:
    names = sorted(known)
    near = difflib.get_close_matches(key, names, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Known there: {', '.join(names)}."
    return UnusableInput(f"{path}: the key {key!r} {place} is no setting. {hint}")
