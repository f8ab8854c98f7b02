import importlib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import vigie.commands
from vigie.__main__ import main
from vigie.commands import COMMANDS, module_name

SECRETS = ("redis://agent:hunter2@127.0.0.1:1/0", "redis+sentinel://127.0.0.1:1/m/0?sentinel_password=hunter2")


def asking_redis(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The command lines under a command that take --redis."""
    if any("--redis" in param.opts for param in command.params):
        yield path
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from asking_redis(child, (*path, name))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_says(name: str) -> None:
    command = importlib.import_module(module_name(name)).command
    assert isinstance(command, click.Command)
    assert command.get_short_help_str(limit=200) == COMMANDS[name]


def test_the_table_names_every_command() -> None:
    (folder,) = map(Path, vigie.commands.__path__)
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert files == {module_name(name).rpartition(".")[2] for name in COMMANDS}


@pytest.mark.parametrize("secret", SECRETS)
def test_no_command_takes_a_password_where_ps_shows_it(secret: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        line for name in COMMANDS for line in asking_redis(importlib.import_module(module_name(name)).command, (name,))
    ]
    assert len(lines) >= 25
    for line in lines:
        assert main([*line, "--redis", secret]) == 2, line
        out, err = capsys.readouterr()
        assert "VIGIE_REDIS_FILE" in err, line
        assert "hunter2" not in out + err
