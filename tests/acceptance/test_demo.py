"""The demo, as somebody runs it: alerts, a summary, and nothing left behind however it ends."""

import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from tests.acceptance.harness import until
from tests.alerts.console.site import hidden, sirens
from tests.processes import started

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 240
SMALL = ("--firms", "80", "--months", "14", "--rate", "4000")
MARK = "VIGIE_TEST_DEMO"


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """The demo as a process group of its own, like a terminal's; its processes carry a mark, its files lie in
    `folder`.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VIGIE_")}
    return started(
        [sys.executable, "-m", "vigie", "demo", *SMALL, *arguments],
        cwd=ROOT,
        env=environment | {MARK: str(folder), "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def processes(folder: Path) -> list[str]:
    """The command lines of the processes that were started for this demo, by the server's data or by the mark."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            mark = f"{MARK}={folder}".encode() in (entry / "environ").read_bytes().split(b"\0")
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            here = str(folder) in str((entry / "cwd").readlink())
        except OSError:
            continue
        if entry.name.isdecimal() and line and (mark or here):
            found.append(line)
    return found


def left(folder: Path) -> list[str]:
    """What is left of a demo: processes, and temporary folders of its own."""
    return processes(folder) + [entry.name for entry in folder.iterdir() if entry.name.startswith("vigie-")]


def processor_seconds() -> float:
    """What the processes that this one has seen end, and those below them, have taken of a core."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_alerts_then_a_summary(tmp_path: Path) -> None:
    before = processor_seconds()
    demo = start(tmp_path, "--keep")
    assert demo.stdout is not None
    lines = []
    # Somebody looks on: the pages stay until they leave.
    for line in demo.stdout:
        lines.append(line)
        if line.startswith("status "):
            break
    output = "".join(lines)
    firms = listed(re.findall(r"^console  (http://127.0.0.1:\d+)$", output, re.MULTILINE)[0])
    os.killpg(demo.pid, signal.SIGINT)
    _, notes = demo.communicate(timeout=PATIENCE_SECONDS)
    used = processor_seconds() - before
    assert demo.returncode == 130, notes
    assert "console on http://127.0.0.1:" in notes
    assert len(firms) > 1, "the console opens with data in it"
    assert "Risque " in output
    assert "  • " in output
    events, alerts = map(int, re.findall(r"^(\d+) events sent in .*, (\d+) alerts:$", output, re.MULTILINE)[0])
    assert events > 1_000
    assert alerts > 5
    assert sum(map(int, re.findall(r"^ +(\d+)  \w+ \(\w+\)$", output, re.MULTILINE))) == alerts
    # The first alert comes within a minute: of one core, for other tests may have the others.
    assert float(re.findall(r"^first alert ([\d.]+) s after the start$", output, re.MULTILINE)[0]) > 0
    assert 0 < used < 60
    assert re.search(
        rf"^event sent to alert in Redis: p50 \d+ ms, p95 \d+ ms, p99 \d+ ms \({alerts} alerts\)$", output, re.M
    )
    assert left(tmp_path) == []


def listed(console: str) -> list[str]:
    """The firms that somebody sees who opens the console's address and logs in."""
    browser = build_opener(HTTPCookieProcessor())
    with browser.open(f"{console}/login", timeout=30) as page:
        form = {"csrf": hidden(page.read().decode(), "csrf"), "person": "agent"}
    with browser.open(f"{console}/login", urlencode(form).encode(), timeout=30) as page:
        return sirens(page.read().decode())


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_whatever_ends_it_leaves_nothing(tmp_path: Path, ending: signal.Signals) -> None:
    demo = start(tmp_path, "--keep")
    assert demo.stdout is not None
    assert demo.stdout.readline(), "the demo ended before its first alert"
    assert len(processes(tmp_path)) > 3, "Kafka, Valkey and the worker should be there"
    # Ctrl-C goes to every process of the terminal's foreground group.
    os.killpg(demo.pid, ending)
    demo.communicate(timeout=PATIENCE_SECONDS)
    assert demo.returncode == (130 if ending == signal.SIGINT else -ending)
    until(lambda: left(tmp_path) == [], "the demo's processes and folders to go", 30)
