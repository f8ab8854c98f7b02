"""`vigie evaluate` over a small world that was replayed for real."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import polars as pl
import pytest

from detectors.evaluation.measures import NAMES
from detectors.evaluation.report import Evaluation
from tests.test_imports import BLOCK
from vigie.__main__ import main
from vigie.evaluation_page import page

HORIZON = "6"
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    simulated = ["simulate", str(folder / "files"), "--firms", "150", "--months", "30", "--seed", "2"]
    assert main([*simulated, "--failures", "0.1", "--moratorium", "none"]) == 0
    outputs = ["--scores", str(folder / "scores.csv"), "--alerts", str(folder / "alerts.ndjson")]
    assert main(["replay", str(folder / "files"), "--horizon", HORIZON, *outputs]) == 0
    return folder


def evaluate(world: Path, *arguments: str) -> int:
    return main(
        [
            *("evaluate", str(world / "files"), "--scores", str(world / "scores.csv"), "--horizon", HORIZON),
            *("--bootstrap", "20", *arguments),
        ]
    )


@pytest.fixture(scope="module")
def found(world: Path) -> Any:
    """The JSON of everything."""
    output = world / "evaluation.json"
    arguments = ("--alerts", str(world / "alerts.ndjson"), "--references", "--format", "json", "--output", str(output))
    assert evaluate(world, *arguments) == 0
    return json.loads(output.read_bytes())


def test_json_has_everything_under_stable_names(found: Any) -> None:
    assert found["schema"] == "vigie-evaluation/1"
    assert (found["horizon"], found["until"], found["until_from"]) == (6, "2020-06", "data")
    assert (found["first_month"], found["last_month"]) == ("2018-01", "2019-12")
    counts = found["firm_months"]
    assert counts["scored"] == counts["judged"] + counts["pending"]
    assert tuple(found["overall"]) == NAMES
    assert set(found["baselines"]) == {"base_rate", "debt_to_contribution", "any_debt"}
    assert set(found["leads"]) == {"moderate", "strong", "alerts"}
    figure = found["overall"]["average_precision"]
    assert 0 <= figure["low"] <= figure["value"] <= figure["high"] <= 1
    assert len(found["by_month"]) == 24
    for groups in ("by_month", "by_half_year", "by_sector", "by_size", "by_region"):
        assert sum(group["firm_months"] for group in found[groups]) == counts["judged"]
        assert sum(group["positives"] for group in found[groups]) > 0
    assert found["alerts_per_week"] > 0


def test_the_published_schema_is_that_of_the_json(found: Any) -> None:
    schema = json.loads((ROOT / "docs" / "schema" / "evaluation.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(found)
    assert set(schema["$defs"]["Evaluation"]["properties"]) == set(found)


def test_references_stand_beside(found: Any) -> None:
    beside = found["references"]
    assert [reference["name"] for reference in beside["references"]] == [
        f"{model}, {features} features" for features in ("usual", "own") for model in ("forest", "boosting")
    ]
    assert (beside["first_month"], beside["last_month"]) == ("2019-01", "2019-12")
    for reference in beside["references"]:
        assert reference["figures"]["auroc"]["value"] > 0.5
        assert reference["ratios"]["average_precision"]["low"] is not None


def test_it_is_better_than_dummies_on_an_easy_world(found: Any) -> None:
    ours = found["overall"]["average_precision"]["value"]
    assert ours > 2 * found["baselines"]["base_rate"]["average_precision"]["value"]


def test_the_table_says_what_the_json_says(world: Path, found: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(world, "--bootstrap", "0") == 0
    out, err = capsys.readouterr()
    assert f"{found['firm_months']['pending']} pending" in out
    value = found["overall"]["average_precision"]["value"]
    assert re.search(rf"\| average precision +\| +{value:.3f} \|", out)
    titles = re.findall(r"^## (.+)$", out, re.MULTILINE)
    assert titles[:3] == ["Overall", "Lead time", "Calibration"]
    for block in out.split("\n\n")[2::2]:
        assert len({line.count("|") for line in block.strip().splitlines()}) == 1
    assert "Traceback" not in err


def test_the_same_files_give_the_same_bytes(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outputs = []
    for _ in range(2):
        assert evaluate(world, "--format", "json") == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]


class Page(HTMLParser):
    """What a page is made of; whatever it would fetch; whether its elements close in order."""

    VOID = frozenset({"meta", "br", "hr", "img", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.fetched: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = dict(attrs)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.fetched += [v for n, v in values.items() if n in ("src", "href", "xlink:href") and v and v[0] != "#"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def checked(text: str, plots: int) -> Page:
    page = Page()
    page.feed(text)
    assert page.open == []
    assert page.fetched == []
    assert {"script", "link", "img"} & set(page.tags) == set()
    assert page.tags.count("svg") == page.tags.count("details") == plots
    assert len(re.findall(r'<svg role="img" aria-label="[^"]+"', text)) == plots
    assert len(page.ids) == len(set(page.ids)) > 20
    assert page.tags.count("caption") == page.tags.count("table") > 8
    return page


def test_the_page_needs_nothing_and_each_plot_has_its_table(world: Path, tmp_path: Path) -> None:
    output = tmp_path / "page.html"
    assert evaluate(world, "--format", "html", "--output", str(output)) == 0
    checked(output.read_text(encoding="utf-8"), 5)


def test_with_references_it_has_their_plot_and_tables(found: Any) -> None:
    evaluation = msgspec.convert(found, Evaluation)
    odd = replace(evaluation.by_sector[0], name='<script>"&')
    text = page(replace(evaluation, by_sector=(odd,)))
    checked(text, 6)
    assert "&lt;script&gt;&quot;&amp;" in text
    for reference in found["references"]["references"]:
        assert reference["name"] in text


def scrambled(files: Path) -> None:
    """Give the partners' files another course of debts, partial unemployment and headcounts from 2020 on."""
    debits = files / "debit.csv"
    lines = [line.split(";") for line in debits.read_text(encoding="utf-8").splitlines()]
    amount, treated = lines[0].index("Mt_PP"), lines[0].index("Dt_trt_ecn")
    for i, cells in enumerate(lines):
        if len(cells) > amount and cells[treated].isdigit() and int(cells[treated]) > 1200101:
            cells[amount] = str(i * 7919 % 90_000_000)
    debits.write_text("".join(";".join(cells) + "\n" for cells in lines), encoding="utf-8")
    for name, column in (("apconso.csv", "MOIS"), ("apdemande.csv", "DATE_STATUT")):
        table = pl.read_csv(files / name, infer_schema=False, truncate_ragged_lines=True)
        table.filter(pl.col(column) < "2020-01-02").write_csv(files / name)
    heads = pl.read_csv(files / "effectif_ent.csv", separator=";", infer_schema=False)
    heads.drop(c for c in heads.columns if c.startswith("eff2020")).write_csv(files / "effectif_ent.csv", separator=";")


