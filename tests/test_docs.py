"""The documents say what is true."""

import re
import shlex
from pathlib import Path

import click
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from alerts.console.metrics import ConsoleMetrics
from alerts.metrics import AlertMetrics
from streams.metrics import StreamMetrics
from tests.vigie.parsing import parse

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def test_every_metric_is_documented_as_it_is_and_no_other() -> None:
    registry = CollectorRegistry()
    StreamMetrics(registry)
    AlertMetrics(registry)
    ConsoleMetrics(registry)
    exported = {
        metric._name + ("_total" if metric._type == "counter" else ""): (metric._type, metric._labelnames)
        for metric in registry._collector_to_names
        if isinstance(metric, MetricWrapperBase)
    }
    page = (ROOT / "docs/reference/metrics.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (vigie_\w+) \| (\w+) \|([^|]*)\| [^|]+\|$", page, re.MULTILINE)
    assert len(rows) == page.count("\n| vigie_")
    bounded = {name: re.findall(r"(\w+) \((?:\d+|P)\)", labels) for name, _, labels in rows}
    assert {name: (kind, tuple(bounded[name])) for name, kind, _ in rows} == exported


def test_links_between_documents_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert len(pages) > 10
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_readme_begins_with_the_two_commands() -> None:
    screen = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:30]
    assert [line.split()[1] for line in screen if line.startswith("make ")] == ["demo", "test"]


def commands() -> list[tuple[str, list[str]]]:
    """Every command line of Vigie in the guides and runbooks, with its page: what a shell would give it."""
    found = []
    for page in [*(ROOT / "docs/how-to").glob("*.md"), *(ROOT / "docs/runbooks").glob("*.md")]:
        for block in re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            lines = [part for line in block.splitlines() for part in re.split(r" && | \| | > ", line.split("  #")[0])]
            found += [(page.stem, shlex.split(line)[1:]) for line in lines if line.startswith("vigie ")]
    return found


def test_every_command_in_the_guides_is_one() -> None:
    lines = commands()
    assert len(lines) > 60
    for page, arguments in lines:
        try:
            parse(arguments)
        except click.exceptions.Exit:  # of --help
            continue
        except click.ClickException as error:
            pytest.fail(f"{page}: vigie {shlex.join(arguments)}: {error}")


def test_each_procedure_of_operators_has_a_test_that_does_it() -> None:
    """A row's commands stand in the procedure's section, and in the file of a test that is there."""
    page = (ROOT / "docs/how-to/operate.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (.+)\n((?:(?!^## ).*\n?)*)", page, re.MULTILINE))
    table = sections.pop("What is tested")
    rows = re.findall(r"^\| ([A-Z][^|]+) \| (`[^|]+) \| (`[^|]+) \|$", table, re.MULTILINE)
    assert len(rows) == table.count("\n| ") - 1
    assert [*dict.fromkeys(name for name, _, _ in rows)] == [*sections]
    for name, commands, tests in rows:
        paths = [path.partition("::") for path in re.findall(r"`([^`]+)`", tests)]
        sources = [(ROOT / path).read_text(encoding="utf-8") for path, _, _ in paths]
        for source, (path, _, function) in zip(sources, paths, strict=True):
            assert not function or f"def {function}(" in source, f"{name}: no {function} in {path}"
        for command in re.findall(r"`([^`]+)`", commands):
            assert f"vigie {command.split(' --')[0]}" in sections[name], f"{name}: vigie {command}"
            words = [word.lstrip("-") for word in command.split()]
            missing = [word for word in words if not any(re.search(rf"\b{word}\b", source) for source in sources)]
            assert missing == [], f"{name}: nothing in {tests} does {command}"
