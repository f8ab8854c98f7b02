"""docs/reference/cli.md, made from the help of every command, and the names of all variables, for `vigie doctor`.

`python -m vigie.reference --check` or `--write`.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from vigie import variables
from vigie.commands import module_name
from vigie.front import front

PAGE = Path("docs/reference/cli.md")
VARIABLES = Path(__file__).parent / variables.FILE
_WIDTH = 100
_HEAD = """\
# The `vigie` command

Made from `--help` by `python -m vigie.reference --write`: not to be edited by hand.
"""


def page() -> str:
    """The page: each command and sub-command with its help, in the order of `vigie --help`. Loads all commands."""
    sections = [f"## {path}\n\n```text\n{text}\n```\n" for path, text in _helps(front, _context())]
    return "\n".join([_HEAD, *sections])


def variable_names() -> str:
    """The file of the variables' names. Loads all commands."""
    return json.dumps(sorted(variables.found(front, _context())), indent=0) + "\n"


def _context() -> click.Context:
    return click.Context(front, info_name="vigie", **front.context_settings)


def _helps(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    context.terminal_width = _WIDTH
    yield context.command_path, "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = _child(command, context, name)
            if child is not None:
                yield from _helps(child, click.Context(child, info_name=name, parent=context, **child.context_settings))


def _child(command: click.Group, context: click.Context, name: str) -> click.Command | None:
    try:
        return command.get_command(context, name)
    except ModuleNotFoundError as error:
        # A command that is in the table and not yet written: the test of the table says so, this page goes without.
        if error.name == module_name(name):
            return None
        raise


@click.command()
@click.option("--write/--check", required=True, help="Write the page, or say whether it is stale.")
@click.option("--page", "path", type=click.Path(path_type=Path), default=PAGE, show_default=True, help="Where it is.")
@click.option("--names", type=click.Path(path_type=Path), default=VARIABLES, help="Where the variables' names are.")
def command(write: bool, path: Path, names: Path) -> None:
    """Check or write the reference page of the commands and the variables' names; exit status 1 where one is stale."""
    for file, text in ((path, page()), (names, variable_names())):
        if write:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        elif not file.is_file() or file.read_text(encoding="utf-8") != text:
            click.echo(f"{file} is stale. Run: python -m vigie.reference --write", err=True)
            sys.exit(1)


if __name__ == "__main__":
    command()
