"""The console over real cases: who may log in, what was published, and a browser for each person."""

import html
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import redis
import uvicorn
from starlette.applications import Starlette
from starlette.testclient import TestClient

from alerts.alert import Alert, encode
from alerts.console.app import Settings, application
from alerts.console.serving import Server
from alerts.console.sessions import Sessions
from alerts.desk import Desk
from alerts.metrics import AlertMetrics
from alerts.notices import NoticeOptions
from alerts.publish import publish
from alerts.routing import QUEUES
from alerts.scope import Person
from tests.alerts.making import NOW

HOME = "http://127.0.0.1"
PEOPLE = {
    person.name: person
    for person in (
        Person("a.martin", ("21",), True),
        Person("b.durand", ("21", "71"), True),
        Person("c.reader", ("21",), False),
        Person("d.all", QUEUES, True),
        Person("e.masked", ("21",), True, frozenset()),
        Person("s.chief", ("21",), True, supervises=True),
    )
}


class Clock:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def settings(client: redis.Redis, clock: Clock | None = None, **changes: Any) -> Settings:
    clock = clock or Clock()
    sessions = Sessions(client, clock, where="here", idle_seconds=1800, longest_seconds=8 * 3600)
    made = Settings(
        client=client,
        where="here",
        people=PEOPLE,
        language="fr",
        sessions=sessions,
        waits=lambda: iter([0.01] * 1000),
        block_ms=50,
        clock=lambda: NOW,
    )
    return made._replace(**changes)


def put(client: redis.Redis, metrics: AlertMetrics, *alerts: Alert) -> None:
    """Publish, at the moment of the last alert."""
    moment = alerts[-1].raised_at.timestamp()
    publish(
        client,
        [encode(alert) for alert in alerts],
        where="here",
        metrics=metrics,
        clock=lambda: moment,
        notices=NoticeOptions(),
    )


def desk(client: redis.Redis, now: datetime = NOW) -> Desk:
    return Desk(client, where="here", clock=lambda: now)


@contextmanager
def listening(settings: Settings, port: int = 0) -> Iterator[int]:
    """A real server of the application; its port."""
    server = Server(uvicorn.Config(application(settings), log_config=None))
    with socket.create_server(("127.0.0.1", port)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


class Browser:
    """Somebody's browser: it keeps cookies, and sends a form with what stands hidden in it."""

    def __init__(self, app: Starlette, **headers: str) -> None:
        self.http = TestClient(app, base_url=HOME, headers=headers, follow_redirects=False)

    def log_in(self, name: str) -> "Browser":
        page = self.http.get("/login")
        done = self.http.post("/login", data={"csrf": hidden(page.text, "csrf"), "person": name})
        assert (done.status_code, done.headers["location"]) == (303, "/"), done.text
        return self

    def get(self, path: str) -> Any:
        return self.http.get(path)

    def send(self, page: str, action: str, **fields: str) -> Any:
        """Send a form of a firm's page that was shown earlier."""
        shown = {name: hidden(page, name) for name in ("csrf", "seen")}
        place = re.search(r'action="(/firms/[^/]+/\d+)/note"', page)
        assert place, page
        return self.http.post(f"{place[1]}/{action}", data=shown | fields)


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)">', page)
    assert found, f"no field {name}: {page[:2000]}"
    return html.unescape(found[1])


def sirens(page: str) -> list[str]:
    """The firms of a list, in its order."""
    return re.findall(r'<th scope="row"><a href="/firms/[^/]+/(\d{9})">', page)
