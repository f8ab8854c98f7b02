import csv
import json
from pathlib import Path

from click.testing import CliRunner, Result

from vigie.commands.simulate import command


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_it_writes_the_files_and_a_summary(tmp_path: Path) -> None:
    result = run(tmp_path / "world", "--firms", "30", "--months", "24", "--seed", "7", "--start", "2019-04", "--clean")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert (summary["firms"], summary["months"], summary["start"], summary["seed"]) == (30, 24, "2019-04", 7)
    assert summary["files"].keys() == {path.name for path in (tmp_path / "world").iterdir()}
    for name, count in summary["files"].items():
        lines = (tmp_path / "world" / name).read_text(encoding="utf-8").splitlines()
        assert len(lines) == count["rows"] + 1


def test_the_truth_goes_where_it_is_asked_for(tmp_path: Path) -> None:
    result = run(tmp_path / "world", "--firms", "12", "--months", "6", "--truth", tmp_path / "out" / "truth.csv")
    assert result.exit_code == 0, result.output
    with (tmp_path / "out" / "truth.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 12
    assert list(rows[0]) == ["siren", "kind", "onset", "proceeding", "action"]


def test_no_truth_unless_asked_for(tmp_path: Path) -> None:
    run(tmp_path, "--firms", "5", "--months", "6")
    assert not list(tmp_path.glob("*truth*"))
    assert len(list(tmp_path.iterdir())) == 11


def test_a_truth_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run(tmp_path / "world", "--firms", "2", "--months", "2", "--truth", tmp_path / "file" / "truth.csv")
    assert "--truth" in str(result.exception)
    assert getattr(result.exception, "exit_status", None) == 2


def test_wrong_parameters_are_unusable(tmp_path: Path) -> None:
    result = run(tmp_path / "world", "--months", "0")
    assert "--months 0" in str(result.exception)
    assert getattr(result.exception, "exit_status", None) == 2
