from pathlib import Path

from click.testing import CliRunner

from vigie.reference import PAGE, command, page

ROOT = Path(__file__).parents[2]


def test_the_page_is_current() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page(), "run: python -m vigie.reference --write"


def test_a_stale_page_is_said_and_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "reference" / "cli.md"
    runner = CliRunner()
    assert runner.invoke(command, ["--check", "--page", str(path)]).exit_code == 1
    assert runner.invoke(command, ["--write", "--page", str(path)]).exit_code == 0
    assert runner.invoke(command, ["--check", "--page", str(path)]).exit_code == 0
    path.write_text("old")
    done = runner.invoke(command, ["--check", "--page", str(path)])
    assert done.exit_code == 1
    assert "is stale" in done.stderr
