"""Perimeter and horizon on the command line of replay and worker."""

import csv
from pathlib import Path

import pytest

from detectors import models
from vigie.__main__ import main


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    assert main(["simulate", str(folder), "--firms", "120", "--months", "16", "--seed", "8"]) == 0
    return folder


def scored(world: Path, folder: Path, *arguments: str) -> set[str]:
    """The firms that are ever scored."""
    file = folder / "scores.csv"
    assert main(["replay", str(world), "--frozen", "--scores", str(file), *arguments]) == 0
    with file.open(newline="") as stream:
        return {row["siren"] for row in csv.DictReader(stream)}


def test_each_setting_makes_the_perimeter_smaller_or_larger(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = scored(world, tmp_path)
    assert scored(world, tmp_path, "--headcount-floor", "40") < usual
    assert scored(world, tmp_path, "--headcount-floor", "1") > usual
    without_building = scored(world, tmp_path, *(f"--excluded-divisions={d}" for d in (41, 43, 84, 85)))
    assert without_building < usual
    monkeypatch.setenv("VIGIE_EXCLUDED_DIVISIONS", "41 43 84 85")
    assert scored(world, tmp_path) == without_building
    monkeypatch.delenv("VIGIE_EXCLUDED_DIVISIONS")
    parts = [scored(world, tmp_path, *(f"--departments={d}" for d in codes)) for codes in (("75", "69"), ("13",))]
    assert all(part < usual for part in parts)
    monkeypatch.setenv("VIGIE_DEPARTMENTS", "75 69 13")
    assert scored(world, tmp_path) == parts[0] | parts[1]


def test_a_settings_file_can_exclude_nobody(world: Path, tmp_path: Path) -> None:
    config, file = tmp_path / "vigie.toml", tmp_path / "all.csv"
    config.write_text("[replay]\nexcluded_divisions = []\n")
    assert main(["--config", str(config), "replay", str(world), "--frozen", "--scores", str(file)]) == 0
    with file.open(newline="") as stream:
        everybody = {row["siren"] for row in csv.DictReader(stream)}
    assert everybody >= scored(world, tmp_path)


@pytest.mark.parametrize("name", ["replay", "worker"])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--departments", "1"), "Did you mean 01?"),
        (("--excluded-divisions", "44"), "no division of the NAF"),
        (("--headcount-floor", "-2"), "no number of employees"),
        (("--horizon", "0"), "cannot be predicted"),
    ],
)
def test_what_means_nothing_is_wrong_use(
    world: Path, capsys: pytest.CaptureFixture[str], name: str, arguments: tuple[str, str], message: str
) -> None:
    assert main([name, *([str(world)] if name == "replay" else []), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_model_of_another_horizon_is_refused(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "model")
    assert main(["replay", str(world), "--horizon", "4", "--model-out", file]) == 0
    assert models.decode(Path(file).read_bytes()).horizon == 4
    for arguments in (["replay", str(world)], ["worker"]):
        assert main([*arguments, "--model-in", file]) == 2
        assert "give --horizon 4" in capsys.readouterr().err
