"""How fast the console's pages are over HTTP, with many open cases in one department.

    python -m benchmarks.console --cases 10000

On an embedded server; the console in this process, asked over a real connection. Prints a Markdown table.
"""

import argparse
import http.client
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn
from prometheus_client import CollectorRegistry

from alerts.connect import connect
from alerts.console.app import COOKIE, Settings, application
from alerts.console.people import Person
from alerts.console.sessions import Sessions
from alerts.metrics import AlertMetrics
from alerts.notices import NoticeOptions
from alerts.publish import publish
from benchmarks.inbox import BATCH, batch, times
from deploy.embedded import start_valkey

PAGES = (
    ("the list", "/"),
    ("the list, filtered", "/?tier=strong&sector=C&order=name"),
    ("a search by name", "/?q=dumont"),
    ("a search by SIREN", "/?q=000000007"),
    ("a firm's page", "/firms/21/000000007"),
)


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.console", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=40)
    options = parser.parse_args()
    metrics = AlertMetrics(CollectorRegistry())
    with (
        start_valkey() as server,
        connect(server.url, 60) as client,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        for start in range(0, options.cases, BATCH):
            alerts = batch(start, min(BATCH, options.cases - start), options.cases)
            publish(client, alerts, where="here", metrics=metrics, clock=time.time, notices=NoticeOptions())
        person = Person("a.martin", ("21",), acts=True)
        sessions = Sessions(client, time.time, where="here", idle_seconds=1800, longest_seconds=28_800)
        settings = Settings(client, "here", {person.name: person}, "fr", sessions, _waits, block_ms=1000)
        console = uvicorn.Server(uvicorn.Config(application(settings), log_config=None))
        serving = threading.Thread(target=console.run, args=([listener],))
        serving.start()
        cookie = {"Cookie": f"{COOKIE}={sessions.begin(person).id}"}
        connection = http.client.HTTPConnection(*listener.getsockname())
        print(f"{options.cases} open cases\n\n| | median ms | 95th percentile ms | CPU ms |\n|---|---|---|---|")
        for name, path in PAGES:

            def ask(_: int, path: str = path) -> None:
                connection.request("GET", path, headers=cookie)
                answer = connection.getresponse()
                if answer.status != http.client.OK:
                    raise RuntimeError(answer.read().decode())
                answer.read()

            began = time.process_time()
            taken = times(ask, options.runs)
            print(f"| {name} | {taken} | {(time.process_time() - began) / options.runs * 1000:.1f} |")
        console.should_exit = True
        serving.join()


def _waits() -> Iterator[float]:
    while True:
        yield 1.0


if __name__ == "__main__":
    main()
