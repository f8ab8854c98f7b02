"""The click group behind `vigie`: it imports a command only when that command is called."""

import difflib
import importlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from vigie import __version__, settings_file
from vigie.commands import COMMANDS, module_name


@dataclass
class Invocation:
    """What the front door must still know once click has given up its context: see `vigie.__main__`."""

    debug: bool = False
    config: Path | None = None


class Front(click.Group):
    """Commands by name from the table in `vigie.commands`, each imported at its first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's own signature
        """The names in the table, in its order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's own signature
        """The command, imported now; None for a name that is not in the table."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(module_name(cmd_name)).command
        _show_variables(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's own, with the nearest names for a mistyped one."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=2)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            ctx.fail(f"no such command: {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  click's own
        """The table of commands, from the names and help lines alone."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _show_variables(command: click.Command) -> None:
    for param in command.params:
        if isinstance(param, click.Option):
            param.show_envvar = True
    if isinstance(command, click.Group):
        for child in command.commands.values():
            _show_variables(child)


@click.group(
    cls=Front,
    context_settings={
        "auto_envvar_prefix": "VIGIE",
        "help_option_names": ["-h", "--help"],
        "show_default": True,
        "max_content_width": 100,
    },
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="VIGIE_CONFIG",
    show_envvar=True,
    help="Settings file (TOML): under the command line and the environment, above the defaults.",
)
@click.option(
    "--debug", is_flag=True, envvar="VIGIE_DEBUG", show_envvar=True, help="Show an error's traceback, and all logs."
)
@click.version_option(__version__, prog_name="vigie", message="%(prog)s %(version)s")
@click.pass_context
def front(context: click.Context, config: Path | None, debug: bool) -> None:
    """Early warning of firms in distress: partner files in, alerts out.

    Each option is also an environment variable: the one that its help shows. Results go to stdout, progress and logs
    to stderr. Exit status: 0 done, 1 failed while running, 2 wrong use or unusable input.
    """
    state = context.ensure_object(Invocation)
    state.debug, state.config = debug, config
    if debug:
        logging.basicConfig(level=logging.DEBUG)
    else:
        # What goes wrong with Kafka reaches the reader as one error: its clients would log each attempt before that.
        for client in ("kafka", "aiokafka"):
            logging.getLogger(client).setLevel(logging.CRITICAL)
    if config is not None:
        context.default_map = _from_file(context, config)


def _from_file(context: click.Context, path: Path) -> dict[str, Any] | None:
    name = context.invoked_subcommand
    command = front.get_command(context, name) if name is not None else None
    if name is None or command is None:
        return None
    content = settings_file.load(path)
    return {name: settings_file.defaults(content, path, name, command, lambda: _all_shared(context))}


def _all_shared(context: click.Context) -> set[str] | None:
    """The shared settings of every command, or None where a package that one of them needs is not installed."""
    names: set[str] = set()
    for name in COMMANDS:
        try:
            command = front.get_command(context, name)
        except ModuleNotFoundError:
            return None
        if command is not None:
            names |= settings_file.shared_names(command)
    return names
