"""The VIGIE_ variables that some command reads, to find those that none does.

To load every command takes seconds, so their names stand in a file, which `python -m vigie.reference --write` makes.
"""

import difflib
import json
from collections.abc import Iterable, Iterator
from importlib import resources

import click

FILE = "variables.json"
OTHERS = {
    "VIGIE_CACHE",
    "VIGIE_MAVEN_URL",
    "VIGIE_KAFKA_PORT",
    "VIGIE_KAFKA_START_TIMEOUT",
    "VIGIE_VALKEY_PORT",
    "VIGIE_VALKEY_START_TIMEOUT",
}
"""Read by the embedded servers and by make."""
_PREFIX = "VIGIE_"


def known() -> set[str]:
    """Every variable that means something, those aside that name the file of a secret."""
    names: list[str] = json.loads(resources.files("vigie").joinpath(FILE).read_text(encoding="utf-8"))
    return {*names}


def unknown(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The VIGIE_ variables among `names` that nothing reads, each with the nearest that something does ("" if none)."""
    readable = known()
    for name in sorted(names):
        if name.startswith(_PREFIX) and not {name, name.removesuffix("_FILE")} & readable:
            near = difflib.get_close_matches(name, readable, n=1)
            yield name, near[0] if near else ""


def found(command: click.Command, context: click.Context) -> set[str]:
    """The variables of a command and of those under it, as their options and help texts name them. Loads all."""
    return OTHERS | set(_of(command, context))


def _of(command: click.Command, context: click.Context) -> Iterator[str]:
    for param in command.params:
        yield from [param.envvar] if isinstance(param.envvar, str) else param.envvar or ()
        if context.auto_envvar_prefix and param.name:
            yield f"{context.auto_envvar_prefix}_{param.name.upper()}"
    yield from (word.rstrip(":") for word in (command.help or "").split() if word.startswith(_PREFIX))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from _of(child, click.Context(child, info_name=name, parent=context, **child.context_settings))
