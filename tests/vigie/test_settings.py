from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click
import pytest
from click.testing import CliRunner

from detectors.errors import UnusableInput
from detectors.options import option
from vigie.__main__ import main
from vigie.settings import options_of, secret


@dataclass(frozen=True)
class Engine:
    name: str = option("a", "Name.")
    size: int = option(1, "Size.", unit="months")
    rate: float | None = option(None, "Rate.")
    mode: Literal["slow", "fast"] = option("slow", "Mode.")
    folder: Path | None = option(None, "Folder.", env="VIGIE_DATA")  # noqa: RUF009  `option` makes a field
    tags: tuple[str, ...] = option((), "Tags.")
    frozen: bool = option(False, "Frozen.")


@dataclass(frozen=True)
class Login:
    user: str | None = option(None, "User.")
    password: str = option("none", "The word.", secret=True)


@pytest.fixture
def seen() -> list[Any]:
    return []


@pytest.fixture
def command(seen: list[Any]) -> click.Command:
    @click.command()
    @options_of(Engine, Login)
    @click.option("--own", default=3)
    def command(engine: Engine, login: Login, own: int) -> None:
        """Do it."""
        seen.extend([engine, login, own])

    return command


def run(command: click.Command, arguments: list[str], env: dict[str, str] | None = None) -> Any:
    return CliRunner().invoke(command, arguments, env=env, catch_exceptions=False)


def test_defaults_are_the_dataclasses_own(command: click.Command, seen: list[Any]) -> None:
    assert run(command, []).exit_code == 0
    assert seen == [Engine(), Login(), 3]


def test_flags_of_every_type(command: click.Command, seen: list[Any]) -> None:
    flags = "--name b --size 2 --rate .5 --mode fast --folder there --tags x --tags y --frozen --user u --own 4"
    assert run(command, flags.split()).exit_code == 0
    assert seen == [Engine("b", 2, 0.5, "fast", Path("there"), ("x", "y"), True), Login("u"), 4]


def test_variables_stand_under_the_command_line(command: click.Command, seen: list[Any]) -> None:
    env = {"VIGIE_NAME": "env", "VIGIE_SIZE": "5", "VIGIE_DATA": "/data", "VIGIE_FROZEN": "1"}
    assert run(command, ["--name", "line"], env).exit_code == 0
    assert seen[0] == Engine("line", 5, folder=Path("/data"), frozen=True)


def test_a_value_of_another_type_is_wrong_use(command: click.Command) -> None:
    assert run(command, ["--size", "x"]).exit_code == 2
    assert run(command, ["--mode", "middling"]).exit_code == 2


def test_help_says_units_and_secrets_variables_but_no_flag_for_them(command: click.Command) -> None:
    text = run(command, ["--help"]).output
    assert "Size. (months)" in text
    assert "VIGIE_PASSWORD: The word." in text
    assert "--password" not in text
    assert run(command, ["--password", "x"]).exit_code == 2


def test_a_secret_comes_from_its_variable_or_from_a_file(
    command: click.Command, seen: list[Any], tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("from the file\n")
    run(command, [], {"VIGIE_PASSWORD": "from the variable", "VIGIE_PASSWORD_FILE": str(file)})
    run(command, [], {"VIGIE_PASSWORD_FILE": str(file)})
    assert [seen[1].password, seen[4].password] == ["from the variable", "from the file"]


def test_a_lone_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    assert secret(Login, "password") == "none"
    monkeypatch.setenv("VIGIE_PASSWORD", "x")
    assert secret(Login, "password") == "x"


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_an_unreadable_secret_file_says_which(command: click.Command, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "password"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnusableInput, match=rf"VIGIE_PASSWORD_FILE names {path}"):
        run(command, [], {"VIGIE_PASSWORD_FILE": str(path)})


def test_a_secret_is_never_echoed(
    command: click.Command,
    as_status: Callable[[click.Command], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    as_status(command)
    monkeypatch.setenv("VIGIE_PASSWORD", "hunter2")
    for arguments in (["status", "--help"], ["status", "--size", "x"], ["--debug", "status", "--nothing"]):
        main(arguments)
    assert "hunter2" not in "".join(capsys.readouterr())
