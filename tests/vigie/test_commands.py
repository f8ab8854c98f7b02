import importlib
from pathlib import Path

import click
import pytest

import vigie.commands
from vigie.commands import COMMANDS, module_name


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_says(name: str) -> None:
    command = importlib.import_module(module_name(name)).command
    assert isinstance(command, click.Command)
    assert command.get_short_help_str(limit=200) == COMMANDS[name]


def test_the_table_names_every_command() -> None:
    (folder,) = map(Path, vigie.commands.__path__)
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert files == {module_name(name).rpartition(".")[2] for name in COMMANDS}
