"""Which package may import which, and what each does without."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
KAFKA = ("kafka", "aiokafka", "faust")

BLOCK = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
        return None
sys.meta_path.insert(0, Refuse())
"""


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded_by(statement: str) -> set[str]:
    """The top packages in memory after a statement."""
    out = python(f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})")
    return set(out.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("statement", "without"),
    [
        ("import vigie.__main__", {*KAFKA, "numpy", "redis", "river", "streams", "alerts"}),
        ("from vigie.__main__ import main; main(['--help'])", {*KAFKA, "numpy", "redis", "river", "streams", "alerts"}),
        ("import detectors.events", {*KAFKA, "numpy", "redis", "river"}),
        ("import vigie.commands.console", {*KAFKA, "numpy", "river", "streams"}),
        ("import alerts.alert", {*KAFKA, "numpy", "river", "streams"}),
        ("import streams.topics, streams.wire, streams.dead_letters, streams.schema", {*KAFKA, "redis", "river"}),
        ("import streams.partners", {*KAFKA, "redis", "river"}),
        # Seconds of a worker's start, and half of its memory, that only the trainer has a use for.
        ("import detectors.models", {*KAFKA, "redis", "river", "scipy", "sklearn", "pandas"}),
        ("import streams.worker, vigie.commands.worker", {"kafka", "river", "scipy", "sklearn", "pandas", "polars"}),
        ("import streams.learner_child", {*KAFKA, "redis", "river", "scipy", "sklearn", "pandas", "polars"}),
    ],
)
def test_what_an_import_does_not_bring(statement: str, without: set[str]) -> None:
    assert loaded_by(statement) & without == set()


@pytest.mark.parametrize(
    "arguments", [["alerts", "--help"], ["alerts", "list", "--help"], ["alerts", "watch", "--help"]]
)
def test_the_agents_commands_work_without_kafkas_packages(arguments: list[str]) -> None:
    code = f"from vigie.__main__ import main\nassert main({arguments!r}) == 0"
    assert "Usage: vigie alerts" in python(BLOCK.format(blocked=KAFKA) + code)


def test_without_kafkas_packages_the_others_say_what_to_install() -> None:
    code = "from vigie.__main__ import main\nassert main(['topics', 'describe']) == 1"
    done = subprocess.run(
        [sys.executable, "-c", BLOCK.format(blocked=KAFKA) + code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stderr == (
        "vigie: error: this command needs the package kafka, which is not installed: pip install 'vigie[streams]'\n"
    )


def modules(package: str) -> Iterator[Path]:
    return (ROOT / package).rglob("*.py")


def imported(path: Path) -> set[str]:
    """The top packages that a file imports anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


LOWER = {
    "detectors": {"alerts", "streams", "vigie", "deploy"},
    "alerts": {"streams", "vigie", "deploy"},
    "streams": {"vigie", "deploy"},
    "vigie": set[str](),
    "deploy": {"alerts", "streams", "vigie"},
}


@pytest.mark.parametrize("package", LOWER)
def test_imports_point_down(package: str) -> None:
    found = {path.name: imported(path) & LOWER[package] for path in modules(package)}
    assert len(found) > 1
    assert {name: upward for name, upward in found.items() if upward} == {}


IO = {"socket", "asyncio", "redis", "kafka", "aiokafka", "faust", "os", "subprocess", "threading", "time", "tempfile"}


def test_the_core_opens_nothing_and_asks_no_clock() -> None:
    assert {path.name: imported(path) & IO for path in modules("detectors") if imported(path) & IO} == {}


def test_alerts_know_no_kafka() -> None:
    assert {path.name for path in modules("alerts") if imported(path) & {*KAFKA}} == set()


@pytest.mark.parametrize("package", ["detectors", "alerts", "streams"])
def test_only_the_front_door_reads_the_environment(package: str) -> None:
    def reads(path: Path) -> bool:
        return any(
            isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        )

    assert {path.name for path in modules(package) if reads(path)} == set()
