"""Pictures of the web pages, for the documents.

    python -m benchmarks.screenshots docs/images

An embedded server with the alerts of a simulated world, the console in this process, a Chromium that is installed
(`benchmarks/chromium.py` says which). Always the same world; the days on which agents acted are those of the run.
"""

import argparse
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import redis
import uvicorn
from playwright.sync_api import Browser, Locator, Page, ViewportSize
from prometheus_client import CollectorRegistry

from alerts.actions import Actor, Follow, Note, Take
from alerts.alert import Alert, encode
from alerts.cases import Case
from alerts.connect import connect
from alerts.console.app import Settings, application
from alerts.console.sessions import Sessions
from alerts.desk import Desk
from alerts.holds import HOLDS
from alerts.listing import Query
from alerts.metrics import AlertMetrics
from alerts.notices import NoticeOptions
from alerts.publish import publish
from alerts.routing import QUEUES
from alerts.scope import Person
from benchmarks.chromium import MISSING, chromium, executable
from benchmarks.files import FAR
from benchmarks.nowhere import Nowhere
from deploy.embedded import start_valkey
from streams import ingest
from streams.replay import Replay, ReplayOptions
from streams.report import Report
from streams.simulate import World, simulate

AGENT = Person("a.martin", QUEUES, acts=True)
WORLD, SEED = World(firms=400, months=36), 1
WIDE, PHONE = (1200, 860), (390, 780)


def main() -> None:
    """Fill, serve, take the pictures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    program = executable(os.environ)
    if program is None:
        sys.exit(MISSING)
    folder.mkdir(parents=True, exist_ok=True)
    with start_valkey() as server, connect(server.url, 60) as client:
        case = filled(client)
        with serving(client) as home, chromium(program) as browser:
            pictures(browser, home, f"/firms/{case.department}/{case.siren}", folder)


def filled(client: redis.Redis) -> Case:
    """Publish the alerts of the world, have an agent follow the firm with most of them, and give its case."""
    kept = _Kept()
    with tempfile.TemporaryDirectory() as folder:
        simulate(Path(folder), WORLD, SEED)
        replay = Replay(ReplayOptions(), kept, datetime.now(UTC) - timedelta(hours=1))
        replay.run(ingest.frames([Path(folder)], Report(), today=FAR))
    metrics = AlertMetrics(CollectorRegistry())
    batch = [encode(alert) for alert in kept.alerts]
    publish(client, batch, where="here", metrics=metrics, clock=time.time, notices=NoticeOptions())
    desk = Desk(client, where="here")
    case = max(
        desk.listed(Query(let_through=HOLDS)).cases, key=lambda one: (one.alerts, one.debt_euros or 0, one.siren)
    )
    agent = Actor(AGENT.name)
    for action in (
        Take(),
        Follow("detection", "Dirigeante jointe : attend la décision de sa banque."),
        Note("Relance."),
    ):
        desk.act(case.department, case.siren, action, agent)
    return case


class _Kept(Nowhere):
    """Keeps the alerts of a replay."""

    def __init__(self) -> None:
        self.alerts: list[Alert] = []

    def alert(self, alert: Alert) -> None:
        self.alerts.append(alert)


@contextmanager
def serving(client: redis.Redis) -> Iterator[str]:
    """The console's address; everybody may log in as the agent."""
    sessions = Sessions(client, time.time, where="here", idle_seconds=1800, longest_seconds=28_800)
    settings = Settings(client, "here", {AGENT.name: AGENT}, "fr", sessions, lambda: iter([1.0] * 99), block_ms=1000)
    server = uvicorn.Server(uvicorn.Config(application(settings), log_config=None))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def pictures(browser: Browser, home: str, firm: str, folder: Path) -> None:
    """The list and the firm's page on a screen, the list on a phone."""
    with browser.new_context(base_url=home, locale="fr", viewport=_size(WIDE)) as context:
        page = context.new_page()
        page.goto("/login")
        page.click("main button")
        page.goto("/?let=known&let=proceeding&let=schedule&let=recent")
        _take(page, folder / "console-list.png")
        page.goto(firm)
        _take(page, folder / "console-firm.png")
        _take(page.locator("section[aria-labelledby=timeline]"), folder / "console-timeline.png")
        page.set_viewport_size(_size(PHONE))
        page.goto("/?let=known&let=proceeding&let=schedule&let=recent")
        page.locator("#list").evaluate("list => list.scrollIntoView()")
        _take(page, folder / "console-phone.png")


def _size(pixels: tuple[int, int]) -> ViewportSize:
    return {"width": pixels[0], "height": pixels[1]}


def _take(of: Page | Locator, file: Path) -> None:
    of.screenshot(path=file)
    print(f"{file}: {file.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
