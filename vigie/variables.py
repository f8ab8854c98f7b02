"""The VIGIE_ variables that some command reads, to find those that none does."""

import difflib
from collections.abc import Iterable, Iterator

import click

from vigie.front import front

OTHERS = {
    "VIGIE_CACHE",
    "VIGIE_MAVEN_URL",
    "VIGIE_KAFKA_PORT",
    "VIGIE_KAFKA_START_TIMEOUT",
    "VIGIE_VALKEY_PORT",
    "VIGIE_VALKEY_START_TIMEOUT",
}
"""Read by the embedded servers and by make."""
_AUTOMATIC = "VIGIE_"


def known() -> set[str] | None:
    """Every variable that means something; None where not all are known: a command's packages are not installed."""
    context = click.Context(front, info_name="vigie", **front.context_settings)
    try:
        return OTHERS | set(_of(front, context))
    except ModuleNotFoundError:
        return None


def unknown(names: Iterable[str], known: set[str]) -> Iterator[tuple[str, str]]:
    """The VIGIE_ variables among `names` that nothing reads, each with the nearest that something does ("" if none)."""
    for name in sorted(names):
        if name.startswith(_AUTOMATIC) and name.removesuffix("_FILE") not in known and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            yield name, near[0] if near else ""


def _of(command: click.Command, context: click.Context) -> Iterator[str]:
    for param in command.params:
        named = [param.envvar] if isinstance(param.envvar, str) else param.envvar or ()
        yield from named
        if context.auto_envvar_prefix and param.name:
            yield f"{context.auto_envvar_prefix}_{param.name.upper()}"
    yield from (word.rstrip(":") for word in (command.help or "").split() if word.startswith(_AUTOMATIC))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from _of(child, click.Context(child, info_name=name, parent=context, **child.context_settings))
