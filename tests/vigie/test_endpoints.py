import urllib.error
import urllib.request
from collections.abc import Iterator

import msgspec
import pytest
from prometheus_client import CollectorRegistry, Gauge

from streams.health import Health
from vigie.endpoints import serve

WELL = Health(ready=True, model_version="m1")


class Served:
    """A port, and the health told there."""

    health = WELL

    def __init__(self) -> None:
        registry = CollectorRegistry()
        Gauge("vigie_of_this_test", "A metric.", registry=registry).set(7)
        self.server = serve("127.0.0.1", 0, registry, lambda: self.health)

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.server.server_port}{path}", timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()
    yield served
    served.server.shutdown()
    served.server.server_close()


def test_all_is_well(served: Served) -> None:
    assert served.get("/live") == (200, "live\n")
    assert served.get("/ready") == (200, "ready\n")
    status, body = served.get("/health")
    assert (status, msgspec.json.decode(body, type=Health)) == (200, WELL)
    status, body = served.get("/metrics")
    assert status == 200
    assert "vigie_of_this_test 7.0" in body


def test_live_and_not_ready(served: Served) -> None:
    served.health = Health(problems=["the scorer is joining"])
    assert served.get("/live")[0] == 200
    assert served.get("/ready") == (503, "not ready\nthe scorer is joining\n")
    assert served.get("/health")[0] == 503


def test_neither(served: Served) -> None:
    served.health = Health(live=False, problems=["the event loop has been silent for 300 s"])
    for path in ("/live", "/ready", "/health"):
        status, body = served.get(path)
        assert status == 503
        assert "silent" in body
