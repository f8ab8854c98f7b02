"""What traces cost where they are asked for: events sent, and a worker that catches up, without them and with them.

    python -m benchmarks.traces --firms 1500 --months 48 --rounds 3

On the embedded servers, with a collector that takes all and keeps nothing. Prints a Markdown table of CPU seconds, the
least of the rounds.
"""

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks import live
from deploy.embedded import start_kafka, start_valkey
from streams.simulate import World, simulate
from vigie.tracing import tracing


def main() -> None:
    """Simulate, measure in turns, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.traces", description=__doc__)
    parser.add_argument("--firms", type=int, default=1_500)
    parser.add_argument("--months", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    taken: dict[tuple[str, bool], list[float]] = {}
    with tempfile.TemporaryDirectory() as name, _collector() as url:
        simulate(Path(name), World(firms=options.firms, months=options.months), 1)
        for round_ in range(options.rounds):
            for traced in (False, True) if round_ % 2 else (True, False):
                with start_kafka() as kafka, start_valkey() as valkey:
                    live.create_topics(kafka.bootstrap)
                    address = url if traced else None
                    with tracing(address, "benchmark") as traces:
                        events = live.prebuilt(Path(name), 200_000)
                        began = time.process_time()
                        live.send(events, kafka.bootstrap, traces)
                        taken.setdefault(("200 000 events sent", traced), []).append(time.process_time() - began)
                        sent = live.ingest_all(Path(name), kafka.bootstrap, traces)
                    os.environ.pop("VIGIE_TRACES_TO", None)
                    if address is not None:
                        os.environ["VIGIE_TRACES_TO"] = address
                    result = live.catch_up("worker", kafka.bootstrap, valkey.url, "scorer,dispatcher")
                    taken.setdefault((f"a worker on {sent} events, launch included", traced), []).append(
                        result.cpu_seconds
                    )
    print("| CPU seconds | without | with traces |\n|---|---|---|")
    for what in dict.fromkeys(what for what, _ in taken):
        print(f"| {what} | {min(taken[what, False]):.2f} | {min(taken[what, True]):.2f} |")


@contextmanager
def _collector() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/traces"
        server.shutdown()


if __name__ == "__main__":
    main()
