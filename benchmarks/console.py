"""How fast the console's pages are, with many open cases.

    python -m benchmarks.console --cases 10000                                         over HTTP
    python -m benchmarks.console --cases 10000 --browser                               in a Chromium
    python -m benchmarks.console --cases 100000 --alerts 1000000 --departments 100     with a million alerts kept

On an embedded server; the console in this process, asked over a real connection. Prints Markdown tables.
"""

import argparse
import http.client
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import msgspec
import redis
import uvicorn
from prometheus_client import CollectorRegistry

from alerts.alert import encode
from alerts.connect import connect
from alerts.console.app import COOKIE, Settings, application
from alerts.console.people import Person
from alerts.console.sessions import Sessions
from alerts.desk import Desk
from alerts.metrics import AlertMetrics
from alerts.notices import NoticeOptions
from alerts.publish import publish
from alerts.routing import QUEUES
from benchmarks.chromium import MISSING, chromium, executable
from benchmarks.inbox import ALERT, BATCH, batch, spread, times
from deploy.embedded import start_valkey

QUIET_MS = 3_000
"""Between two alerts in a browser: a list that was just shown anew waits before it asks again."""
LONG_TASKS = """window.blocked = 0;
new PerformanceObserver(list => { for (const one of list.getEntries()) window.blocked += one.duration; })
    .observe({type: "longtask", buffered: true});"""
PAGES = (
    ("the list", "/"),
    ("the list, filtered", "/?tier=strong&sector=C&order=name"),
    ("a search by name", "/?q=dumont"),
    ("a search by SIREN", "/?q=000000000"),
    ("closed cases", "/?state=closed"),
    ("a firm's page", "/firms/{queue}/000000000"),
)
OF_ALL = (
    ("the list", "/"),
    ("page 100 of the list", "/?page=100"),
    ("the whole list, nothing held back,", "/?let=known&let=proceeding&let=schedule&let=recent"),
    ("one's own", "/?mine=yes"),
    ("the list, sorted by name,", "/?order=name"),
)


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.console", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--alerts", type=int, default=0, help="how many are kept; by default one a case")
    parser.add_argument("--departments", type=int, default=1)
    parser.add_argument("--browser", action="store_true")
    parser.add_argument("--runs", type=int, default=40)
    options = parser.parse_args()
    metrics = AlertMetrics(CollectorRegistry())
    with (
        start_valkey() as server,
        connect(server.url, 60) as client,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        departments, kept = QUEUES[: options.departments], options.alerts or options.cases
        for start in range(0, kept, BATCH):
            alerts = batch(start, min(BATCH, kept - start), options.cases, departments)
            publish(client, alerts, where="here", metrics=metrics, clock=time.time, notices=NoticeOptions())
        memory: Any = client.info("memory")
        person, everybody = Person("a.martin", departments[:1], acts=True), Person("all", departments, acts=True)
        sessions = Sessions(client, time.time, where="here", idle_seconds=1800, longest_seconds=28_800)
        settings = Settings(client, "here", {person.name: person}, "fr", sessions, _waits, block_ms=1000)
        console = uvicorn.Server(uvicorn.Config(application(settings), log_config=None))
        serving = threading.Thread(target=console.run, args=([listener],))
        serving.start()
        cookie = {"Cookie": f"{COOKIE}={sessions.begin(person).id}"}
        connection = http.client.HTTPConnection(*listener.getsockname())
        print(f"{options.cases} open cases of {kept} alerts in {len(departments)} departments", end=", ")
        print(f"{memory['used_memory'] / 2**20:.0f} MiB in Redis\n")
        print("| | median ms | 95th percentile ms | CPU ms |\n|---|---|---|---|")
        of_all = {"Cookie": f"{COOKIE}={sessions.begin(everybody).id}"}

        def measure(name: str, path: str, who: dict[str, str]) -> None:
            def ask(_: int) -> None:
                connection.request("GET", path, headers=who)
                answer = connection.getresponse()
                if answer.status != http.client.OK:
                    raise RuntimeError(answer.read().decode())
                answer.read()

            began = time.process_time()
            taken = times(ask, options.runs)
            print(f"| {name} | {taken} | {(time.process_time() - began) / options.runs * 1000:.1f} |")

        if len(departments) > 1:
            measure("the list of all departments, every open case read", "/", of_all)
        # As the dispatcher does once a minute: from here on cases have numbers in the list's order.
        Desk(client, where="here").sweep(NoticeOptions(escalate_after_hours=0))
        for name, path in PAGES:
            measure(name, path.format(queue=departments[0]), cookie)
        for name, path in OF_ALL if len(departments) > 1 else ():
            measure(f"{name} of all departments", path, of_all)
        if options.browser:
            address = "http://{}:{}".format(*listener.getsockname())
            _in_a_browser(address, sessions.begin(person).id, client, metrics, options.runs)
        connection.close()
        console.should_exit = True
        serving.join()


def _in_a_browser(address: str, session: str, client: redis.Redis, metrics: AlertMetrics, runs: int) -> None:
    """The list in a Chromium: until it is shown, how long it blocks the page, until a new alert stands on it."""
    program = executable(os.environ)
    if program is None:
        sys.exit(MISSING)
    with chromium(program) as browser, browser.new_context(base_url=address) as context:
        context.add_cookies([{"name": COOKIE, "value": session, "url": address}])
        page = context.new_page()
        page.add_init_script(LONG_TASKS)
        blocked: list[float] = []

        def load(_: int) -> None:
            page.goto("/?order=newest")
            blocked.append(page.evaluate("window.blocked"))

        def alert(number: int) -> float:
            page.wait_for_timeout(QUIET_MS)
            as_of = date(2026, 3, 2) + timedelta(days=number)
            new = msgspec.structs.replace(
                ALERT, id=f"new-{number}", siren=f"{900_000_000 + number}", department=QUEUES[0], as_of=as_of
            )
            began = time.perf_counter()
            publish(client, [encode(new)], where="here", metrics=metrics, clock=time.time, notices=NoticeOptions())
            page.wait_for_selector(f"a[href$='{new.siren}']")
            return time.perf_counter() - began

        print("\n| in a browser | median ms | 95th percentile ms |\n|---|---|---|")
        print(f"| the list, until it is shown | {times(load, runs)} |")
        print(f"| a new alert, until it stands on the list | {spread([alert(number) for number in range(runs)])} |")
        print(f"\nTasks longer than 50 ms while the list is shown: {max(blocked):.0f} ms at most in a load")


def _waits() -> Iterator[float]:
    while True:
        yield 1.0


if __name__ == "__main__":
    main()