def test_later_events_change_no_earlier_figure(world: Path, found: Any, tmp_path: Path) -> None:
    """Only proceedings of the future may count, as answers: whatever else it brings changes no figure before it."""
    shutil.copytree(world / "files", tmp_path / "files")
    scrambled(tmp_path / "files")
    scores = tmp_path / "scores.csv"
    assert main(["replay", str(tmp_path / "files"), "--horizon", HORIZON, "--scores", str(scores)]) == 0
    assert scores.read_bytes() != (world / "scores.csv").read_bytes()
    output = tmp_path / "evaluation.json"
    # References too: they must not have seen what came later either.
    assert evaluate(tmp_path, "--format", "json", "--references", "--output", str(output)) == 0
    other = json.loads(output.read_bytes())
    assert other["last_month"] == found["last_month"] == "2019-12"
    assert other["by_month"] == found["by_month"]
    assert other["overall"] == found["overall"]
    assert _half_years(other) == _half_years(found)


def _half_years(evaluation: Any) -> list[dict[str, float]]:
    return [reference["by_half_year"] for reference in evaluation["references"]["references"]]


def test_until_judges_as_if_the_data_ended_there(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(world, "--until", "2019-06", "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["until"], found["until_from"], found["last_month"]) == ("2019-06", "option", "2018-12")


def test_parquet_is_taken_too(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parquet = tmp_path / "scores.parquet"
    pl.read_csv(world / "scores.csv", infer_schema=False).write_parquet(parquet)
    outputs = []
    for scores in (world / "scores.csv", parquet):
        arguments = ["evaluate", str(world / "files"), "--scores", str(scores), "--horizon", HORIZON]
        assert main([*arguments, "--format", "json", "--bootstrap", "0"]) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--until", "2030-01"], "lies after the data, which reach to 2020-06"),
        (["--until", "2018-02"], "no score has its answer yet"),
        (["--horizon", "60"], "no score has its answer yet"),
        (["--at-precision", "2"], "--at-precision"),
        (["--top", "0"], "--top"),
        (["--output", "/nowhere/at/all"], "/nowhere/at/all cannot be written"),
        (["--scores", "none.csv"], "none.csv cannot be read"),
        (["--alerts", "none.ndjson"], "none.ndjson cannot be read"),
        (["--format", "pdf"], "pdf"),
    ],
)
def test_wrong_use(world: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert evaluate(world, *arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


def test_files_without_events(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    assert main(["evaluate", str(tmp_path), "--scores", str(world / "scores.csv")]) == 2
    assert "partner file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "package"),
    [(["--references"], "sklearn"), (["--format", "html"], "matplotlib")],
)
def test_a_missing_package_is_named_before_the_work(world: Path, arguments: list[str], package: str) -> None:
    command = ["evaluate", str(world / "files"), "--scores", "none.csv", *arguments]
    code = f"from vigie.__main__ import main\nassert main({command!r}) == 1"
    blocked = BLOCK.format(blocked=("sklearn", "matplotlib"))
    done = subprocess.run([sys.executable, "-c", blocked + code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stderr.strip().endswith(
        f"this command needs the package {package}, which is not installed: pip install 'vigie[evaluation]'"
    )


def test_the_tables_do_without_those_packages(world: Path) -> None:
    command = ["evaluate", str(world / "files"), "--scores", str(world / "scores.csv"), "--horizon", HORIZON]
    code = f"from vigie.__main__ import main\nassert main({[*command, '--bootstrap', '0']!r}) == 0"
    blocked = BLOCK.format(blocked=("sklearn", "matplotlib"))
    done = subprocess.run([sys.executable, "-c", blocked + code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "## Overall" in done.stdout
