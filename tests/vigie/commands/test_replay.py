import csv
import json
import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from detectors import models
from vigie.__main__ import main

LINE = re.compile(r"\d{9},\d{4}-\d{2},(0\.\d+|\d\.\d+e-\d+),(none|moderate|strong),[^,]+")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    assert main(["simulate", str(folder), "--firms", "80", "--months", "26", "--seed", "6"]) == 0
    return folder


def replay(*arguments: str | Path) -> int:
    return main(["replay", *map(str, arguments)])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def ids(path: Path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_text().splitlines()]


def test_scores_are_a_line_a_firm_and_month(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scores = tmp_path / "scores.csv"
    assert replay(world, "--scores", scores) == 0
    out, err = capsys.readouterr()
    assert out == ""
    header, *lines = scores.read_text().splitlines()
    assert header == "siren,month,probability,tier,model_version"
    assert all(LINE.fullmatch(line) for line in lines)
    assert f"{len(lines)} scores" in err
    found = rows(scores)
    assert max(Counter((row["siren"], row["month"]) for row in found).values()) == 1
    assert [row["month"] for row in found] == sorted(row["month"] for row in found)
    assert all(0 < float(row["probability"]) < 1 for row in found)
    assert {row["tier"] for row in found} == {"none", "moderate", "strong"}
    assert len({row["model_version"] for row in found}) > 3


def test_until_ends_with_that_month_complete(world: Path, tmp_path: Path) -> None:
    part, whole = tmp_path / "part.csv", tmp_path / "whole.csv"
    assert replay(world, "--scores", whole, "--alerts", tmp_path / "whole") == 0
    assert replay(world, "--scores", part, "--alerts", tmp_path / "part", "--until", "2019-06") == 0
    expected = [row for row in rows(whole) if row["month"] <= "2019-06"]
    assert rows(part) == expected
    assert expected[-1]["month"] == "2019-06"
    assert 0 < len(ids(tmp_path / "part")) < len(ids(tmp_path / "whole"))
    assert ids(tmp_path / "whole")[: len(ids(tmp_path / "part"))] == ids(tmp_path / "part")


def test_frozen_scores_with_the_model_given_alone(world: Path, tmp_path: Path) -> None:
    model, scores, again = tmp_path / "model.json", tmp_path / "scores.csv", tmp_path / "again.json"
    assert replay(world, "--model-out", model) == 0
    assert replay(world, "--frozen", "--model-in", model, "--scores", scores, "--model-out", again) == 0
    version = models.decode(model.read_bytes()).version
    assert {row["model_version"] for row in rows(scores)} == {version}
    assert again.read_bytes() == model.read_bytes()


def test_it_goes_on_from_a_model(world: Path, tmp_path: Path) -> None:
    half, whole, continued = (tmp_path / name for name in ("half", "whole", "continued"))
    assert replay(world, "--model-out", whole) == 0
    assert replay(world, "--model-out", half, "--until", "2019-10") == 0
    assert replay(world, "--model-in", half, "--model-out", continued) == 0
    assert models.decode(half.read_bytes()).version.startswith("2019-10-")
    # What they say is the same; the firms that wait were scored once more, with the model that was given.
    part, full, again = (models.decode(file.read_bytes()) for file in (half, whole, continued))
    assert models.content(part) != models.content(full)
    assert models.content(again) == models.content(full)
    assert again.version == full.version


def test_the_same_twice_is_the_same(world: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert replay(world, "--scores", tmp_path / f"{name}.csv", "--alerts", tmp_path / name) == 0
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert ids(tmp_path / "a") == ids(tmp_path / "b")


def test_a_shorter_horizon_answers_sooner(world: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.json"
    assert replay(world, "--horizon", "6", "--until", "2018-12", "--model-out", model) == 0
    assert models.decode(model.read_bytes()).version.startswith("2018-12-")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        (b"", "not a model"),
        (b'{"format":1,"version":"2018-01-abc"}', "a model of format 1"),
        (b"\xff", "not a model"),
    ],
)
def test_a_model_that_cannot_be_used(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, message: str
) -> None:
    file, scores = tmp_path / "model.json", tmp_path / "scores.csv"
    if content is not None:
        file.write_bytes(content)
    assert replay(world, "--model-in", file, "--scores", scores) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "--model-out" in err
    assert not scores.exists()


def test_a_model_of_other_features(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "model.json"
    assert replay(world, "--until", "2018-02", "--model-out", file) == 0
    model = models.decode(file.read_bytes())
    file.write_bytes(models.encode(msgspec.structs.replace(model, features=("x",))))
    capsys.readouterr()
    assert replay(world, "--model-in", file) == 2
    assert "other features" in capsys.readouterr().err


@pytest.mark.parametrize(("option", "status"), [("--scores", 2), ("--alerts", 2), ("--rejects", 2), ("--model-out", 1)])
def test_an_output_that_cannot_be_written(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, status: int
) -> None:
    assert replay(world, "--until", "2018-02", option, tmp_path / "none" / "file") == status
    err = capsys.readouterr().err
    assert "none/file" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("arguments", [[], ["nowhere"], [".", "--until", "2018-13"], [".", "--horizon", "0"]])
def test_wrong_use(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert replay(*arguments) == 2
    assert capsys.readouterr().out == ""
