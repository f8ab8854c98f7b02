from collections.abc import Callable
from pathlib import Path

import click
import pytest

from vigie.__main__ import main

AsStatus = Callable[[click.Command], None]


@pytest.fixture
def command(as_status: AsStatus) -> click.Command:
    """In the place of `vigie status`: shows what it was given."""

    @click.group(invoke_without_command=True)
    @click.option("--kafka", envvar="VIGIE_KAFKA", default="default")
    @click.option("--size", type=int, default=0)
    @click.option("--tag", "tags", multiple=True)
    @click.option("--json", "as_json", is_flag=True)
    def command(kafka: str, size: int, tags: tuple[str, ...], as_json: bool) -> None:
        """Show."""
        click.echo(f"{kafka} {size} {','.join(tags)} {as_json}")

    @command.command()
    @click.option("--since")
    @click.option("--redis", envvar="VIGIE_REDIS")
    def inner(since: str | None, redis: str | None) -> None:
        """Show too."""
        click.echo(f"inner {since} {redis}")

    as_status(command)
    return command


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "vigie.toml"


def result(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


@pytest.mark.usefixtures("command")
def test_command_line_over_environment_over_file_over_default(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert result(capsys, "status") == "default 0  False\n"
    file.write_text("kafka = 'file'\n[status]\nsize = 1\n")
    assert result(capsys, "--config", str(file), "status") == "file 1  False\n"
    monkeypatch.setenv("VIGIE_KAFKA", "environment")
    monkeypatch.setenv("VIGIE_STATUS_SIZE", "2")
    assert result(capsys, "--config", str(file), "status") == "environment 2  False\n"
    arguments = ("--config", str(file), "status", "--kafka", "line", "--size", "3")
    assert result(capsys, *arguments) == "line 3  False\n"


@pytest.mark.usefixtures("command")
def test_the_variable_names_the_file_and_the_commands_own_table_wins(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("kafka = 'shared'\n[status]\nkafka = 'own'\ntag = ['a', 'b']\njson = true\n[ingest]\nany = 1\n")
    monkeypatch.setenv("VIGIE_CONFIG", str(file))
    assert result(capsys, "status") == "own 0 a,b True\n"


@pytest.mark.usefixtures("command")
def test_sub_commands_have_tables_in_tables(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("redis = 'r'\n[status.inner]\nsince = 2024-01-31\n")
    assert result(capsys, "--config", str(file), "status", "inner").endswith("inner 2024-01-31 r\n")


@pytest.mark.usefixtures("command")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("kakfa = 'x'", "the key 'kakfa' at the top is no setting. Did you mean kafka?"),
        ("zzz = 'x'", "the key 'zzz' at the top is no setting. Known there: a"),
        ("[status]\nsizes = 1", "the key 'sizes' in [status] is no setting. Did you mean size?"),
        ("[status.inner]\nsinc = 1", "the key 'sinc' in [status.inner] is no setting. Did you mean since?"),
        ("status = 1", "under a line [status]"),
        ("kafka = ", "is not TOML"),
        ("[status]\nsize = 'x'", "It stands in the settings file"),
    ],
)
def test_what_is_wrong_is_named(file: Path, capsys: pytest.CaptureFixture[str], content: str, said: str) -> None:
    file.write_text(content)
    assert main(["--config", str(file), "status"]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert str(file) in err


@pytest.mark.usefixtures("command")
def test_a_missing_file_is_wrong_use(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(file), "status"]) == 2
    assert "cannot be read: No such file or directory" in capsys.readouterr().err


@pytest.mark.usefixtures("command")
def test_a_shared_setting_of_another_command_is_known(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("replication_factor = 3\n")  # of `vigie topics`
    assert result(capsys, "--config", str(file), "status") == "default 0  False\n"
