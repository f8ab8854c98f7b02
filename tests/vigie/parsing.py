"""Command lines taken apart as `vigie` would, without running anything."""

from collections.abc import Sequence

import click

from vigie.front import front


def parse(arguments: Sequence[str]) -> None:
    """Raises what click does for arguments that `vigie` does not take; files and variables need not be there."""
    with front.make_context("vigie", [*arguments]) as context:
        _parse(front, context, [*arguments])


def _parse(group: click.Group, context: click.Context, arguments: list[str]) -> None:
    name, command, rest = group.resolve_command(context, arguments)
    assert command is not None
    if isinstance(command, click.Group):
        with command.make_context(name, [*rest], parent=context) as inner:
            _parse(command, inner, rest)
        return
    try:
        command.make_context(name, rest, parent=context).close()
    except click.BadParameter as error:
        file = error.param is not None and isinstance(error.param.type, click.Path)
        variable = isinstance(error, click.MissingParameter) and error.param is not None and error.param.envvar
        if not file and not variable:
            raise
