from pathlib import Path

from click.testing import CliRunner

from vigie.reference import PAGE, VARIABLES, command, page, variable_names

ROOT = Path(__file__).parents[2]


def test_the_page_is_current() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page(), "run: python -m vigie.reference --write"
    assert VARIABLES.read_text(encoding="utf-8") == variable_names(), "run: python -m vigie.reference --write"


def test_a_stale_page_is_said_and_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "reference" / "cli.md"
    runner, places = CliRunner(), ["--page", str(path), "--names", str(tmp_path / "names.json")]
    assert runner.invoke(command, ["--check", *places]).exit_code == 1
    assert runner.invoke(command, ["--write", *places]).exit_code == 0
    assert runner.invoke(command, ["--check", *places]).exit_code == 0
    path.write_text("old")
    done = runner.invoke(command, ["--check", *places])
    assert done.exit_code == 1
    assert "is stale" in done.stderr
